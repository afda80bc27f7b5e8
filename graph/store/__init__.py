"""Checkpoints, the call journal's store, and the lock of a thread."""
