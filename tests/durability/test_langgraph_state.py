"""What LangGraph keeps in a state and in its checkpoints, as the house relies on it; bare graphs, none of ours."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, StrEnum
from operator import add
from pathlib import Path
from typing import Annotated, Any
from typing import TypedDict as PlainTypedDict

import psycopg
import pytest
from langgraph.channels import DeltaChannel, EphemeralValue, UntrackedValue
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.checkpoint.postgres import PostgresSaver
from langgraph.checkpoint.sqlite import SqliteSaver
from langgraph.graph import END, START
from pydantic import PydanticUserError
from typing_extensions import TypedDict

from tests.durability.bare import Said, chain, graph_of, saying, thread

pytestmark = pytest.mark.slow


class Stance(StrEnum):
    GO = "go"


class Colour(Enum):
    RED = 1


@dataclass(frozen=True)
class Vote:
    stance: str


class Anything(TypedDict, total=False):
    """A value of no declared type."""

    value: Any


class Text(TypedDict, total=False):
    """A value that is a string."""

    value: str


def kept(value: Any) -> Any:
    """Return a value as it comes back from the state of a thread."""
    graph = chain(Anything, say=lambda state: {"value": value}).compile(checkpointer=InMemorySaver())
    graph.invoke({"value": None}, thread())
    return graph.get_state(thread()).values["value"]


# --- channels --------------------------------------------------------------------------------------------------------


def test_a_subgraph_that_shares_a_reducer_key_with_its_parent_doubles_the_list() -> None:
    """So a team that answers for a role has a state of its own, and a node hands over."""
    inner = chain(Said, inner=saying("inner")).compile()
    assert chain(Said, before=saying("before"), team=inner).compile().invoke({"said": []})["said"] == [
        "before",
        "before",
        "inner",
    ]


def test_an_ephemeral_input_is_seen_by_the_first_step_alone() -> None:
    """So goal, facts and budget of a call cannot be taken for those of a later one."""

    class State(Said, total=False):
        goal: Annotated[str | None, EphemeralValue]

    def tell(state: State) -> Said:
        return {"said": [str(state.get("goal"))]}

    graph = chain(State, one=tell, two=tell).compile(checkpointer=InMemorySaver())
    assert graph.invoke({"said": [], "goal": "ship"}, thread()) == {"said": ["ship", "None"]}
    assert "goal" not in graph.get_state(thread()).values


def test_an_untracked_value_is_passed_on_and_never_stored() -> None:
    class State(Said, total=False):
        client: Annotated[Any, UntrackedValue]

    def use(state: State) -> Said:
        return {"said": [type(state["client"]).__name__]}

    graph = chain(State, make=lambda state: {"client": lambda: None}, use=use).compile(checkpointer=InMemorySaver())
    assert graph.invoke({"said": []}, thread())["said"] == ["function"]
    assert graph.get_state(thread()).values == {"said": ["function"]}


def append(kept: list[str] | None, writes: Sequence[list[str]]) -> list[str]:
    return [*(kept or []), *(item for write in writes for item in write)]


def grown(channel: Any, steps: int, path: Path) -> int:
    """Return the bytes of a database after that many steps, each of which appends 1 kB to a list."""

    class Growing(TypedDict, total=False):
        said: Annotated[list[str], channel]

    def say(state: Growing) -> Growing:
        return {"said": ["x" * 1_000]}

    graph = graph_of(Growing, {"say": say}, [(START, "say")])
    graph.add_conditional_edges("say", lambda state: END if len(state["said"]) == steps else "say", ["say", END])
    with SqliteSaver.from_conn_string(str(path)) as saver:
        compiled = graph.compile(checkpointer=saver)
        compiled.invoke({"said": []}, thread(recursion_limit=steps + 5))
        assert len(compiled.get_state(thread()).values["said"]) == steps
    return path.stat().st_size


def test_a_delta_channel_grows_by_what_is_written_and_a_plain_list_by_all_there_is(tmp_path: Path) -> None:
    """So the lists of a state that grow are delta channels."""

    def growth(channel: Any, name: str) -> float:
        return grown(channel, 90, tmp_path / f"{name}90") / grown(channel, 30, tmp_path / f"{name}30")

    assert growth(add, "plain") > 6
    assert growth(DeltaChannel(append, snapshot_frequency=50), "delta") < 4.5


def test_before_python_3_12_a_typed_dict_of_typing_has_no_schema() -> None:
    """So `typing.TypedDict` is banned."""

    class Plain(PlainTypedDict, total=False):
        said: Annotated[list[str], add]

    def fields(state: type) -> set[str]:
        return set(chain(state, say=saying("say")).compile().get_input_jsonschema()["properties"])

    assert fields(Said) == {"said", "finished"}
    if sys.version_info >= (3, 12):
        assert fields(Plain) == {"said"}
    else:
        with pytest.raises(PydanticUserError, match="typing_extensions"):
            fields(Plain)


# --- what a checkpoint gives back ------------------------------------------------------------------------------------


def test_strict_mode_gives_an_undeclared_class_back_as_plain_values() -> None:
    """So a state holds JSON values alone, and stances are strings."""
    given = (Stance.GO, Colour.RED, Vote("go"), (1, 2))
    assert [(type(back), back) for back in map(kept, given)] == [
        (str, "go"),
        (int, 1),
        (dict, {"stance": "go"}),
        (list, [1, 2]),
    ]


def test_strict_mode_gives_a_class_back_that_the_state_declares() -> None:
    class State(TypedDict, total=False):
        stance: Stance
        votes: list[Vote]

    graph = chain(State, say=lambda state: {"votes": [Vote("go")]}).compile(checkpointer=InMemorySaver())
    graph.invoke({"stance": Stance.GO}, thread())
    stance, votes = map(graph.get_state(thread()).values.get, ("stance", "votes"))
    assert type(stance) is Stance
    assert votes == [Vote("go")]


SHOW_WHAT_COMES_BACK = """
from http import HTTPStatus
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
serializer = JsonPlusSerializer()
print(type(serializer.loads_typed(serializer.dumps_typed(HTTPStatus.OK))).__name__)
"""


@pytest.mark.slow
@pytest.mark.parametrize(("strict", "name"), [(None, "HTTPStatus"), ("true", "int")])
def test_strict_mode_is_off_unless_the_environment_asks_for_it(strict: str | None, name: str) -> None:
    """So by default a checkpoint may name any class that can be imported."""
    environment = {key: value for key, value in os.environ.items() if key != "LANGGRAPH_STRICT_MSGPACK"}
    if strict is not None:
        environment["LANGGRAPH_STRICT_MSGPACK"] = strict
    command = [sys.executable, "-c", SHOW_WHAT_COMES_BACK]
    shown = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert shown.strip() == name


@pytest.mark.parametrize("value", [2**64, -(2**63) - 1], ids=["2**64", "-2**63-1"])
def test_an_integer_of_more_than_64_bits_cannot_be_stored(value: int) -> None:
    """So integers are bounded where a value comes in."""
    with pytest.raises(TypeError, match="64-bit"):
        kept(value)


def nested(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


def test_a_value_nested_too_deeply_cannot_be_stored() -> None:
    """So nesting is bounded where a value comes in."""
    assert kept(nested(250)) == nested(250)
    with pytest.raises(TypeError, match="Recursion"):
        kept(nested(260))


def test_a_lone_surrogate_comes_back_as_a_question_mark() -> None:
    """So text is cleaned before it is hashed."""
    assert kept("a\ud800b") == "a?b"


def test_a_node_whose_value_cannot_be_stored_fails_again_on_every_resume() -> None:
    graph = chain(Anything, say=lambda state: {"value": 2**64}).compile(checkpointer=InMemorySaver())
    for given in ({"value": 0}, None, None):
        with pytest.raises(TypeError, match="64-bit"):
            graph.invoke(given, thread())


def test_a_checkpoint_keeps_every_text_and_number_that_is_configured(tmp_path: Path) -> None:
    """So no key of a provider is configured; `Settings` reads it from the environment."""
    with SqliteSaver.from_conn_string(str(tmp_path / "t.sqlite")) as saver:
        graph = chain(Said, say=saying("say")).compile(checkpointer=saver)
        configurable = {"thread_id": "t", "api_key": "oats", "__own": "sesame", "nested": {"api_key": "sesame"}}
        graph.invoke({"said": []}, {"configurable": configurable})
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"oats" in stored
    assert b"sesame" not in stored


# --- PostgreSQL ------------------------------------------------------------------------------------------------------


@contextmanager
def on_postgres(url: str, state: type, say: Callable[[Any], Any]) -> Iterator[Any]:
    with PostgresSaver.from_conn_string(url) as saver:
        saver.setup()
        yield chain(state, say=say).compile(checkpointer=saver)


@pytest.mark.needs("postgres")
def test_postgresql_refuses_nul_in_a_string_and_takes_it_in_a_list(postgres_database: str) -> None:
    """So NUL is taken out of all text."""
    with (
        on_postgres(postgres_database, Text, lambda state: {"value": "a\0b"}) as graph,
        pytest.raises(psycopg.errors.UntranslatableCharacter),
    ):
        graph.invoke({"value": ""}, thread("in a string"))
    with on_postgres(postgres_database, Said, saying("a\0b")) as graph:
        graph.invoke({"said": []}, thread("in a list"))
        assert graph.get_state(thread("in a list")).values["said"] == ["a\0b"]
