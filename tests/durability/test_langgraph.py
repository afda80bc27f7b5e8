"""What LangGraph does when a run is killed, fails or is resumed, as the house relies on it.

Bare graphs, none of ours: what fails here after the lock was renewed is a rule that changed, and the docstring of the
test says what the house built on it. What LangGraph keeps in a state is in `test_langgraph_state.py`, its server in
`test_langgraph_server.py`.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.errors import EmptyInputError, GraphDrained, GraphRecursionError, NodeError, NodeTimeoutError
from langgraph.graph import END, START, StateGraph
from langgraph.runtime import RunControl
from langgraph.types import Command, Durability, RetryPolicy, interrupt
from pydantic import ValidationError
from typing_extensions import TypedDict

from tests.durability.bare import Said, chain, graph_of, killed_runs, saying, thread

pytestmark = pytest.mark.slow

EVERY_CALL = {f"{role} {number}" for role in ("first", "second", "third") for number in (1, 2)}
NOTHING_SAID: Said = {"said": []}


class BrokenError(Exception):
    """What a node of these tests raises."""


def breaks(state: Said) -> Said:
    raise BrokenError


async def breaks_at_once(state: Said) -> Said:
    raise BrokenError


def breaks_once() -> Callable[[Said], Said]:
    calls: list[Said] = []

    def node(state: Said) -> Said:
        calls.append(state)
        if len(calls) == 1:
            raise BrokenError
        return {"said": ["mended"]}

    return node


# --- killed ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("durability", ["sync", "async"])
def test_a_run_killed_at_any_moment_is_resumed_and_loses_nothing(durability: Durability) -> None:
    kills = [(killed, graph) for killed, graph, _ in killed_runs(durability) if graph.get_state(thread()).values]
    assert len(kills) > 25
    for killed, graph in kills:
        ended = graph.invoke(None, thread())
        assert (sorted(ended["said"]), ended["finished"]) == (sorted(EVERY_CALL), True), killed.moment


@pytest.mark.parametrize("durability", ["sync", "async"])
def test_next_is_empty_in_the_middle_of_a_run_that_was_killed_before_a_checkpoint(durability: Durability) -> None:
    """So a run is finished when its state holds a stop reason; `next` is not asked."""
    misleading = [
        killed.moment
        for killed, graph, _ in killed_runs(durability)
        if (state := graph.get_state(thread())).values.get("said") and not (state.next or state.values.get("finished"))
    ]
    assert len(misleading) >= 4
    assert set(misleading) == {"after a write", "before a checkpoint"}


@pytest.mark.parametrize("durability", ["sync", "async"])
def test_a_call_that_returned_is_repeated_exactly_where_its_write_was_not_stored(durability: Durability) -> None:
    """So answers are journaled before the node returns: LangGraph's own writes leave this window open."""
    with_repeats = 0
    for killed, graph, calls in killed_runs(durability):
        if stored := graph.get_state(thread()).values:
            graph.invoke(None, thread())
            repeated = set(killed.returned) & set(calls)
            assert repeated == set(killed.returned) - set(stored["said"]), killed.moment
            with_repeats += bool(repeated)
    assert with_repeats > 5


def test_a_kill_before_the_first_checkpoint_leaves_nothing_to_resume() -> None:
    """So whoever accepts a run gives its input again."""
    killed, graph, _ = next(killed_runs())
    assert killed.moment == "before a checkpoint"
    with pytest.raises(EmptyInputError):
        graph.invoke(None, thread())


def test_durability_exit_leaves_nothing_of_a_killed_run() -> None:
    """So the runner asks for `sync`."""
    kills = [(killed, graph) for killed, graph, _ in killed_runs("exit") if killed.moment != "after a checkpoint"]
    assert len(kills[-1][0].returned) == len(EVERY_CALL)
    assert not [killed.moment for killed, graph in kills if graph.get_state(thread()).values]


# --- resumed ---------------------------------------------------------------------------------------------------------


def test_a_conditional_edge_that_raised_once_is_not_run_again() -> None:
    """So routers are pure and total; what can fail is done in nodes."""
    asked: list[Said] = []

    def route(state: Said) -> str:
        asked.append(state)
        raise BrokenError

    graph = graph_of(Said, {"begin": saying("begin"), "after": saying("after")}, [(START, "begin"), ("after", END)])
    graph.add_conditional_edges("begin", route, ["after"])
    compiled = graph.compile(checkpointer=InMemorySaver())
    with pytest.raises(BrokenError):
        compiled.invoke({"said": []}, thread())
    assert compiled.invoke(None, thread()) == {"said": ["begin"]}
    assert compiled.get_state(thread()).next == ()
    assert len(asked) == 1


def test_resuming_a_finished_thread_returns_its_state_and_runs_nothing() -> None:
    graph = chain(Said, one=saying("one")).compile(checkpointer=InMemorySaver())
    ended = graph.invoke({"said": []}, thread())
    assert graph.invoke(None, thread()) == ended == {"said": ["one"]}


def test_new_input_on_a_half_done_thread_starts_over_on_top_of_the_old_state() -> None:
    """So the runner resumes without an input where there is not a stop reason."""
    graph = chain(Said, one=saying("one"), two=breaks_once()).compile(checkpointer=InMemorySaver())
    with pytest.raises(BrokenError):
        graph.invoke({"said": []}, thread())
    assert graph.invoke({"said": []}, thread())["said"] == ["one", "one", "mended"]


def test_the_recursion_limit_counts_per_invocation() -> None:
    """So budgets are in the state. A resumed thread is even granted two steps more than the limit."""
    graph = graph_of(Said, {"again": saying("again")}, [(START, "again"), ("again", "again")])
    compiled = graph.compile(checkpointer=InMemorySaver())
    steps: list[int] = []
    for given in (NOTHING_SAID, None, None):
        with pytest.raises(GraphRecursionError):
            compiled.invoke(given, thread(recursion_limit=5))
        steps.append(len(compiled.get_state(thread()).values["said"]))
    assert steps == [5, 12, 19]


def test_without_a_recursion_limit_a_loop_runs_on_for_more_than_a_hundred_steps() -> None:
    """So each graph is given one."""
    loop = graph_of(Said, {"again": saying("again")}, [(START, "again")])
    loop.add_conditional_edges("again", lambda state: END if len(state["said"]) == 100 else "again", ["again", END])
    assert len(loop.compile().invoke({"said": []})["said"]) == 100


def test_two_writers_on_one_thread_fork_it_and_neither_is_told() -> None:
    """So a thread has one writer, by a lock that dies with its holder."""

    async def both() -> tuple[Any, Any, Any]:
        met = asyncio.Barrier(2)

        def writer(name: str) -> Any:
            async def node(state: Said) -> Said:
                await met.wait()
                return {"said": [name]}

            return chain(Said, begin=saying("begin"), work=node, end=saying("end")).compile(checkpointer=saver)

        saver = InMemorySaver()
        one, two = writer("one"), writer("two")
        ended = await asyncio.gather(*(graph.ainvoke({"said": []}, thread()) for graph in (one, two)))
        return *ended, await one.aget_state(thread())

    one, two, kept = asyncio.run(both())
    assert "one" in one["said"]
    assert "two" in two["said"]
    assert len({"one", "two"} & {*kept.values["said"]}) == 1


def test_a_request_to_drain_ends_after_the_step_and_the_thread_is_resumed() -> None:
    control = RunControl()

    def asks(state: Said) -> Said:
        control.request_drain("enough")
        return {"said": ["asks"]}

    graph = chain(Said, asks=asks, after=saying("after")).compile(checkpointer=InMemorySaver())
    with pytest.raises(GraphDrained):
        graph.invoke({"said": []}, thread(), control=control)
    assert graph.get_state(thread()).values["said"] == ["asks"]
    assert graph.invoke(None, thread())["said"] == ["asks", "after"]


# --- failed ----------------------------------------------------------------------------------------------------------


def beside_a_failure(slow: Any) -> Any:
    """Return a graph in which one branch fails at once, while another works."""
    edges = [(START, "slow"), (START, "fails"), ("slow", END), ("fails", END)]
    return graph_of(Said, {"slow": slow, "fails": breaks_at_once}, edges).compile(checkpointer=InMemorySaver())


def test_a_parallel_branch_that_raises_cancels_its_siblings() -> None:
    """So a role returns what fails as a value."""
    calls: list[str] = []

    async def slow(state: Said) -> Said:
        calls.append("begun")
        await asyncio.sleep(0.05)
        calls.append("done")
        return {"said": ["slow"]}

    async def run() -> None:
        graph = beside_a_failure(slow)
        for given in (NOTHING_SAID, None):
            with pytest.raises(BrokenError):
                await graph.ainvoke(given, thread())

    asyncio.run(run())
    assert calls == ["begun", "begun"]


def test_threads_let_the_siblings_of_a_branch_that_raises_finish_and_keep_their_writes() -> None:
    """Not of one that ends in the same moment: its write may be lost."""

    def slow(state: Said) -> Said:
        time.sleep(0.05)
        return {"said": ["slow"]}

    edges = [(START, "slow"), (START, "fails")]
    graph = graph_of(Said, {"slow": slow, "fails": breaks}, edges).compile(checkpointer=InMemorySaver())
    with pytest.raises(BrokenError):
        graph.invoke({"said": []}, thread())
    assert graph.get_state(thread()).values["said"] == ["slow"]


def rescued(barrier: bool, fails: Any) -> Any:
    """Return a graph that joins two branches, of which one fails and is rescued by an error handler."""

    async def rescue(state: Said, error: NodeError) -> Said:
        return {"said": [f"rescued {error.node}"]}

    graph: Any = StateGraph(Said)
    graph.add_node("well", saying("well"))
    graph.add_node("fails", fails, error_handler=rescue)
    graph.add_node("join", saying("join"), defer=not barrier)
    for name in ("well", "fails"):
        graph.add_edge(START, name)
    for begin in [["well", "fails"]] if barrier else ["well", "fails"]:
        graph.add_edge(begin, "join")
    return graph.compile(checkpointer=InMemorySaver())


def test_a_branch_rescued_by_an_error_handler_does_not_satisfy_a_barrier_edge() -> None:
    """So roles join by single edges, and no node has an error handler."""
    graph = rescued(True, breaks_at_once)
    ended = asyncio.run(graph.ainvoke({"said": []}, thread()))
    assert sorted(ended["said"]) == ["rescued fails", "well"]
    assert graph.get_state(thread()).next == ()


def test_a_branch_rescued_by_an_error_handler_reaches_a_deferred_join() -> None:
    ended = asyncio.run(rescued(False, breaks_at_once).ainvoke({"said": []}, thread()))
    assert sorted(ended["said"]) == ["join", "rescued fails", "well"]


def test_an_error_handler_in_a_parallel_step_raises_nothing_and_lets_siblings_work_on() -> None:
    async def slow(state: Said) -> Said:
        await asyncio.sleep(0.02)
        return {"said": ["slow"]}

    async def rescue(state: Said, error: NodeError) -> Said:
        return {"said": [f"rescued {error.node}"]}

    graph = graph_of(Said, {"slow": slow}, [(START, "slow"), (START, "one"), (START, "two")])
    for name in ("one", "two"):
        graph.add_node(name, breaks_at_once, error_handler=rescue)
    ended = asyncio.run(graph.compile().ainvoke({"said": []}))
    assert sorted(ended["said"]) == ["rescued one", "rescued two", "slow"]


def test_single_edges_join_once_where_all_branches_are_one_step_long() -> None:
    """So convene asks a wave whose roles are each one node."""
    nodes = {"a": saying("a"), "b": saying("b"), "join": saying("join")}
    graph = graph_of(Said, nodes, [(START, "a"), (START, "b"), ("a", "join"), ("b", "join")])
    assert graph.compile().invoke({"said": []})["said"] == ["a", "b", "join"]


def test_single_edges_join_twice_where_branches_differ_in_length() -> None:
    nodes = {"a": saying("a"), "b": saying("b"), "longer": saying("longer"), "join": saying("join")}
    edges = [(START, "a"), (START, "b"), ("b", "longer"), ("a", "join"), ("longer", "join")]
    assert graph_of(Said, nodes, edges).compile().invoke({"said": []})["said"].count("join") == 2


def test_a_timeout_binds_async_nodes_alone() -> None:
    """So nodes are async, and each call is cut by what the deadline of the run leaves."""

    async def sleeps(state: Said) -> Said:
        await asyncio.sleep(5)
        return {"said": ["slept"]}

    graph: Any = StateGraph(Said)
    graph.add_node("sleeps", sleeps, timeout=0.01)
    graph.add_edge(START, "sleeps")
    with pytest.raises(NodeTimeoutError):
        asyncio.run(graph.compile().ainvoke({"said": []}))
    with pytest.raises(ValueError, match="async"):
        graph.add_node("node", saying("node"), timeout=1).compile()


def test_a_step_timeout_of_a_graph_waits_for_a_sync_node_and_keeps_its_late_answer() -> None:
    begun = time.monotonic()

    def slow(state: Said) -> Said:
        time.sleep(0.1)
        return {"said": ["slow"]}

    graph = chain(Said, slow=slow).compile(checkpointer=InMemorySaver())
    graph.step_timeout = 0.01
    with pytest.raises(TimeoutError):
        graph.invoke({"said": []}, thread())
    assert time.monotonic() - begun >= 0.1
    assert graph.invoke(None, thread())["said"] == ["slow"]


def test_a_retry_by_default_retries_no_programming_error() -> None:
    calls: list[type[Exception]] = []

    def attempts(error: type[Exception]) -> int:
        def node(state: Said) -> Said:
            calls.append(error)
            raise error

        graph: Any = StateGraph(Said)
        graph.add_node("node", node, retry_policy=RetryPolicy(initial_interval=0.001, jitter=False))
        graph.add_edge(START, "node")
        with pytest.raises(error):
            graph.compile().invoke({"said": []})
        return calls.count(error)

    assert [attempts(error) for error in (ConnectionError, BrokenError, ValueError, RuntimeError)] == [3, 3, 1, 1]


# --- interrupted -----------------------------------------------------------------------------------------------------


class Choice(TypedDict):
    """What a person may answer."""

    stance: str


def asking(calls: list[str], schema: Any) -> Any:
    def human(state: Said) -> Said:
        calls.append("begun")
        answer = interrupt("go?", response_schema=schema)
        return {"said": [answer["stance"]]}

    return chain(Said, human=human).compile(checkpointer=InMemorySaver())


def test_an_interrupt_checks_the_answer_against_its_schema_and_can_be_answered_again() -> None:
    calls: list[str] = []
    graph = asking(calls, Choice)
    [asked] = graph.invoke({"said": []}, thread())["__interrupt__"]
    with pytest.raises(ValidationError):
        graph.invoke(Command(resume={asked.id: {"stance": 1}}), thread())
    assert graph.invoke(Command(resume={asked.id: {"stance": "go"}}), thread())["said"] == ["go"]
    assert calls == ["begun"] * 3, "an interrupted node starts from its top"


def test_an_interrupt_does_not_check_an_answer_against_a_json_schema() -> None:
    schema = {"type": "object", "properties": {"stance": {"type": "string"}}}
    graph = asking([], schema)
    graph.invoke({"said": []}, thread())
    assert graph.invoke(Command(resume={"stance": 1}), thread())["said"] == [1]


def test_one_answer_does_not_do_for_two_interrupts() -> None:
    """So an interrupt is answered by its id."""

    def human(state: Said) -> Said:
        return {"said": [interrupt("go?")]}

    graph = graph_of(Said, {"a": human, "b": human}, [(START, "a"), (START, "b")]).compile(checkpointer=InMemorySaver())
    asked = graph.invoke({"said": []}, thread())["__interrupt__"]
    with pytest.raises(RuntimeError, match="interrupt id"):
        graph.invoke(Command(resume="go"), thread())
    answers = {each.id: name for each, name in zip(asked, ("go", "block"), strict=True)}
    assert sorted(graph.invoke(Command(resume=answers), thread())["said"]) == ["block", "go"]
