"""The record of each shipped team as the command line gives it: of a run to its end or to people, a stop, a resume.

The runs see a clock that stands still, so that two equal runs are alike. The hashes that chain the events are masked:
they follow from what is kept.
"""

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

from graph.cli.main import run
from graph.teams.loader import load_team
from nodes.services import Services

FOLDER = Path(__file__).parent
REWRITE = "python -m tests.records"
STOPPING = 2
"""The messages after which the second run stops; its resume may use as many as the team file says."""
AT = "2026-03-02T09:00:00.000+00:00"
MASK = "*"
CHAINED = frozenset({"hash", "prev_hash"})

Plain = dict[str, Any]


def played(team: str, database: Path) -> Plain:
    """Return what the commands give for a team: the record, the exit code and the events of each run."""
    base = ("run", team, "--voice", "rules", "--db", database)
    limit = load_team(team).budget.max_messages
    with patch("graph.opening.Services", _at_one_time):
        ended = _seen(database, "ended", *base, "--thread", "ended")
        stopped = _seen(database, "stopped", *base, "--thread", "stopped", "--set", f"budget.max_messages={STOPPING}")
        more = ("--db", database, "--budget", f"max_messages={limit}")
        resumed = _seen(database, "stopped", "resume", "stopped", *more)
    before = len(stopped["events"])
    assert resumed["events"][:before] == stopped["events"], "a resume only adds to the record"
    return {"ended": ended, "stopped": stopped, "resumed": {**resumed, "events": resumed["events"][before:]}}


def kept_file(team: str) -> Path:
    """Return the file that holds a team's runs."""
    return FOLDER / f"{team}.json"


def written(runs: Mapping[str, Plain]) -> str:
    """Return the runs as they are kept: a line for each part of a record and for each event."""
    return _lines(runs, 3) + "\n"


def _at_one_time(*given: Any, **named: Any) -> Services:
    return Services(*given, **{**named, "clock": lambda: 0.0, "now": lambda: AT, "versions": {}})


def _seen(database: Path, thread: str, *arguments: object) -> Plain:
    code, record = _called(*arguments, "--json")
    exported, lines = _called("audit", "export", thread, "--db", database)
    assert (code in (0, 3, 4), exported) == (True, 0), (code, record)
    events = [_masked(json.loads(line)) for line in lines.splitlines()]
    return {"exit": code, "record": _masked(json.loads(record)), "events": events}


def _called(*arguments: object) -> tuple[int, str]:
    """Run `accord` in this process; return its exit code and what it wrote on stdout."""
    written = io.BytesIO()
    out = io.TextIOWrapper(written, encoding="utf-8")
    with redirect_stdout(out), redirect_stderr(io.StringIO()):
        code = run([str(each) for each in arguments])
        out.flush()
    return int(code), written.getvalue().decode("utf-8")


def _masked(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _part(key, each) for key, each in value.items()}
    return [_masked(each) for each in value] if isinstance(value, list) else value


def _part(key: str, value: Any) -> Any:
    if key == "wrote":  # a digest for each field that a node wrote; that of the events is chained
        return {name: [each[0], MASK] if name == "events" else each for name, each in value.items()}
    return MASK if key in CHAINED else _masked(value)


def _lines(value: Any, levels: int, indent: str = "") -> str:
    """Return JSON in which the values below so many levels are a line each."""
    if levels == 0 or not isinstance(value, dict | list) or not value:
        return json.dumps(value, ensure_ascii=False)
    opening, closing = ("{", "}") if isinstance(value, dict) else ("[", "]")
    parts = (f"{indent}  {name}{_lines(each, levels - 1, indent + '  ')}" for name, each in _named(value))
    return f"{opening}\n" + ",\n".join(parts) + f"\n{indent}{closing}"


def _named(value: Mapping[str, Any] | Sequence[Any]) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield from ((f"{json.dumps(key)}: ", each) for key, each in value.items())
    else:
        yield from (("", each) for each in value)
