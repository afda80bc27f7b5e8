"""Messages between agents: what one is, and which may be posted."""
