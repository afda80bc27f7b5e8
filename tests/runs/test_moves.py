"""Moves in whole runs: who follows the others without a new fact is flagged, always; who names one is not.

The judge is written from what the docs say, and shares nothing with the code: it knows each path as the keys that the
script chose, before they were written down in one of many ways.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest

from graph.record import Record
from nodes.voices.voice import Question
from policies.run.seats import Failure
from tests.harness import proposal, resume, run, scripted, settings_at, team_of
from tests.runs.desk import Desk
from tests.runs.people import human, team
from tests.runs.stage import state_of

STANCES = ("go", "caution", "block")
ROLES = ("ada", "bert", "cleo", "dora", "ella")
FACTS: dict[str, Any] = {"rate": 0.1, "sales": {"orders": 7, "by.region": {"us": 3}}, "risk": {"alerts": 4, "facts": 1}}
PATHS = (
    ("rate",),
    ("sales",),
    ("sales", "orders"),
    ("sales", "by.region"),
    ("sales", "by.region", "us"),
    ("risk",),
    ("risk", "alerts"),
    ("risk", "facts"),
)
LEAVES = (("rate",), ("sales", "orders"), ("sales", "by.region", "us"), ("risk", "alerts"), ("risk", "facts"))
LOST = ("lost", "sales.lost", "facts.rate.today", 'risk["calm"]', "the alerts")
ROUNDS = 5

Keys = tuple[str, ...]


def written(random: Random, keys: Keys) -> str:
    """A path as somebody may write it."""
    text = random.choice(("", "facts"))
    for key in keys:
        quoted = random.choice((f'["{key}"]', f"['{key}']"))
        text += quoted if "." in key or random.random() < 0.3 else f".{key}" if text else key
    return text


def is_new(keys: Keys, known: set[Keys]) -> bool:
    """Whether a path names other facts than each path named before, and not all of its facts with some around them."""
    return not any(facts_at(before) <= facts_at(keys) for before in known)


def facts_at(keys: Keys) -> set[Keys]:
    return {leaf for leaf in LEAVES if leaf[: len(keys)] == keys}


@dataclass
class Herd:
    """What roles say, round by round: they stay, follow the most of the last round, or move for a new fact."""

    random: Random
    said: dict[int, dict[str, str]] = field(default_factory=dict)
    known: dict[str, set[Keys]] = field(default_factory=dict)
    last: dict[str, str] = field(default_factory=dict)
    moved: int = 0
    expected: dict[int, set[str]] = field(default_factory=dict)
    """Who is to be flagged, by round."""

    def speech(self, question: Question) -> Any:
        random, role = Random(f"{self.random.random()}"), question.name
        if random.random() < 0.1:
            return Failure("llm_timeout")
        stance = self._stance(random, role, question.round)
        finds = random.random() < 0.4
        named = self._named(random, role, finds=finds)
        self._judge(role, question.round, stance, {keys for keys, _ in named})
        evidence = [text for _, text in named] + random.sample(LOST, random.choice((0, 0, 1)))
        return proposal(role, stance, evidence=random.sample(evidence, len(evidence)))

    def _stance(self, random: Random, role: str, number: int) -> str:
        before = [*self.said.get(number - 1, {}).values()]
        if not before or random.random() < 0.3:
            return random.choice(STANCES)
        return max(STANCES, key=before.count)

    def _named(self, random: Random, role: str, *, finds: bool) -> list[tuple[Keys, str]]:
        known = self.known.get(role, set())
        new = [keys for keys in PATHS if keys not in known]
        old = random.sample(sorted(known), random.randint(0, len(known)))
        chosen = [*old, *(random.sample(new, 1) if finds and new else [])]
        return [(keys, written(random, keys)) for keys in chosen]

    def _judge(self, role: str, number: int, stance: str, named: set[Keys]) -> None:
        known = self.known.setdefault(role, set())
        if self.last.get(role, stance) != stance:
            self.moved += 1
            if not any(is_new(keys, known) for keys in named):
                self.expected.setdefault(number, set()).add(role)
        known |= named
        self.last[role] = stance
        self.said.setdefault(number, {})[role] = stance


def herd_file(folder: Path, size: int, **changes: Any) -> str:
    policy: dict[str, Any] = {
        "name": "talk",
        "rules": [],
        "otherwise": "next_round",
        "when_rounds_end": "no_go",
        "on_absent": "count",
    }
    policy["accept"] = [{"property": "resolves", "because": "This is a test."}]
    roles = {name: {"title": name.title(), "mandate": "Judge.", "voice": "model"} for name in ROLES[:size]}
    path = folder / "herd.yaml"
    plain = {
        **{"name": "herd", "title": "A herd", "goal": "Go?", "facts": FACTS, "sequence": [*roles], "roles": roles},
        **{"policy": policy, "budget": {"max_rounds": ROUNDS, "max_messages": 200}, "max_repairs": 0, **changes},
    }
    path.write_text(json.dumps(plain), encoding="utf-8")
    return str(path)


def flagged(record: Record, name: str = "moved_without_reason") -> dict[int, set[str]]:
    """Who carries a flag, by round."""
    pairs = ((each["round"], flag.split(":")) for each in record["flags"] for flag in each["flags"])
    found: dict[int, set[str]] = {}
    for number, (flag, role) in pairs:
        if flag == name:
            found.setdefault(number, set()).add(role)
    return found


def check_seed(seed: int, folder: Path) -> tuple[int, int]:
    """Run a herd, and return how many moved, and how many of them without a new fact."""
    random, settings = Random(f"herd {seed}"), settings_at(folder / str(seed), "http://127.0.0.1:9")
    (folder / str(seed)).mkdir()
    herd = Herd(random)
    file = herd_file(folder, random.randint(3, 5))
    record = run(team_of(settings, file), settings, voices=scripted(herd.speech))
    without = sum(map(len, herd.expected.values()))

    assert len(record["history"]) == ROUNDS, (seed, record["stop_reason"])
    assert flagged(record) == herd.expected, (seed, herd)
    share = round(without / herd.moved, 3) if herd.moved else None
    assert record["moves"] == {"moved": herd.moved, "without_reason": without, "share": share}, seed
    return herd.moved, without


def test_who_follows_the_others_without_a_new_fact_is_flagged_and_who_names_one_is_not(tmp_path: Path) -> None:
    moved, without = map(sum, zip(*(check_seed(seed, tmp_path) for seed in range(12)), strict=True))

    assert moved > without > 20


# --- where the talk does not go straight on ---------------------------------------------------------------------------


def saying(*rounds: Mapping[str, tuple[str, list[str]]]) -> Any:
    """A speech that says of each role and round its stance and evidence; a stop where nothing is written."""

    def speech(question: Question) -> Any:
        said = rounds[question.round - 1].get(question.name)
        return Failure("llm_auth") if said is None else proposal(question.name, said[0], evidence=said[1])

    return scripted(speech)


def first(stance: str, *evidence: str) -> dict[str, tuple[str, list[str]]]:
    """What the first of three roles says, where the others stay with their word."""
    return {"ada": (stance, [*evidence]), "bert": ("go", []), "cleo": ("block", [])}


def test_a_run_that_was_resumed_knows_what_was_said_before(tmp_path: Path) -> None:
    settings = settings_at(tmp_path, "http://127.0.0.1:9")
    herd = team_of(settings, herd_file(tmp_path, 3), "budget.max_rounds=2")
    half: dict[str, tuple[str, list[str]]] = {"bert": ("go", [])}
    stopped = run(herd, settings, voices=saying(first("block", "rate"), half))
    done = resume(settings, voices=saying(first("block", "rate"), first("go", "facts.rate")))

    assert stopped["stop_reason"] == "llm_auth"
    assert flagged(done) == {2: {"ada"}}
    assert done["moves"] == {"moved": 1, "without_reason": 1, "share": 1.0}


def test_facts_that_changed_are_a_reason(tmp_path: Path) -> None:
    settings = settings_at(tmp_path, "http://127.0.0.1:9")
    herd = team_of(settings, herd_file(tmp_path, 3), "budget.max_rounds=4")
    run(herd, settings, voices=saying(first("block", "rate"), {}))
    later = saying({}, first("go", "rate"), first("block"), first("go", "risk"))
    moved = resume(settings, voices=later, facts={**FACTS, "rate": 0.2}, accept_changes=True)

    assert flagged(moved) == {3: {"ada"}}
    assert moved["moves"] == {"moved": 2, "without_reason": 1, "share": 0.5}


def test_a_row_counts_who_moved_and_why_shows_it(tmp_path: Path) -> None:
    settings = settings_at(tmp_path, "http://127.0.0.1:9")
    rules = [{"when": "moved >= 1", "then": "no_go", "because": "somebody follows"}]
    policy = {"name": "talk", "rules": rules, "otherwise": "next_round", "when_rounds_end": "escalate"}
    herd = team_of(settings, herd_file(tmp_path, 3, policy=policy))
    record = run(herd, settings, voices=saying(first("block"), first("go")))

    assert (record["final_decision"], record["rounds_used"], record["outcome"]["row"]) == ("no_go", 2, 1)


def test_nobody_moved_has_no_share_and_ballots_have_no_moves(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    still = run(team_of(settings), settings)
    other = run(team_of(settings, "market_scan"), settings, "other")

    assert still["moves"] == {"moved": 0, "without_reason": 0, "share": None}
    assert "moves" not in other


def test_a_person_who_changes_their_mind_is_not_flagged(tmp_path: Path) -> None:
    at = Desk(tmp_path, human("legal", "cfo", sequence=["demand", "risk", "legal"]), {1: {"risk": "block"}})
    at.run()
    for stance in ("caution", "go"):
        said = {"agent": "legal", "stance": stance, "summary": "So.", "confidence": 1.0, "actions": ["Go on."]}
        record = at.answer("cfo", said)

    assert [len(each["contributions"]) for each in record["history"]] == [3, 3]
    assert flagged(record) == {2: {"risk"}}
    assert record["moves"] == {"moved": 1, "without_reason": 1, "share": 1.0}


@pytest.mark.parametrize(("voice", "is_flagged"), [("model", True), ("rules", False)])
def test_a_team_may_require_evidence(tmp_path: Path, voice: str, is_flagged: bool) -> None:
    settings = settings_at(tmp_path, "http://127.0.0.1:9")
    plain = team()
    roles = {name: {**role, "voice": voice} for name, role in plain["roles"].items()}
    path = tmp_path / "strict.yaml"
    path.write_text(json.dumps({**plain, "roles": roles, "require_evidence": True}), encoding="utf-8")
    record = run(team_of(settings, str(path)), settings, voices=scripted(lambda asked: proposal(asked.name)))

    assert flagged(record, "unsupported") == ({1: {"demand", "risk"}} if is_flagged else {})


def test_the_chain_has_what_was_noticed_of_each_round(tmp_path: Path) -> None:
    settings = settings_at(tmp_path, "http://127.0.0.1:9")
    record = run(team_of(settings, herd_file(tmp_path, 3)), settings, voices=saying(*_turns()))

    assert flagged(record) == {2: {"ada"}, 4: {"ada"}}
    assert record["moves"]["moved"] == 4
    outcomes = [each for each in state_of(settings)["events"] if each["event"] == "outcome"]
    assert [each["moves"] for each in outcomes] == [[], *[["ada"]] * 4]
    assert [each["marks"] for each in outcomes] == [
        {"open_questions": 0, "ungrounded": 0, "moved": number} for number in (0, 1, 0, 1, 0)
    ]


def _turns() -> Iterator[dict[str, tuple[str, list[str]]]]:
    """Five rounds in which the first role moves each time, every other time for a new fact."""
    yield first("go")
    yield first("block")
    yield first("go", "rate")
    yield first("block", "rate")
    yield first("go", "sales.orders")
