"""Reports for people, by medium: the result of a thread, and what was proved, compared or estimated."""
