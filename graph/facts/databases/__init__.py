"""Databases that facts can be read from."""
