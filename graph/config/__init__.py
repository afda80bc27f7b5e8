"""`accord.toml`: what it may say, how it is read, and what is said of a mistake in it."""
