"""`accord whatif`: real runs decided again, in three honest values, without asking anybody."""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from graph.record import Record
from graph.threads import Threads
from tests.assurance.stage import BLOCK, CAUTION, GO, Rounds, play, policy_file, team_file
from tests.audit.stored import rewrite_archive
from tests.harness import CHECKOUT_ROLES, answer, proposal, run, scripted, settings_at, team_of
from tests.hostile.command import Captured, accord, refused

pytestmark = pytest.mark.slow

ALL_GO, ONE_CAUTION = (GO, GO, GO), (GO, GO, CAUTION)
TWO_BLOCKS, ONE_BLOCK = (BLOCK, BLOCK, GO), (GO, GO, BLOCK)
RUNS: dict[str, tuple[Rounds, str]] = {
    "all_go": ([ALL_GO], "go"),
    "caution": ([ONE_CAUTION], "go_with_caution"),
    "two_blocks": ([TWO_BLOCKS], "no_go"),
    "talked": ([ONE_BLOCK, ALL_GO], "go"),
    "lasting": ([ONE_BLOCK] * 3, "max_rounds_reached"),
    "failed": (["llm_auth"], "llm_auth"),
    "failed_later": ([ONE_BLOCK, "llm_auth"], "llm_auth"),
}
"""The runs under `classic`: what was said in each round, and how they ended."""

SAME, OPEN = "same", "undetermined"
# What each policy makes of them: same, undetermined, or the other outcome with its round.
EXPECTED: dict[str, dict[str, str | tuple[str, int]]] = {
    "classic": dict.fromkeys(RUNS, SAME),
    "launch": {**dict.fromkeys(RUNS, SAME), "lasting": OPEN},
    "unanimous": {**dict.fromkeys(RUNS, SAME), "two_blocks": OPEN, "lasting": OPEN},
    "majority": {
        **dict.fromkeys(RUNS, SAME),
        "caution": ("go", 1),
        "lasting": ("go", 1),
        "failed_later": ("go", 1),
    },
    "median": {
        **dict.fromkeys(RUNS, SAME),
        "caution": ("go", 1),
        "lasting": ("go", 1),
        "failed_later": ("go", 1),
    },
    "quorum": {
        **dict.fromkeys(RUNS, SAME),
        "caution": ("go", 1),
        "lasting": ("go", 1),
        "failed": SAME,
        "failed_later": ("go", 1),
    },
    "guarded.yaml": {
        **{run: ("no_go", 1) for run in RUNS},
        "two_blocks": SAME,
        "failed": SAME,
    },
    "strict.yaml": {**dict.fromkeys(RUNS, SAME), "caution": OPEN, "all_go": SAME},
    "never.yaml": {
        **{run: ("escalated", 1) for run in RUNS},
        **dict.fromkeys(("all_go", "caution", "two_blocks", "talked", "lasting", "failed_later"), OPEN),
        "failed": SAME,
    },
}
GUARD = "guards:\n  - {name: chargebacks, fact: risk_signals.chargeback_alerts, above: 3, cap: no_go}\n"


@pytest.fixture
def runs(accord_home: Path) -> dict[str, Record]:
    """All the runs, in the database of the command line; and three files of rules beside it."""
    reference = (Path(__file__).parents[2] / "graph/teams/checkout_launch.yaml").read_text()
    Path("guarded.yaml").write_text(reference + GUARD)
    Path("strict.yaml").write_text(reference.replace("min_go_votes: 2", "min_go_votes: 3"))
    policy_file("rules: []\notherwise: escalate", "never", "never.yaml")
    settings = settings_at(accord_home)
    records = {name: play(settings, name, rounds) for name, (rounds, _) in RUNS.items()}
    ended = {name: record.get("final_decision") or record["stop_reason"] for name, record in records.items()}
    assert ended == {name: end for name, (_, end) in RUNS.items()}
    return records


def told(capture: Captured, *arguments: object) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the verdicts by thread, and the totals."""
    done = accord(capture, "whatif", *arguments, "--json")
    assert (done.code, done.err) == (0, "")
    *verdicts, totals = map(json.loads, done.out.splitlines())
    return {each["thread"]: each for each in verdicts}, totals


@pytest.mark.slow
@pytest.mark.usefixtures("runs")
def test_every_policy_answers_same_flipped_or_undetermined_for_every_run(capsys: Captured) -> None:
    for policy, expected in EXPECTED.items():
        verdicts, totals = told(capsys, "--policy", policy, "--all")
        found = {
            thread: (each["now"], each["round"]) if each["answer"] == "flipped" else each["answer"]
            for thread, each in verdicts.items()
        }
        assert found == expected, policy
        for thread, each in verdicts.items():
            assert each["was"] == RUNS[thread][1]
            assert each["now"] == {"same": each["was"], "undetermined": None}.get(each["answer"], each["now"])
        answers = Counter(each["answer"] for each in verdicts.values())
        moves = Counter((each["was"], each["now"]) for each in verdicts.values())
        assert {(move["from"], move["to"]): move["runs"] for move in totals.pop("table")} == moves
        assert totals == {
            "runs": len(RUNS),
            "same": 0,
            "flipped": 0,
            "undetermined": 0,
            "refused": 0,
            "left_out": 0,
            **answers,
        }


@pytest.mark.usefixtures("runs")
def test_only_what_changes_is_listed_unless_all_is_asked_for(capsys: Captured) -> None:
    verdicts, totals = told(capsys, "--policy", "unanimous")

    assert verdicts.keys() == {"two_blocks", "lasting"}
    assert totals["runs"] == len(RUNS)
    assert "would have been asked" in verdicts["lasting"]["reason"]
    assert verdicts["two_blocks"]["reason"] == "round 2 never took place"


@pytest.mark.usefixtures("runs")
def test_people_read_one_line_a_run_and_the_totals(capsys: Captured) -> None:
    done = accord(capsys, "whatif", "--policy", "guarded.yaml")

    lines = done.out.splitlines()
    assert done.code == 0
    assert "flipped       all_go  go -> no_go (round 1, row 3): enough go votes and no caution [chargebacks]" in lines
    assert [line.split()[0] for line in lines[:5]] == ["flipped"] * 5
    assert [tuple(line.split()) for line in lines[8:-2]] == [
        ("go", "no_go", "2"),
        ("go_with_caution", "no_go", "1"),
        ("llm_auth", "llm_auth", "1"),
        ("llm_auth", "no_go", "1"),
        ("max_rounds_reached", "no_go", "1"),
        ("no_go", "no_go", "1"),
    ]
    assert lines[-1] == "7 runs: 2 same, 5 flipped, 0 undetermined, 0 refused"


@pytest.mark.usefixtures("runs")
def test_nothing_is_written_to_the_threads_that_are_decided_again(capsys: Captured, accord_home: Path) -> None:
    def kept() -> list[Any]:
        with closing(sqlite3.connect(accord_home / "accord.sqlite")) as connection:
            tables = ("checkpoints", "writes", "store")
            return [sorted(map(repr, connection.execute(f"SELECT * FROM {table}"))) for table in tables]

    before = kept()
    told(capsys, "--policy", "majority")

    assert kept() == before


@pytest.mark.usefixtures("runs")
def test_runs_can_be_narrowed_to_a_team_and_to_a_day(capsys: Captured, accord_home: Path) -> None:
    other = (Path(__file__).parents[2] / "graph/teams/checkout_launch.yaml").read_text()
    Path("other.yaml").write_text(other.replace("name: checkout_launch", "name: other"))
    play(settings_at(accord_home), "another", [ONE_CAUTION], name="other.yaml")
    today = datetime.now(UTC).date()
    args = ("--policy", "majority", "--all")

    assert told(capsys, *args, "--team", "other")[0].keys() == {"another"}
    assert told(capsys, *args, "--team", "checkout_launch")[0].keys() == RUNS.keys()
    nobody = accord(capsys, "whatif", *args, "--team", "nobody")
    assert (nobody.code, nobody.err) == (0, "accord: there is no archived run of a team `nobody`\n")
    assert told(capsys, *args, "--since", today - timedelta(days=1))[1]["runs"] == len(RUNS) + 1
    assert told(capsys, *args, "--since", today + timedelta(days=1))[1]["runs"] == 0


def test_a_convened_role_that_never_came_leaves_the_run_undetermined(capsys: Captured, accord_home: Path) -> None:
    settings = settings_at(accord_home)
    rounds = [ONE_BLOCK, ALL_GO]
    play(settings, "enabled", rounds, "roles.legal_analyst.enabled=true")
    play(settings, "disabled", rounds)
    text = "rules: [{when: block == 1, then: next_round, convene: legal_analyst}]\notherwise: go"

    verdicts, _ = told(capsys, "--policy", policy_file(text), "--all")

    assert {thread: each["answer"] for thread, each in verdicts.items()} == {"enabled": OPEN, "disabled": SAME}
    assert verdicts["enabled"]["reason"] == "legal_analyst would have joined in round 2"


def test_a_run_that_a_person_decided_stays_the_same_under_a_policy_that_asks_a_person_too(
    capsys: Captured, accord_home: Path
) -> None:
    settings = settings_at(accord_home)
    play(settings, "t", [ONE_BLOCK, ONE_BLOCK], "policy=launch")
    assert told(capsys, "--policy", "launch", "--all")[1]["runs"] == 0  # it has not ended
    assert answer(settings, "no_go")["status"] == "ok"

    assert told(capsys, "--policy", "launch", "--all")[0]["t"]["answer"] == SAME
    assert told(capsys, "--policy", "majority")[0]["t"]["now"] == "go"
    assert told(capsys, "--policy", "classic")[0]["t"]["answer"] == OPEN


def test_a_run_that_went_on_is_decided_again_as_it_ended_last(capsys: Captured, accord_home: Path) -> None:
    settings = settings_at(accord_home)
    play(settings, "t", [ONE_BLOCK], "budget.max_rounds=1")
    assert told(capsys, "--policy", "classic", "--all")[0]["t"]["was"] == "max_rounds_reached"

    assert accord(capsys, "resume", "t", "--budget", "max_rounds=2", "--json").code == 0

    verdicts, totals = told(capsys, "--policy", "classic", "--all")
    assert (verdicts["t"]["was"], verdicts["t"]["answer"], totals["runs"]) == ("go", SAME, 1)


def test_a_thread_whose_process_died_before_it_was_noted_is_caught_up(
    capsys: Captured, accord_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(BaseException):
        pass

    async def die(*_: Any) -> None:
        raise Died

    settings = settings_at(accord_home)
    with monkeypatch.context() as patch:
        patch.setattr(Threads, "note", die)
        with pytest.raises(Died):
            play(settings, "t", [ONE_CAUTION])

    verdicts, _ = told(capsys, "--policy", "majority")

    assert (verdicts["t"]["was"], verdicts["t"]["now"]) == ("go_with_caution", "go")
    (entry,) = json.loads(accord(capsys, "list", "--json").out)
    assert (entry["status"], entry["final_decision"]) == ("ok", "go_with_caution")
    assert told(capsys, "--policy", "majority")[1]["runs"] == 1


@pytest.mark.usefixtures("runs")
def test_the_run_that_ended_last_is_listed_first(capsys: Captured) -> None:
    assert list(told(capsys, "--policy", "launch", "--all")[0]) == list(RUNS)[::-1]


def test_a_policy_that_reads_a_role_that_a_run_does_not_have_is_refused_for_that_run(
    capsys: Captured, accord_home: Path
) -> None:
    settings = settings_at(accord_home)
    play(settings, "three", [ALL_GO])
    sets = ("sequence+=legal_analyst", "roles.legal_analyst.enabled=true")
    everybody = (*CHECKOUT_ROLES, "legal_analyst")
    voices = scripted(lambda question: proposal(question.name))
    assert run(team_of(settings, "checkout_launch", *sets), settings, "four", voices)["status"] == "ok"
    name = policy_file('rules: [{when: stances.legal_analyst == "block", then: no_go}]\notherwise: go')

    verdicts, totals = told(capsys, "--policy", name, "--all")
    done = accord(capsys, "whatif", "--policy", name)

    reason = f"the policy reads `stances.legal_analyst`; the roles of the run: {', '.join(everybody[:3])}"
    assert (verdicts["four"]["answer"], verdicts["four"]["now"]) == (SAME, GO)
    assert (verdicts["three"]["answer"], verdicts["three"]["reason"]) == ("refused", reason)
    assert {key: verdicts["three"][key] for key in ("was", "now", "round", "row")} == {
        "was": GO,
        "now": None,
        "round": None,
        "row": None,
    }
    assert totals["table"] == [{"from": GO, "to": GO, "runs": 1}]
    assert totals["refused"] == 1
    assert f"refused       three  go -> ?: {reason}" in done.out.splitlines()
    assert done.out.splitlines()[-1] == "2 runs: 1 same, 0 flipped, 0 undetermined, 1 refused"


def test_a_team_is_refused_for_a_run_that_lacks_one_of_its_roles(capsys: Captured, accord_home: Path) -> None:
    play(settings_at(accord_home), "t", [ALL_GO])
    verdicts, _ = told(capsys, "--policy", team_file("launch"), "--all")

    assert verdicts["t"]["reason"] == f"the team has the role `risk`; the roles of the run: {', '.join(CHECKOUT_ROLES)}"


@pytest.mark.usefixtures("accord_home")
def test_a_team_that_no_policy_decides_is_refused(capsys: Captured) -> None:
    (sentence,) = refused(capsys, "whatif", "--policy", "market_scan")

    assert sentence == "no policy decides `market_scan` itself: its pattern is parallel"


BROKEN: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "of another shape": lambda entry: {**entry, "rounds": [], "tape": None},
    "without most of it": lambda entry: {key: entry[key] for key in ("thread_id", "team")},
    "whose steps are no list": lambda entry: {**entry, "tape": {**entry["tape"], "steps": {"a": 1}}},
    "whose limits are none": lambda entry: {**entry, "tape": {**entry["tape"], "start": {"limits": {"x": 1}}}},
    "that tells another end": lambda entry: {**entry, "ended": "no_go"},
    "that tells other weights": lambda entry: {**entry, "weights": dict.fromkeys(entry["weights"], 0)},
    "whose time is none": lambda entry: {**entry, "ended_at": "soon", "guards": 5},
}


@pytest.mark.parametrize("what", BROKEN)
def test_an_entry_that_cannot_be_read_is_made_again_from_its_thread(
    what: str, capsys: Captured, accord_home: Path
) -> None:
    play(settings_at(accord_home), "t", [ONE_CAUTION])
    rewrite_archive(accord_home / "accord.sqlite", BROKEN[what])

    verdicts, totals = told(capsys, "--policy", "majority")

    assert (verdicts["t"]["was"], verdicts["t"]["now"]) == ("go_with_caution", GO)
    assert totals["runs"] == 1


def test_an_entry_that_cannot_be_read_nor_made_again_is_named(capsys: Captured, accord_home: Path) -> None:
    play(settings_at(accord_home), "t", [ONE_CAUTION])
    rewrite_archive(accord_home / "accord.sqlite", lambda entry: {**entry, "tape": None, "thread_id": "gone"})

    verdicts, _ = told(capsys, "--policy", "majority")

    assert verdicts["gone"]["answer"] == "refused"
    assert verdicts["gone"]["reason"] == "what was kept of it has been changed; see `accord audit verify gone`"


def test_a_thread_that_has_not_ended_is_no_run_to_decide_again(
    capsys: Captured, accord_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(BaseException):
        pass

    def dies(self: Any, *_: Any) -> Any:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr("policies.patterns.rounds.decide", dies)
        with pytest.raises(Died):
            play(settings_at(accord_home), "t", [ALL_GO])

    assert told(capsys, "--policy", "majority", "--all")[1]["runs"] == 0


@pytest.mark.usefixtures("accord_home")
def test_without_any_run_there_is_nothing_to_decide_again(capsys: Captured) -> None:
    done = accord(capsys, "whatif", "--policy", "launch")

    assert (done.code, done.out) == (0, "0 runs: 0 same, 0 flipped, 0 undetermined, 0 refused\n")


@pytest.mark.usefixtures("accord_home")
@pytest.mark.parametrize("date", ["yesterday", "2026-13-01", "2026-02-30", "", "21.11.2026", "2026-W01"])
def test_a_date_that_is_none_is_refused(date: str, capsys: Captured) -> None:
    (sentence,) = refused(capsys, "whatif", "--policy", "launch", "--since", date)

    assert sentence == f"--since {date}: is not a date; allowed: YYYY-MM-DD"


@pytest.mark.usefixtures("accord_home")
def test_a_policy_must_be_named(capsys: Captured) -> None:
    assert "--policy" in refused(capsys, "whatif")[0]
