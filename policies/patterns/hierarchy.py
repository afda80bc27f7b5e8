"""Hierarchy: a lead splits the task between teams, one subtask each; one without an answer is reported missing."""

from policies.patterns.assignments import assigning

PATTERN = assigning(once=True)
