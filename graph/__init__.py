"""Wires and runs: graphs, configuration, persistence and entry points."""
