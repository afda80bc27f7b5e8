"""The wire: how a chat-completions endpoint is asked, what it may send back, and what it complains of."""
