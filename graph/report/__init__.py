"""The result record of a run, and its rendering for people."""
