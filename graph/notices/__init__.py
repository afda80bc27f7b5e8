"""Notices: people learn that they are asked, that a deadline nears, and what was decided."""
