"""Runs every command on a database that was tampered with: it shows what there is, or says what is wrong.

Nothing that somebody writes into the file makes a command end as our own bugs do.
"""

import io
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any

from graph.cli.exits import Exit
from graph.cli.main import run as command
from graph.problems import UsageError
from graph.settings import Settings
from nodes.services import InputRefusedError
from nodes.voices.voice import Question
from tests.audit.anatomy import differences, rows_in
from tests.audit.gallery import gallery, threads_of
from tests.audit.judging import owners_of
from tests.audit.showing import settings_on
from tests.audit.surgery import tampered
from tests.harness import proposal, resume, run, scripted, team_of

MOST_THREADS = 2
"""Of a change that concerns more threads than these, the first are looked at."""


def check_seed(seed: int) -> str:
    """Return how many commands ended with each exit code.

    Raises:
        AssertionError: a command ended as after a bug of ours, with the story.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "accord.sqlite"
        shutil.copyfile(gallery(), path)
        cut = tampered(path, seed)
        codes = []
        for arguments in _commands(path, _concerned(path)):
            code, said = _ended(*arguments, "--db", str(path))
            assert code != Exit.UNEXPECTED, f"{cut}: accord {' '.join(arguments)} says {said}"
            codes.append(code)
        for thread in _concerned(path):
            _go_on(path, thread)
    return " ".join(map(str, sorted({int(code) for code in codes})))


def _go_on(path: Path, thread: str) -> None:
    """Resume the thread and run it again, on copies; anything but a sentence or a record is an error here."""
    for number, work in enumerate(_WORKS):
        copy = path.with_name(f"copy-{number}.sqlite")
        shutil.copyfile(path, copy)
        with suppress(UsageError, InputRefusedError):
            work(settings_on(copy), thread)


_WORKS: list[Callable[[Settings, str], Any]] = [
    lambda settings, thread: resume(settings, thread, scripted(_go), budget={"max_messages": 60}),
    lambda settings, thread: resume(settings, thread, scripted(_go), facts={"region": "EU"}, accept_changes=True),
    lambda settings, thread: run(team_of(settings), settings, thread, scripted(_go)),
    lambda settings, thread: run(team_of(settings), settings, thread, scripted(_go), accept_changes=True),
]


def _go(question: Question) -> Any:
    return proposal(question.name)


def _concerned(path: Path) -> list[str]:
    """Return the threads that lists show and that the change concerns; of the whole file, any will do."""
    shown = threads_of(gallery())
    try:
        found = {owner for each in differences(rows_in(gallery()), rows_in(path)) for owner in owners_of(each)}
    except Exception:  # the file itself is damaged
        found = set(shown)
    return [name for name in shown if name in found][:MOST_THREADS]


def _commands(path: Path, threads: list[str]) -> Iterator[tuple[str, ...]]:
    yield ("list",)
    yield "audit", "verify"
    yield "whatif", "--policy", "launch"
    for thread in threads:
        yield "audit", "verify", thread
        yield "show", thread
        yield "show", thread, "--html", str(path.with_name("page.html"))
        yield "show", thread, "--markdown", str(path.with_name("page.md"))
        yield "why", thread
        yield "messages", thread
        yield "audit", "export", thread
        yield "replay", thread


def _ended(*arguments: str) -> tuple[int, str]:
    raw = io.BytesIO()
    err = io.StringIO()
    with redirect_stdout(io.TextIOWrapper(raw, encoding="utf-8")), redirect_stderr(err):
        code = command([*arguments])
    return code, err.getvalue()
