"""Conditions: the CEL expressions of team files: checked, evaluated, and read by their syntax tree."""
