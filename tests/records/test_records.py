"""The record of every shipped team is the one that is kept: of a run to the end, of one that stops, and its resume."""

import json
from pathlib import Path
from typing import Any

import pytest

from graph.teams.loader import shipped_teams
from tests.records.kept import FOLDER, REWRITE, kept_file, played

pytestmark = pytest.mark.usefixtures("accord_home")


@pytest.mark.parametrize("team", shipped_teams())
def test_the_record_of_a_shipped_team_is_the_one_that_is_kept(team: str, tmp_path: Path) -> None:
    kept = json.loads(kept_file(team).read_text(encoding="utf-8"))
    seen = played(team, tmp_path / "a.sqlite")

    moved = differences(kept, seen, team)
    listed = "\n".join(moved[:20])
    assert not moved, f"{len(moved)} values moved; if all of it is meant, `{REWRITE}` writes the files anew:\n{listed}"


def test_a_record_is_kept_of_each_shipped_team_and_of_no_other() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(shipped_teams())


def differences(kept: Any, seen: Any, place: str) -> list[str]:
    """Return where two values differ, and how."""
    if isinstance(kept, dict) and isinstance(seen, dict) and list(kept) == list(seen):
        return [line for key in kept for line in differences(kept[key], seen[key], f"{place}.{key}")]
    if isinstance(kept, list) and isinstance(seen, list) and len(kept) == len(seen):
        pairs = enumerate(zip(kept, seen, strict=True))
        return [line for number, (was, now) in pairs for line in differences(was, now, f"{place}[{number}]")]
    is_same = kept == seen and type(kept) is type(seen)
    return [] if is_same else [f"{place}: kept {_short(kept)}, now {_short(seen)}"]


def _short(value: Any) -> str:
    return f"{len(value)} items" if isinstance(value, dict | list) else repr(value)
