"""The seam for who speaks: one voice a file."""
