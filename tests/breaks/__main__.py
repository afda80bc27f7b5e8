"""Makes each deliberate break in a copy of the tree, and sees whether the tests notice: `python -m tests.breaks`.

First come the fast tests whose coverage reaches the broken lines, up to the first failure, then the rest of `make test`
for what survives. Each result is a line in `.soak/breaks.jsonl`; another call goes on where this one ended, and
`--again` judges the survivors again.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path

import click
from coverage import CoverageData

from tests.breaks.table import BREAKS, ROOT, Break

KEPT = ROOT / ".soak" / "breaks.jsonl"
BESIDE = ("--ignore=tests/breaks", "--ignore=tests/test_house.py", "--ignore=tests/test_docs.py")
"""What looks at the text of the code: these tests notice any change, so they are no witnesses."""
FAST, REST = "not slow and not system", "slow and not system"
LEFT_OUT = shutil.ignore_patterns(".venv", ".git", ".soak", "__pycache__", ".*_cache", ".hypothesis", ".coverage*")
FAILED = re.compile(r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$", re.MULTILINE)


class Copy:
    """A copy of the tree, in which tests run against the copy's packages."""

    def __init__(self, folder: Path, workers: int) -> None:
        self.folder = folder / "tree"
        self._workers = workers
        shutil.copytree(ROOT, self.folder, ignore=LEFT_OUT)

    def failures(self, *arguments: str, tests: Iterable[str] = ()) -> list[str]:
        """Run tests, all or these, and return the ids of those that fail."""
        named = self.folder.parent / "tests.txt"
        named.write_text("\n".join(tests))
        files = [f"@{named}"] if named.stat().st_size else []
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-rfE",
            "-n",
            str(self._workers),
            "-p",
            "no:cacheprovider",
            *BESIDE,
        ]
        environment = {key: value for key, value in os.environ.items() if key != "CI"}
        done = subprocess.run(
            [*command, *arguments, *files],
            cwd=self.folder,
            env=environment | {"PYTHONPATH": str(self.folder)},
            capture_output=True,
            text=True,
        )
        failed = FAILED.findall(done.stdout)  # `-x` on several workers ends with 2
        assert done.returncode in (0, 1) or failed, done.stdout[-2_000:] + done.stderr[-2_000:]
        return failed

    def make(self, each: Break) -> None:
        """Make a break."""
        self._write(each, each.made_in((ROOT / each.file).read_text(encoding="utf-8")))

    def mend(self, each: Break) -> None:
        """Take a break back."""
        self._write(each, (ROOT / each.file).read_text(encoding="utf-8"))

    def _write(self, each: Break, text: str) -> None:
        (self.folder / each.file).write_text(text, encoding="utf-8")


class Reach:
    """Which fast tests reach which lines, and which tests fail without any break, in the copy alone."""

    def __init__(self, copy: Copy) -> None:
        packages = [f"--cov={name}" for name in ("graph", "nodes", "policies")]
        self.failing = set(copy.failures("-m", FAST, *packages, "--cov-context=test", "--cov-report="))
        self._copy, self._data = copy, CoverageData(str(copy.folder / ".coverage"))
        self._data.read()

    @cached_property
    def fast(self) -> list[str]:
        """The arguments that choose the fast tests, without what fails there in any case."""
        return ["-x", "-m", FAST, *(f"--deselect={name}" for name in self.failing)]

    @cached_property
    def rest(self) -> list[str]:
        """The same of the rest of `make test`, which is run for it once."""
        return ["-x", "-m", REST, *(f"--deselect={name}" for name in self._copy.failures("-m", REST))]

    def tests_of(self, each: Break) -> list[str]:
        """Return the tests that run one of the lines, else those that run any line of the file."""
        by_line = self._data.contexts_by_lineno(str(self._copy.folder / each.file))
        near = {context for line in each.lines() for context in by_line.get(line, ())}
        found = near - {""} or {context for contexts in by_line.values() for context in contexts} - {""}
        return sorted({context.partition("|")[0] for context in found} - self.failing)


def failed_by(each: Break, copy: Copy, *arguments: str, tests: Iterable[str] = ()) -> str:
    """Return a test that fails while a break is made, or an empty text where none does."""
    copy.make(each)
    try:
        return next(iter(copy.failures(*arguments, tests=tests)), "")
    finally:
        copy.mend(each)


def judged(todo: Sequence[Break], copy: Copy) -> Iterator[tuple[Break, str]]:
    """Yield each break with the test that notices it: first those that a fast test does."""
    reach, late = Reach(copy), []
    for each in todo:
        tests = reach.tests_of(each)
        found = (failed_by(each, copy, "-x", tests=tests) if tests else "") or failed_by(each, copy, *reach.fast)
        if found:
            yield each, found
        else:
            late.append(each)
    for each in late:
        yield each, failed_by(each, copy, *reach.rest)


def results() -> dict[str, str]:
    """Return what earlier calls found: by promise the test that noticed, empty where none did."""
    lines = KEPT.read_text().splitlines() if KEPT.exists() else []
    return {entry["promise"]: entry["noticed"] for entry in map(json.loads, lines)}


def judge_all(todo: Sequence[Break], workers: int) -> Iterator[tuple[Break, str]]:
    """Yield each break with the test that notices it, and keep that as it is found."""
    KEPT.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, KEPT.open("a") as file:
        for each, noticed in judged(todo, Copy(Path(folder), workers)):
            file.write(json.dumps({"promise": each.promise, "noticed": noticed}) + "\n")
            file.flush()
            yield each, noticed


@click.command()
@click.option("--again", is_flag=True, help="Judge again what survived before.")
@click.option("--workers", type=int, default=2, show_default=True)
def main(again: bool, workers: int) -> None:
    """Judge every break that was not judged yet, and say how many the tests notice."""
    known = {promise: noticed for promise, noticed in results().items() if noticed or not again}
    todo = [each for each in BREAKS if each.promise not in known]
    for each, noticed in judge_all(todo, workers) if todo else ():
        known[each.promise] = noticed
        click.echo(f"{'noticed' if noticed else 'SURVIVED'}: {each.promise}")
    survivors = [each.promise for each in BREAKS if not known[each.promise]]
    click.echo(f"{len(BREAKS) - len(survivors)} of {len(BREAKS)} noticed")
    for promise in survivors:
        click.echo(f"survived: {promise}", err=True)
    raise SystemExit(1 if survivors else 0)


if __name__ == "__main__":
    main()
