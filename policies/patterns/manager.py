"""Manager: a lead splits the task; a worker may get several subtasks, and every one must be answered."""

from policies.patterns.assignments import assigning

PATTERN = assigning(once=False)
