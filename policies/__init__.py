"""Decides: pure functions over frozen values, without clock, randomness, environment or I/O."""
