"""Patterns: the order in which a team is asked, as pure functions over what was said so far."""
