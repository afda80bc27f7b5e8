"""What is wrong with files, threads, databases and keys is said; walked in a language that marks what is said."""

import io
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from graph import signing
from graph.batch import read_case
from graph.documents import read_document, read_json, read_yaml
from graph.facts.file import load_facts_file
from graph.inputs import bounded_lines, open_lines, read_input
from graph.problems import UsageError, missing_folder
from graph.store import location, names, schema
from graph.teams.overrides import apply_settings
from policies.language import speaking
from tests.languages.pseudo import PSEUDO, unsaid


@pytest.fixture(autouse=True)
def _pseudo() -> Iterator[None]:
    with speaking(PSEUDO):
        yield


def told_by(work: Callable[[], Any]) -> str:
    """What a person is told of work that cannot be done."""
    with pytest.raises(UsageError) as refused:
        work()
    return str(refused.value)


YAMLS = [
    b"a:\n\tb: 1",
    b"a: %x",
    b"a: @x",
    b"a: `x`",
    b"a: 1\n  b: 2",
    b"a: [1\nb: 2",
    b"a: 1\nb",
    b"a: b: c",
    b"a: - b",
    b'a: "\\q"',
    b'a: "x',
    b"a: [1, 2",
    b"a: {b: [}",
    b"a: |\nb: 1",
    b"a: &x 1",
    b"a: *x",
    b"a: !!int 1",
    b"%YAML 1.1\n---\na: 1",
    b"1: a",
    b"a: 1\na: 2",
    b"a: 0x",
    b"[" * 100,
    b"\xff",
    b"a" * 3_000_000,
]


@pytest.mark.parametrize("text", YAMLS, ids=range(len(YAMLS)))
def test_what_is_wrong_with_yaml(text: bytes) -> None:
    assert unsaid(_fault_of(text), "YAML UTF yaml tag org int x a") == []


def _fault_of(text: bytes) -> str:
    try:
        read_yaml(text, "x")
    except UsageError as error:
        return str(error)
    return ""


JSONS = [b'{"a": 1', b"{a: 1}", b'{"a": 1,}', b'{"a" 1}', b"{} 1", b'"x', b'"\n"', b'"\\q"', b"", b"[1 2]", b"x"]
JSONS += [b'{"a": 1, "a": 2}', b"[NaN]", b"[" * 100_000, b"\xff"]


@pytest.mark.parametrize("text", JSONS, ids=range(len(JSONS)))
def test_what_is_wrong_with_json(text: bytes) -> None:
    assert unsaid(told_by(lambda: read_json(text, "x")), "JSON UTF NaN") == []


CASES = [
    b"x",
    b"\xff",
    b"[]",
    b'{"id": ""}',
    b"{}",
    b'{"id": "a", "x": 1}',
    b'{"id": "a", "id": "b"}',
    b"1" * 2_000_000,
]
FORM = "id team goal facts overrides"


@pytest.mark.parametrize("line", [CASES[number] for number in (0, 1, 2, 4, 6, 7)])
def test_what_is_wrong_with_a_case(line: bytes) -> None:
    assert unsaid(told_by(lambda: read_case(line)), FORM) == []


def test_what_is_wrong_with_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graph.inputs.MAX_REST", 10)
    empty, listed = tmp_path / "empty.yaml", tmp_path / "list.yaml"
    empty.write_text("")
    listed.write_text("[1]")
    near = tmp_path / "empt.yaml"
    for work in (
        lambda: read_document(tmp_path),
        lambda: read_input(near, 10),
        lambda: read_input("\0", 10),
        lambda: load_facts_file(str(empty)),
        lambda: load_facts_file(str(listed)),
        lambda: list(bounded_lines(io.BytesIO(b"x" * 100), 10, "long")),
        lambda: open_lines(str(tmp_path / "none"), 10).__enter__(),
    ):
        assert (
            unsaid(
                told_by(work), str(tmp_path), "long none empt empty list yaml supply suppliers x00 embedded null byte"
            )
            == []
        )
    assert unsaid(missing_folder(tmp_path / "a" / "b" / "c") or "", str(tmp_path), "a/b", "mkdir") == []


SETTINGS = {"nothing": "gpt mini prompt prices", "goal.x=1": "", "sequence.x=1": "", "goal+=1": ""}


@pytest.mark.parametrize("setting", SETTINGS)
def test_what_is_wrong_with_a_setting(setting: str) -> None:
    raw = {"goal": "?", "sequence": ["a"], "roles": {"a": {}}, "facts": {"late": 1}}
    told = told_by(lambda: apply_settings(raw, [setting]))
    assert unsaid(told, "set", setting, SETTINGS[setting], raw) == []


def test_a_fact_of_nearly_the_name_is_said() -> None:
    told = told_by(lambda: apply_settings({"facts": {"late_orders": 1}}, ["facts.late_order=1"]))
    assert unsaid(told, "set facts late_orders late_order") == []


THREADS: list[Callable[[], Any]] = [
    lambda: names.check_thread("a b"),
    lambda: names.check_new_thread("last"),
    lambda: names.thread_named("last", []),
    lambda: names.thread_named("a", [{"thread_id": f"a{each}", "team": None} for each in range(9)]),
    lambda: _raise(names.no_thread("x", "y.sqlite")),
    lambda: location.sqlite_path("postgres:x"),
    lambda: location.sqlite_path("mysql://x"),
    lambda: location.sqlite_path("/"),
    lambda: location.sqlite_path("~nobody_of_this_name/x"),
    lambda: location.check_url("postgresql://a:b@c:d/e"),
]


def _raise(error: Exception) -> None:
    raise error


@pytest.mark.parametrize("work", THREADS, ids=range(len(THREADS)))
def test_what_is_wrong_with_a_thread_or_a_database(work: Callable[[], Any]) -> None:
    kept = "last sqlite postgres postgresql mysql nobody_of_this_name a0 a1 a2 a3 a4 Could not determine home directory"
    assert unsaid(told_by(work), kept) == []


def test_what_a_database_says_of_its_failure_is_all_that_is_not_said() -> None:
    def work() -> None:
        with location.storage_errors("x.sqlite"):
            raise sqlite3.OperationalError("disk full")

    assert unsaid(told_by(work), "sqlite") == ["disk", "full"]


@pytest.mark.parametrize("versions", [[1], [schema.VERSION + 1], ["x"], [1, 2]])
def test_the_schema_of_another_accord(versions: list[Any]) -> None:
    assert unsaid(schema._said(versions)) == []


@pytest.mark.parametrize("heard", [sign for sign, _ in signing._REASONS])
def test_why_there_is_no_signature(heard: str) -> None:
    commands = "chmod 600 my.key ssh-add ssh-keygen pub OpenSSH KEY"
    assert unsaid(signing._reason(heard, "my.key"), commands) == []
    assert unsaid(signing._reason("nobody knows", "my.key"), commands) == ["nobody", "knows"]


def test_what_is_wrong_with_a_key(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "none"):
        assert unsaid(told_by(lambda place=place: signing._check_there(place)), str(place)) == []  # type: ignore[misc]
