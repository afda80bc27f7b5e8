"""Common mistakes, each a file in `cases/`: what somebody typed, the exit code, and the exact sentences on stderr.

A case has `run` (the command line), `exit`, `stderr` (every sentence behind `accord: `), and what it needs of: `change`
(texts of `team.yaml` and what is put in their place), `files` (more files by name), `folders` (empty ones), `stdin`,
`env`, `before` (command lines that are run first), `status` (with what HTTP status a model's endpoint answers), `held`
(a thread that somebody else works on meanwhile), `sealed` (files and folders that may only be read meanwhile), `stdout`
(what is printed on stdout, among other things), and `absent` (what is not there afterwards). `TMP` is the folder in
which the command runs.
"""

import asyncio
import shlex
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from graph.store.files import locks_of
from graph.store.locks import FileLocks
from tests.durability.reading import bound_by_modes
from tests.hostile.command import PREFIX, Captured, Done, accord, process
from tests.scripted_server import Script, forever, serve, status

HERE = Path(__file__).parent
CASES = sorted((HERE / "cases").glob("*.yaml"))
KEYS = {"run", "exit", "stderr", "change", "files", "folders", "stdin", "env", "before", "status", "held", "sealed"}
KEYS |= {"stdout", "absent"}
LEAST = 50
"""How many common mistakes are held here at least."""


def read(path: Path) -> dict[str, Any]:
    """Return a case."""
    case: dict[str, Any] = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    return case


def lay_out(case: dict[str, Any], folder: Path) -> None:
    """Write the files of a case into the folder: the team with its change, and all others."""
    team = (HERE / "team.yaml").read_text(encoding="utf-8")
    for old, new in case.get("change", {}).items():
        assert team.count(old) == 1, f"{old!r} is in the team {team.count(old)} times"
        team = team.replace(old, new)
    for name, text in {"team.yaml": team, **case.get("files", {})}.items():
        (folder / name).write_text(text, encoding="utf-8")
    for name in case.get("folders", ()):
        (folder / name).mkdir()


def type_in(capsys: Captured, line: str) -> Done:
    """Run a command line that begins with `accord`."""
    return accord(capsys, *arguments_of(line))


def arguments_of(line: str) -> list[str]:
    """Return the arguments of a command line that begins with `accord`."""
    program, *arguments = shlex.split(line)
    assert program == "accord"
    return arguments


@contextmanager
def held(home: Path, thread: str | None) -> Iterator[None]:
    """Hold a thread of the data folder, as another process that works on it does."""
    with asyncio.Runner() as runner, ExitStack() as stack:
        if thread is not None:
            lock = FileLocks(locks_of(home / "accord.sqlite")).hold(thread)
            runner.run(lock.__aenter__())
            stack.callback(lambda: runner.run(lock.__aexit__(None, None, None)))
        yield


@contextmanager
def sealed(paths: list[Path]) -> Iterator[None]:
    """Let files and folders, with all that is in them, only be read."""
    modes = {each: each.stat().st_mode for path in paths for each in (path, *path.rglob("*"))}
    for path in modes:
        path.chmod(0o500 if path.is_dir() else 0o400)
    try:
        yield
    finally:
        for path, mode in modes.items():
            path.chmod(mode)


def type_in_as_a_user(folder: Path, line: str) -> Done:
    """Run a command line in a process of its own, which heeds the modes of files even where the superuser tests."""
    return process(folder, *arguments_of(line), before=bound_by_modes)


@pytest.fixture
def endpoint() -> Iterator[Callable[[int], str]]:
    """Opens an endpoint that answers every call with a status, and returns its address."""
    with ExitStack() as stack:

        def opened(code: int) -> str:
            answers: Script = dict.fromkeys(("risk", "finance"), forever(status(code)))
            return stack.enter_context(serve(answers)).base_url

        yield opened


def test_fifty_mistakes_and_more_are_held() -> None:
    assert len(CASES) >= LEAST


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_a_mistake_is_answered_by_its_sentences(
    path: Path,
    accord_home: Path,
    capsys: Captured,
    monkeypatch: pytest.MonkeyPatch,
    endpoint: Callable[[int], str],
) -> None:
    case, folder = read(path), accord_home.parent
    assert set(case) <= KEYS, f"{path.name} has other keys"
    lay_out(case, folder)
    for before in case.get("before", ()):
        type_in(capsys, before)
    for name, value in case.get("env", {}).items():
        monkeypatch.setenv(name, value.replace("TMP", str(folder)))
    if "status" in case:
        monkeypatch.setenv("OPENAI_BASE_URL", endpoint(case["status"]))
    (folder / "stdin").write_text(case.get("stdin", ""), encoding="utf-8")
    with (folder / "stdin").open(encoding="utf-8") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        with held(accord_home, case.get("held")), sealed([folder / name for name in case.get("sealed", ())]):
            done = type_in_as_a_user(folder, case["run"]) if "sealed" in case else type_in(capsys, case["run"])

    told = [line.removeprefix(PREFIX) for line in done.err.splitlines() if line.startswith(PREFIX)]
    assert (done.code, [line.replace(str(folder), "TMP") for line in told]) == (case["exit"], case["stderr"]), done
    assert "Traceback" not in done.err
    printed = " ".join(done.out.replace(str(folder), "TMP").split())
    assert [line for line in case.get("stdout", ()) if line not in printed] == []
    assert [name for name in case.get("absent", ()) if (folder / name).exists()] == []


def test_no_sentence_has_a_word_that_we_do_not_say() -> None:
    """These are idioms of another language, and words of the machinery."""
    said = " ".join(f" {' '.join([*case['stderr'], *case.get('stdout', ())])} " for case in map(read, CASES))
    for word in (
        " is no ",
        " stands ",
        " beside ",
        " tells ",
        " goes on",
        "Syntax error",
        "undeclared",
        "Errno",
        "<EOF>",
    ):
        assert word not in said.replace("there is no ", ""), word
