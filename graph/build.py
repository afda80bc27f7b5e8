"""Builds the graph of a team. Compiled without a checkpointer where a server brings its own."""

from collections.abc import Hashable
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.graph import END, START, StateGraph

from nodes import align, convene, finalize, stop
from nodes.inner import build_inner
from nodes.role import build_role
from nodes.services import Services
from nodes.stages import Stages
from nodes.state import Input, Node, Output, State, StepInput
from policies.team.team import MAX_MESSAGES, Team

RECURSION_LIMIT = 3 * MAX_MESSAGES + 100
"""Supersteps LangGraph may take in one go: more than any budget allows, so that the budget always ends a run."""

Builder = StateGraph[State, None, Any, Any]


def build_graph(team: Team, services: Services, is_inner: bool = False) -> Builder:
    """Return the graph of this team, uncompiled: one node for each role that may speak.

    A role that a team answers for holds that team's graph as a subgraph. `is_inner` builds such a one.
    """
    speaking, stages = sorted(team.access.enabled), Stages(team)
    schemas: dict[str, Any] = {"input_schema": StepInput, "output_schema": State} if is_inner else OUTER
    builder: Builder = StateGraph(State, **schemas)
    builder.add_node(convene.NODE, convene.build_convene(team, services, stages))
    builder.add_node(align.NODE, align.build_align(team, services, stages))
    builder.add_node(finalize.NODE, finalize.build_finalize(team, services, stages))
    builder.add_node(stop.NODE, stop.build_stop(services))
    for name in speaking:
        builder.add_node(name, _role(name, team, services, stages), metadata={"title": team.roles[name].title})
        builder.add_edge(name, align.NODE)
    builder.add_edge(START, convene.NODE)
    _route(builder, speaking)
    builder.add_edge(stop.NODE, END)
    return builder


OUTER: dict[str, Any] = {"input_schema": Input, "output_schema": Output}


def _role(name: str, team: Team, services: Services, stages: Stages) -> Node:
    inner = team.roles[name].team
    if inner is None:
        return build_role(name, team, services, stages)
    graph = build_graph(inner, services, is_inner=True).compile(name=inner.name)
    return build_inner(name, team, inner, services, stages, graph)


def _route(builder: Builder, speaking: list[str]) -> None:
    after_convene: dict[Hashable, str] = {name: name for name in [*speaking, align.NODE, finalize.NODE, stop.NODE]}
    builder.add_conditional_edges(convene.NODE, convene.route_after_convene, {**after_convene, "end": END})
    after_align: dict[Hashable, str] = {"convene": convene.NODE, "finalize": finalize.NODE, "stop": stop.NODE}
    builder.add_conditional_edges(align.NODE, align.route_after_align, after_align)
    builder.add_conditional_edges(finalize.NODE, finalize.route_after_finalize, {"stop": stop.NODE, "end": END})


def run_config(thread: str, name: str) -> RunnableConfig:
    """Return the configuration of a run on a thread, under the name of its team."""
    return {"configurable": {"thread_id": thread}, "recursion_limit": RECURSION_LIMIT, "run_name": name}


def build_reader() -> Builder:
    """Return a graph that does nothing, for reading any thread's state."""
    builder = StateGraph(State, input_schema=Input, output_schema=Output)
    builder.add_node(stop.NODE, stop.build_stop())
    builder.add_edge(START, stop.NODE)
    builder.add_edge(stop.NODE, END)
    return builder
