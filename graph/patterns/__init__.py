"""Patterns for those who choose one: the guide, and the estimate of a team."""
