"""Builds the graph of a team. Compiled without a checkpointer where a server brings its own."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.graph import END, START, StateGraph
from pydantic import BaseModel

from graph.languages.catalogue import language_of
from nodes import align, convene, finalize, human, settle, stop
from nodes.inner import build_inner
from nodes.role import build_role
from nodes.services import Services
from nodes.stages import Stages
from nodes.state import Input, Node, Output, State, StepInput
from policies.access.owners import TENANT
from policies.language import phrase, say, speaking, spoken
from policies.people.asking import may_ask_people
from policies.team.team import MAX_MESSAGES, Role, Team
from policies.team.titles import distinct_titles

RECURSION_LIMIT = 3 * MAX_MESSAGES + 100
"""Supersteps LangGraph may take in one go: more than any budget allows, so that the budget always ends a run."""

OURS = {
    convene.NODE: (
        phrase("Convene"),
        phrase(
            "Admits the case, opens each round or stage, and asks roles whose seats are empty. "
            "It alone grants messages."
        ),
    ),
    align.NODE: (
        phrase("Align"),
        phrase(
            "Takes the answers in order. When every seat is filled, the policy finds the conflicts and decides the "
            "round."
        ),
    ),
    finalize.NODE: (phrase("Finalize"), phrase("States the decision or the result, and has the brief written.")),
    human.NODE: (phrase("People"), phrase("Waits until whoever is asked has answered. It asks for nothing itself.")),
    settle.NODE: (
        phrase("Settle"),
        phrase("Takes what a person answered, or says why not, and asks until every question is settled."),
    ),
    stop.NODE: (phrase("Stop"), phrase("Ends the run with an explicit reason. Most such runs can be resumed.")),
}
"""The title of each node that is not a role, and what it does in a sentence."""

FINISHED = "end"
"""What routers call the end of the graph."""

Builder = StateGraph[State, Any, Any, Any]
Route = Callable[[State], list[str] | str]


@dataclass(frozen=True, slots=True)
class Door:
    """How a graph is called from outside: what it is given, and what it is configured with."""

    given: type[BaseModel] = Input
    context: type[BaseModel] | None = None


def build_graph(team: Team, services: Services, is_inner: bool = False, door: Door | None = None) -> Builder:
    """Return the graph of this team, uncompiled: one node for each role that may speak.

    A role that a team answers for holds that team's graph as a subgraph. `is_inner` builds such a one. The nodes speak
    the team's language; the brief is written in its own.
    """
    with speaking(language_of(team.language)):
        return _built(team, services, is_inner, door or Door())


def _built(team: Team, services: Services, is_inner: bool, door: Door) -> Builder:
    names, stages = sorted(team.access.enabled - team.human_roles), Stages(team)
    schemas: dict[str, Any] = {"input_schema": door.given, "output_schema": Output}
    if is_inner:
        schemas = {"input_schema": StepInput, "output_schema": State}
    builder: Builder = StateGraph(State, context_schema=door.context, **schemas)
    _add(builder, convene.NODE, convene.build_convene(team, services, stages))
    _add(builder, align.NODE, align.build_align(team, services, stages))
    written_in = language_of(team.brief.language or team.language)
    _add(builder, finalize.NODE, finalize.build_finalize(team, services, stages, written_in))
    _add(builder, stop.NODE, stop.build_stop(services))
    has_people = may_ask_people(team) and not is_inner
    if has_people:
        _add(builder, human.NODE, human.build_human(services))
        _add(builder, settle.NODE, settle.build_settle(team, services, stages))
        builder.add_edge(human.NODE, settle.NODE)
    for name in names:
        node = _speaking(_role(name, team, services, stages))
        builder.add_node(name, node, metadata=_told(team.roles[name]))
        builder.add_edge(name, align.NODE)
    builder.add_edge(START, convene.NODE)
    _route(builder, team, names, has_people)
    builder.add_edge(stop.NODE, END)
    return builder


def _add(builder: Builder, name: str, node: Node) -> None:
    title, description = OURS[name]
    builder.add_node(name, _speaking(node), metadata={"title": say(title), "description": say(description)})


def _speaking(node: Node) -> Node:
    """Return the node, which says what it says in the language that is spoken now."""
    language = spoken()

    @wraps(node)
    async def speaks(*given: Any, **named: Any) -> Any:
        with speaking(language):
            return await node(*given, **named)

    return speaks


def _told(role: Role) -> dict[str, str]:
    """Return what a drawing shows of a role: its title, and its mandate in a sentence."""
    told = role.mandate
    if role.team:
        told = say("{mandate} Answered by the team `{team}`.", mandate=told, team=role.team.name)
    return {"title": role.title, "description": told}


def _role(name: str, team: Team, services: Services, stages: Stages) -> Node:
    inner = team.roles[name].team
    if inner is None:
        return build_role(name, team, services, stages)
    inner = inner.model_copy(update={"language": inner.language or team.language})
    graph = build_graph(inner, services, is_inner=True).compile(name=inner.name)
    return build_inner(name, team, inner, services, stages, graph)


def _route(builder: Builder, team: Team, names: list[str], has_people: bool) -> None:
    titles = distinct_titles({name: team.roles[name].title for name in names})
    asks = {name: say("ask {title}", title=title) for name, title in titles.items()}
    onward = {finalize.NODE: say("decided"), stop.NODE: say("must stop")}
    people = {human.NODE: say("ask people")} if has_people else {}
    ways = {**asks, align.NODE: say("all have answered"), **people, **onward, FINISHED: say("finished before")}
    _label(builder, convene.NODE, convene.route_after_convene, ways)
    sampled = say("next round, samples, or empty seats") if team.stability else say("next round, or empty seats")
    _label(builder, align.NODE, align.route_after_align, {convene.NODE: sampled, **people, **onward})
    ends = {stop.NODE: say("must stop"), FINISHED: say("answered")}
    signing = {human.NODE: say("to be signed")} if has_people and team.sign_off else {}
    _label(builder, finalize.NODE, finalize.route_after_finalize, {**signing, **ends})
    if has_people:
        seated = {align.NODE: say("seats are filled")} if team.human_roles else {}
        more = {human.NODE: say("more answers"), convene.NODE: say("next round, or a fact"), **seated, **onward}
        _label(
            builder, settle.NODE, settle.route_after_settle, {**more, **({FINISHED: say("signed")} if signing else {})}
        )


def _label(builder: Builder, name: str, route: Route, ways: Mapping[str, str]) -> None:
    """Add the conditional edges of a node; `ways` has the label of each by where it leads, as a drawing shows it."""

    @wraps(route)
    def labelled(state: State) -> list[str] | str:
        found = route(state)
        return ways[found] if isinstance(found, str) else [ways[each] for each in found]

    ends: dict[Hashable, str] = {label: END if name == FINISHED else name for name, label in ways.items()}
    builder.add_conditional_edges(name, labelled, ends)


def run_config(thread: str, name: str, tenant: str) -> RunnableConfig:
    """Return the configuration of a run on a tenant's thread, under the name of its team."""
    place: RunnableConfig = {"configurable": {"thread_id": thread}, "metadata": {TENANT: tenant}}
    return {**place, "recursion_limit": RECURSION_LIMIT, "run_name": name}


def build_reader() -> Builder:
    """Return a graph that does nothing, for reading any thread's state."""
    builder: Builder = StateGraph(State, input_schema=Input, output_schema=Output)
    builder.add_node(stop.NODE, stop.build_stop())
    builder.add_edge(START, stop.NODE)
    builder.add_edge(stop.NODE, END)
    return builder
