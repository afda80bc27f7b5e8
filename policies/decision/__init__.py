"""The decision: a vote, the table that decides it, the guards that cap it, and what comes of it."""
