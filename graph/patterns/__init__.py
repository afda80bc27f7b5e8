"""Patterns for those who choose one: the guide, the estimate of a team, and the example of each."""
