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
        assert done.returncode in (0, 1), done.stdout[-2_000:] + done.stderr[-2_000:]
        return FAILED.findall(done.stdout)

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
        self._folder, self._data = copy.folder, CoverageData(str(copy.folder / ".coverage"))
        self._data.read()

    def tests_of(self, each: Break) -> list[str]:
        """Return the tests that run one of the lines, else those that run any line of the file."""
        by_line = self._data.contexts_by_lineno(str(self._folder / each.file))
        near = {context for line in each.lines() for context in by_line.get(line, ())}
        found = near - {""} or {context for contexts in by_line.values() for context in contexts} - {""}
        return sorted({context.partition("|")[0] for context in found} - self.failing)


def judged(each: Break, copy: Copy, reach: Reach) -> str:
    """Return the test that notices a break, or an empty text where none does."""
    copy.make(each)
    try:
        tests = reach.tests_of(each)
        found = copy.failures("-x", tests=tests) if tests else []
        found = found or [name for name in copy.failures("-m", FAST) if name not in reach.failing]
        return next(iter(found or copy.failures("-x", "-m", REST)), "")
    finally:
        copy.mend(each)


def results() -> dict[str, str]:
    """Return what earlier calls found: by promise the test that noticed, empty where none did."""
    lines = KEPT.read_text().splitlines() if KEPT.exists() else []
    return {entry["promise"]: entry["noticed"] for entry in map(json.loads, lines)}


def judge_all(todo: Sequence[Break], workers: int) -> Iterator[tuple[Break, str]]:
    """Yield each break with the test that notices it, and keep that as it is found."""
    KEPT.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, KEPT.open("a") as file:
        copy = Copy(Path(folder), workers)
        reach = Reach(copy)
        for each in todo:
            noticed = judged(each, copy, reach)
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
