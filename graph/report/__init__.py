"""Reports for people, by medium: what a thread came to, and what was proved, compared or estimated."""
