"""A plan as a tree, with what is known of each of its steps."""

from collections.abc import Mapping, Sequence
from graphlib import TopologicalSorter
from heapq import heappop, heappush
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from graph.report.terminal.lines import short
from graph.report.terminal.visible import visible
from policies.language import say

Event = Mapping[str, Any]


class Plan:
    """The steps of a plan, each below the last one it waits for, with what is known of it."""

    def __init__(self, steps: Sequence[Event], titles: Mapping[str, str]) -> None:
        self._steps, self._titles = steps, titles
        self._order = _in_order(steps)
        self._states: dict[int, Text] = {}

    def takes(self, event: Event) -> bool:
        """Return whether the event is about a step of this plan."""
        return not event.get("within") and str(event.get("seat", "")).startswith("step_")

    def set(self, event: Event, state: Text) -> None:
        """Note what is known of a step now."""
        self._states[int(event["seat"].removeprefix("step_"))] = state

    def tree(self) -> Tree:
        """Return the plan as a tree."""
        tree = Tree(say("plan"))
        branches = {0: tree}
        for number in self._order:
            step = self._steps[number - 1]
            above = branches[max(step["dependencies"], default=0)]
            branches[number] = above.add(self._label(number, step))
        return tree

    def _label(self, number: int, step: Event) -> RenderableType:
        before = ", ".join(map(str, step["dependencies"]))
        waits = f" ({say('after {steps}', steps=before)})" if len(step["dependencies"]) > 1 else ""
        agent = self._titles.get(step["agent"], step["agent"])
        asked = say("{role}: {task}", role=f"{number} {agent}", task=short(step["task"]))
        told = visible(f"{asked}{waits}")
        state = self._states.get(number)
        if state is None:
            return told
        row = Table.grid(padding=(0, 2))
        row.add_row(told, state)
        return row


def _in_order(steps: Sequence[Event]) -> list[int]:
    """Return the numbers of the steps, each after all it waits for, else the lowest first."""
    sorter = TopologicalSorter({number: step["dependencies"] for number, step in enumerate(steps, 1)})
    sorter.prepare()
    ready, ordered = sorted(sorter.get_ready()), list[int]()
    while ready:
        ordered.append(heappop(ready))
        sorter.done(ordered[-1])
        for number in sorter.get_ready():
            heappush(ready, number)
    return ordered
