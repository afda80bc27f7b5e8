"""Bare LangGraph graphs, and what a kill at each moment of a run would leave of their checkpoints.

A kill is not made but cut out: what the saver holds at a moment is what a process killed then leaves behind. So every
moment of a run is tried, in milliseconds. `test_kill.py` kills real processes, on the house's own graphs.
"""

import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from operator import add
from threading import RLock
from typing import Annotated, Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from typing_extensions import TypedDict

ROLES = ("first", "second", "third")


class Said(TypedDict, total=False):
    """What was said so far."""

    said: Annotated[list[str], add]
    finished: bool


def thread(name: str = "t", **more: Any) -> RunnableConfig:
    return {"configurable": {"thread_id": name}, **more}  # type: ignore[typeddict-item]


def saying(name: str) -> Callable[[Said], Said]:
    """Return a node that says its name."""
    return lambda state: {"said": [name]}


def graph_of(state: type, nodes: dict[str, Any], edges: Sequence[tuple[Any, str]]) -> Any:
    """Return a graph that is not compiled yet; an edge from a list of nodes is a barrier."""
    graph: Any = StateGraph(state)
    for name, node in nodes.items():
        graph.add_node(name, node)
    for begin, end in edges:
        graph.add_edge(begin, end)
    return graph


def chain(state: type, **nodes: Any) -> Any:
    """Return a graph of nodes one after the other."""
    names = [START, *nodes, END]
    return graph_of(state, nodes, list(pairwise(names)))


@dataclass(frozen=True)
class Killed:
    """What a kill leaves: the checkpoints, and the calls that had returned by then."""

    moment: str
    saver: InMemorySaver
    returned: list[str]


@dataclass
class Moments:
    """Notes each call that returns, and keeps what a kill at this moment would leave."""

    saver: "WatchedSaver" = field(init=False)
    returned: list[str] = field(default_factory=list)
    kills: list[Killed] = field(default_factory=list)
    lock: Any = field(default_factory=RLock)

    def __post_init__(self) -> None:
        self.saver = WatchedSaver(self)

    def reach(self, moment: str) -> None:
        with self.lock:
            left = InMemorySaver()
            for part in ("storage", "writes", "blobs"):
                getattr(left, part).update(copy.deepcopy(getattr(self.saver, part)))
            self.kills.append(Killed(moment, left, [*self.returned]))

    def call(self, name: str) -> str:
        with self.lock:
            self.returned.append(name)
            self.reach(f"{name} returned")
        return name


class WatchedSaver(InMemorySaver):
    """Reaches a moment before and after all that it writes; one thread at a time, so that no moment is half a write."""

    def __init__(self, moments: Moments) -> None:
        super().__init__()
        self._moments = moments

    def put(self, *args: Any, **kwargs: Any) -> Any:
        with self._moments.lock:
            self._moments.reach("before a checkpoint")
            written = super().put(*args, **kwargs)
            self._moments.reach("after a checkpoint")
        return written

    def put_writes(self, *args: Any, **kwargs: Any) -> None:
        with self._moments.lock:
            self._moments.reach("before a write")
            super().put_writes(*args, **kwargs)
            self._moments.reach("after a write")


def rounds_of(moments: Moments, rounds: int = 2) -> Any:
    """Return a graph in which all roles speak in every round and a policy ends the last one."""

    def role(name: str) -> Callable[[Said], Said]:
        return lambda state: {"said": [moments.call(f"{name} {len(state['said']) // len(ROLES) + 1}")]}

    def policy(state: Said) -> Said:
        return {"finished": len(state["said"]) >= rounds * len(ROLES)}

    def next_step(state: Said) -> list[str]:
        return [END] if state["finished"] else list(ROLES)

    graph: Any = StateGraph(Said)
    for name in ROLES:
        graph.add_node(name, role(name))
        graph.add_edge(START, name)
        graph.add_edge(name, "policy")
    graph.add_node("policy", policy)
    graph.add_conditional_edges("policy", next_step, [*ROLES, END])
    return graph


def killed_runs(durability: str = "sync") -> Iterator[tuple[Killed, Any, list[str]]]:
    """Yield each kill of one run, the graph to resume it with, and the list of calls that resuming makes."""
    moments = Moments()
    rounds_of(moments).compile(checkpointer=moments.saver).invoke({"said": []}, thread(), durability=durability)
    for killed in moments.kills:
        resumed = Moments()
        yield killed, rounds_of(resumed).compile(checkpointer=killed.saver), resumed.returned
