"""Reports at a terminal and, as plain values, for programs."""
