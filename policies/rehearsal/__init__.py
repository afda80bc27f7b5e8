"""A course run on paper: its calls, its stages and its critical path, before anything is spent."""
