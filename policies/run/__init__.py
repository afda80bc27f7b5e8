"""A run: what it may spend, whom it asks at once, why it stops, and what it means to resume it."""
