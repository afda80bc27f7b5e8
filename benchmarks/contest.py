"""The contenders, each in a process of its own, so that none pays for what another one imported or left behind."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks import environment
from benchmarks.case import prompts_of
from benchmarks.job import PROMPTS, ROUNDS
from benchmarks.worker import Block

CONTENDERS = {
    "accord": ("accord", "opened"),
    "accord with progress": ("accord", "opened_with_progress"),
    "accord with --json": ("accord", "opened_with_json"),
    "accord, ChatOpenAI": ("accord", "opened_with_chat_openai"),
    "yardstick": ("yardstick", "opened"),
    "yardstick, NORMAL": ("yardstick", "opened_normal"),
    "bare": ("bare", "opened"),
    "agno": ("agno", "opened"),
}
"""Each with its file and what opens it there."""

APART = ("agno",)
"""Those with an environment of their own, without Accord: their prompts are handed over as data."""


class Worker:
    """A contender's process, as the benchmark sees it."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process, self.folder = process, folder

    def do(self, runs: int, at_once: int = 1) -> Block:
        """Do the job so many times, so many at once."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"runs": runs, "at_once": at_once}) + "\n")
        self._process.stdin.flush()
        return Block(**json.loads(self._process.stdout.readline()))


def left_out() -> dict[str, str]:
    """Make the environments that are missing; return the contenders that have none, each with the reason."""
    reasons = {}
    for name in APART:
        try:
            environment.make(name)
        except environment.NotInstalledError as error:
            reasons[name] = str(error)
    return reasons


@contextmanager
def start(name: str, base_url: str, rounds: int = ROUNDS) -> Iterator[Worker]:
    """Start a contender on a folder of its own; it ends with the context."""
    with tempfile.TemporaryDirectory() as folder:
        if name in APART:
            Path(folder, PROMPTS).write_text(json.dumps(prompts_of(rounds)), encoding="utf-8")
        python = str(environment.python_of(name)) if name in APART else sys.executable
        command = [python, "-m", "benchmarks.worker", *CONTENDERS[name], base_url, folder, str(rounds)]
        process = subprocess.Popen(
            command, cwd=environment.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        try:
            yield Worker(process, Path(folder))
        finally:
            process.communicate()


@contextmanager
def start_all(names: Sequence[str], base_url: str) -> Iterator[dict[str, Worker]]:
    """Start several contenders, to take turns."""
    with ExitStack() as stack:
        yield {name: stack.enter_context(start(name, base_url)) for name in names}
