"""Retention: how long records are kept, and what is left of them afterwards."""
