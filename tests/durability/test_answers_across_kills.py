"""Whatever is killed while people are asked, each of them is heard once, and the run ends as they said."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.durability.answers import PEOPLE, WHOLE, team_of
from tests.durability.forks import run_alone
from tests.durability.processes import PATIENCE_SECONDS, Desk

pytestmark = pytest.mark.slow

KILLED, WAITING, REFUSED, BUSY = -9, 4, 2, 5
HEARD = {"one": PEOPLE[:1], "three": PEOPLE, "seats": PEOPLE}
TRIALS = 12


def exported(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "export" / "out").read_text().splitlines()]


def judge(folder: Path, kind: str) -> None:
    """Each person was heard once, each question had one effect, and the record is whole: from the export alone."""
    codes: dict[str, int] = json.loads((folder / "codes").read_text())
    events = exported(folder)
    answered = Counter(event["by"] for event in events if event["event"] == "answered")
    effects = Counter(event["question"] for event in events if event["event"] == "ruled")
    filled = Counter(event["role"] for event in events if event["event"] == "accepted")

    assert answered == dict.fromkeys(HEARD[kind], 1), codes
    assert all(times == 1 for times in effects.values())
    assert all(times == (2 if kind != "seats" else 1) for times in filled.values()), filled
    assert [event["event"] for event in events].count("declined") == 0
    assert [event["seq"] for event in events] == list(range(len(events)))
    ended = [(event["stop_reason"], event["final_decision"]) for event in events if event["event"] == "finished"]
    assert ended == [("success", "go")]
    assert (codes["resume"], codes["verify"]) == (0, 0)
    given = {code for name, code in codes.items() if name[0].isdigit() and code != KILLED}
    assert given <= {0, WAITING, REFUSED}


@pytest.mark.parametrize("kind", HEARD)
@pytest.mark.timeout(180)
def test_each_person_is_heard_once_whatever_is_killed(tmp_path: Path, database: str, kind: str) -> None:
    run_alone("tests.durability.answers", kind, str(tmp_path), str(TRIALS), database, timeout=170)
    folders = [path.parent for path in tmp_path.glob("*/codes")]

    assert len(folders) == TRIALS + 1
    killed = sum(code == KILLED for path in folders for code in json.loads((path / "codes").read_text()).values())
    assert killed >= TRIALS
    for folder in folders:
        judge(folder, kind)
    assert KILLED not in json.loads((tmp_path / WHOLE / "codes").read_text()).values()


@pytest.mark.timeout(120)
def test_two_who_answer_at_the_same_time_have_one_effect(tmp_path: Path) -> None:
    (tmp_path / "team.json").write_text(json.dumps(team_of("one")))
    desk = Desk(tmp_path)
    for number in range(4):
        thread = f"at-once-{number}"
        desk.accord("run", "team.json", "--thread", thread)
        typed = ("decide", thread, "--by", "cfo", "--because", "Yes.", "--json")
        with (
            desk.started(*typed, "go", name=f"a{number}") as first,
            desk.started(*typed, "no_go", name=f"b{number}") as second,
        ):
            codes = [each.process.wait(PATIENCE_SECONDS) for each in (first, second)]
        events = [json.loads(line) for line in desk.accord("audit", "export", thread).out.splitlines()]
        assert [event["event"] for event in events].count("answered") == 1
        assert sorted(codes)[0] == 0
        assert sorted(codes)[1] in (REFUSED, BUSY)
