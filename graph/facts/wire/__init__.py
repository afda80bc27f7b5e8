"""The way to a host that facts come from: where it may be, one connection to it, and an answer within bounds."""
