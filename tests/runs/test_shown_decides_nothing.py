"""What roles read of earlier rounds decides nothing where code speaks for them: drawn teams and facts, whole runs."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.harness import run, settings_at, team_of

MODES = [{"show": show, "names": names} for show in ("stances", "arguments", "both") for names in (True, False)]
POLICIES = ("classic", "launch", "majority", "median", "quorum", "unanimous", "veto", "weighted")
KEYS = (
    "status", "stop_reason", "phase", "final_decision", "answer", "rounds_used", "trace", "history", "outcome", "flags",
    "absent", "usage", "team_summary",
)  # fmt: skip


def drawn_team(random: Random) -> dict[str, Any]:
    """Return a team whose roles judge drawn facts by drawn checks."""
    names = random.sample(["ann", "bob", "cid", "dee", "eve"], random.randint(2, 5))
    facts = {"a": random.randint(0, 9), "b": {"c": random.randint(0, 9)}, "region": random.choice(["US", "EU"])}
    limit = {
        "name": "limit",
        "fact": "a",
        "above": random.randint(0, 9),
        "cap": random.choice(["no_go", "go_with_caution"]),
    }
    return {
        **{"name": "drawn", "title": "Drawn", "goal": "Decide.", "facts": facts, "sequence": names},
        **{"policy": random.choice(POLICIES), "guards": [limit] if random.random() < 0.4 else []},
        "roles": {name: drawn_role(random, name) for name in names},
        "budget": {"max_rounds": random.randint(1, 4), "max_messages": 60, "min_go_votes": random.randint(1, 2)},
    }


def drawn_role(random: Random, name: str) -> dict[str, Any]:
    def position() -> dict[str, Any]:
        stance = random.choice(["go", "go", "caution", "block"])
        return {"stance": stance, "summary": random.choice(["So.", f"{name} says so."]), "actions": ["Act."]}

    read = random.choice(["facts.a", "facts.b.c"])
    checks = [{"when": f"{read} > {random.randint(0, 9)}", **position()} for _ in range(random.randint(0, 2))]
    return {"title": name, "mandate": f"Judge {name}.", "checks": checks, "otherwise": position()}


def check_seed(seed: int, folder: Path) -> str:
    """Judge one drawn team: its runs in all modes are one run, but for what they are pinned to."""
    settings, path = settings_at(folder), folder / "team.json"
    plain, found = drawn_team(Random(seed)), []
    for number, rounds in enumerate(MODES):
        path.write_text(json.dumps({**plain, "rounds": rounds}), encoding="utf-8")
        record = run(team_of(settings, str(path), voice="rules"), settings, f"t{number}")
        usage = {key: value for key, value in record["usage"].items() if key != "seconds"}
        found.append(({key: record.get(key) for key in KEYS} | {"usage": usage}, record["hashes"]))
    first = found[0]
    for (told, hashes), rounds in zip(found, MODES, strict=True):
        assert told == first[0], (seed, rounds)
        assert {**hashes, "team": ""} == {**first[1], "team": ""}
    assert len({hashes["team"] for _, hashes in found}) == len(MODES)
    return str(first[0]["final_decision"] or first[0]["stop_reason"])


@pytest.mark.slow
def test_teams_that_differ_in_what_they_show_alone_decide_the_same_by_their_rules(tmp_path: Path) -> None:
    ends = set()
    for seed in range(9):
        folder = tmp_path / str(seed)
        folder.mkdir()
        ends.add(check_seed(seed, folder))
    assert len(ends) >= 3, "the drawn teams are too much alike"
