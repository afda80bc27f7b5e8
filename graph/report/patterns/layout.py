"""The layout of a plan as a graph: the waves from left to right, long ones in several columns, so that it stays low."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Any

from policies.language import say

Plain = dict[str, Any]
Point = tuple[int, int]

MAX_ROWS = 10
"""Steps below each other; a longer wave continues in another column."""

MAX_EDGES = 1_000
"""Edges drawn; what a step waits for is said in words too."""

HEADING = 24
PAD = 4


@dataclass(frozen=True, slots=True)
class _Size:
    """How large a node is drawn, and how far from the next one."""

    width: int
    height: int
    across: int
    down: int


FULL = _Size(168, 48, 52, 12)
SMALL = _Size(56, 26, 30, 8)
MOST_IN_FULL = 30
"""Steps that are drawn with the names of their agents."""

CLOSE = 12
"""Between two columns of one wave."""


def graph_of(steps: Sequence[Plain], critical: Sequence[int]) -> Plain:
    """Return {width, height, is_small, is_long, nodes, waves, edges, critical_edges, left_out}, all in pixels.

    A node is {x, y, number, tone, agent, said}; the edges are the data of one path, from right edge to left edge.
    """
    size = FULL if len(steps) <= MOST_IN_FULL else SMALL
    columns = [*_columns(steps, size)]
    height = max(len(column) for _, column in columns) * (size.height + size.down) - size.down
    places = {step["number"]: place for x, column in columns for step, place in _stacked(column, x, height, size)}
    edges = [(need, step["number"]) for step in steps for need in sorted(step["needs"])]
    chain = {*pairwise(critical)}
    plain = [edge for edge in edges if edge not in chain]
    return {
        "width": columns[-1][0] + size.width + PAD,
        "height": HEADING + height + PAD,
        "node": {"width": size.width, "height": size.height},
        "is_small": size is SMALL,
        "is_long": columns[-1][0] + size.width > PRINTED,
        "nodes": [_node(step, *places[step["number"]]) for step in steps],
        "waves": [*_headings(columns)],
        "edges": _path(plain[:MAX_EDGES], places, size),
        "critical_edges": _path(sorted(chain), places, size),
        "left_out": max(len(plain) - MAX_EDGES, 0),
    }


PRINTED = 1_300
"""A graph wider than this is too small to read on paper, where the list below says the same."""


def _columns(steps: Sequence[Plain], size: _Size) -> Iterator[tuple[int, list[Plain]]]:
    """Yield where each column begins and the steps in it."""
    x = PAD
    for _, wave in groupby(sorted(steps, key=lambda step: (step["wave"], step["number"])), key=lambda s: s["wave"]):
        members = [*wave]
        for start in range(0, len(members), MAX_ROWS):
            yield x, members[start : start + MAX_ROWS]
            x += size.width + CLOSE
        x += size.across - CLOSE


def _stacked(column: Sequence[Plain], x: int, height: int, size: _Size) -> Iterator[tuple[Plain, Point]]:
    """Yield the steps of a column with their places, the column set in the middle."""
    step = size.height + size.down
    top = HEADING + (height - (len(column) * step - size.down)) // 2
    for row, each in enumerate(column):
        yield each, (x, top + row * step)


def _node(step: Plain, x: int, y: int) -> Plain:
    name = step.get("title") or step["agent"]
    told = {"number": step["number"], "role": name, "state": step["word"], "task": step["task"][:200]}
    on_path = say("Step {number}, {role}, {state}, on the critical path: {task}", **told)
    said = on_path if step["is_critical"] else say("Step {number}, {role}, {state}: {task}", **told)
    kept = {key: step[key] for key in ("number", "tone", "state", "is_critical")}
    agent = name if len(name) <= 19 else f"{name[:18]}…"
    return {**kept, "x": x, "y": y, "agent": agent, "said": said}


def _headings(columns: Sequence[tuple[int, list[Plain]]]) -> Iterator[Plain]:
    for wave, group in groupby(columns, key=lambda column: column[1][0]["wave"]):
        yield {"x": next(group)[0], "number": wave}


def _path(edges: Sequence[tuple[int, int]], places: dict[int, Point], size: _Size) -> str:
    return "".join(_curve(places[source], places[target], size) for source, target in edges)


def _curve(source: Point, target: Point, size: _Size) -> str:
    (x, y), (to_x, to_y) = source, target
    x, y, to_y = x + size.width, y + size.height // 2, to_y + size.height // 2
    bend = max((to_x - x) // 2, 12)
    return f"M{x} {y}C{x + bend} {y} {to_x - bend} {to_y} {to_x} {to_y}"
