"""What readers found and was mended, as the command line shows it."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from policies.assurance.flips import MAX_KEPT
from policies.run.seats import Failure
from tests.assurance.stage import BLOCK, CAUTION, GO, play, policy_file, team_file
from tests.harness import proposal, resume, run, scripted, settings_at, team_of
from tests.hostile.command import Captured, accord, refused

pytestmark = pytest.mark.slow

ONE_BLOCK, ALL_GO = (GO, GO, BLOCK), (GO, GO, GO)
FINE = ("first", "second")
FAULTY = 'policy={name: faulty, rules: [{when: "6 / absent > 9", then: no_go}], otherwise: go}'


def told(capture: Captured, *arguments: object, code: int = 0) -> Any:
    """Return what a command tells a program."""
    done = accord(capture, *arguments, "--json")
    assert done.code == code, done
    return json.loads(done.out)


def kept(home: Path) -> list[Any]:
    """Return every row of the database."""
    with closing(sqlite3.connect(home / "accord.sqlite")) as connection:
        tables = ("checkpoints", "writes", "store")
        return [sorted(map(repr, connection.execute(f"SELECT * FROM {table}"))) for table in tables]


# --- a thread that is gone -------------------------------------------------------------------------------------------


def test_a_thread_whose_checkpoints_were_deleted_is_broken_and_the_others_are_told(
    accord_home: Path, capsys: Captured
) -> None:
    for thread in (*FINE, "gone"):
        play(settings_at(accord_home), thread, [ALL_GO])
    with closing(sqlite3.connect(accord_home / "accord.sqlite")) as connection, connection:
        for table in ("checkpoints", "writes"):
            connection.execute(f"DELETE FROM {table} WHERE thread_id = 'gone'")

    done = accord(capsys, "audit", "verify")
    lines = {line for line in done.out.splitlines() if "gone" in line}

    assert done.code == 1
    assert len(lines) == 1
    assert "BROKEN" in lines.pop()
    assert all(any(thread in line and "BROKEN" not in line for line in done.out.splitlines()) for thread in FINE)
    assert accord(capsys, "audit", "verify", "gone").code == 1
    assert "its checkpoints are gone" in accord(capsys, "audit", "verify", "gone").out
    assert accord(capsys, "audit", "verify", "first").code == 0


# --- what a decision is told as --------------------------------------------------------------------------------------


def test_a_row_without_an_answer_is_told_as_a_fault_and_not_as_otherwise(accord_home: Path, capsys: Captured) -> None:
    record = play(settings_at(accord_home), "t", [ALL_GO], FAULTY)
    assert record["status"] == "waiting"

    why, shown = accord(capsys, "why", "t").out, accord(capsys, "show", "t", "--markdown").out

    fault = "rules.0 `6 / absent > 9`: INVALID_ARGUMENT: divide by zero"
    assert told(capsys, "why", "t")["fault"] == fault
    assert f"Nothing decided ({fault}), so a human has to" in " ".join(why.split())
    assert "Nothing decided: " in shown
    for text in (why, shown):
        assert "divide by zero" in text
        assert "otherwise" not in text


def test_the_policys_otherwise_is_told_as_that(accord_home: Path, capsys: Captured) -> None:
    play(
        settings_at(accord_home),
        "t",
        [ALL_GO],
        'policy={name: x, rules: [{when: "block > 0", then: no_go}], otherwise: go}',
    )

    assert "No row holds; the policy's `otherwise` decides" in accord(capsys, "why", "t").out
    assert "Nothing decided" not in accord(capsys, "show", "t", "--markdown").out


@pytest.mark.parametrize(("roles", "more"), [(5, "or 4 more"), (8, f"or at least {MAX_KEPT - 6} more")])
def test_sets_that_were_not_all_kept_are_counted_as_at_least(
    roles: int, more: str, accord_home: Path, capsys: Captured
) -> None:
    """Two of five are 10 sets, two of eight 28: more than are kept."""
    path = team_file("rules: [{when: block >= 2, then: no_go}]\notherwise: go", roles=[f"r{n}" for n in range(roles)])
    assert accord(capsys, "run", path, "--thread", "t").code == 0

    assert f"  {more} sets of 2 stances" in accord(capsys, "why", "t").out.splitlines()


def test_a_report_says_which_round_went_to_a_human(accord_home: Path, capsys: Captured) -> None:
    play(settings_at(accord_home), "t", [ONE_BLOCK, ONE_BLOCK], "policy=launch")

    lines = [line for line in accord(capsys, "show", "t").out.splitlines() if line.startswith("Round ")]

    assert [line.partition(",")[0] for line in lines] == ["Round 1: next round", "Round 2: a human decides"]


# --- two teams' policies, and cases under a team ---------------------------------------------------------------------

GUARD = "guards: [{{name: rate, fact: rate, above: {}, cap: no_go}}]"


@pytest.mark.usefixtures("accord_home")
def test_teams_that_differ_in_their_guards_alone_are_not_equivalent(capsys: Captured) -> None:
    one, two = (team_file("launch", f"{each}.yaml", GUARD.format(each)) for each in (3, 4))
    none, same = team_file("launch", "none.yaml"), team_file("launch", "same.yaml", GUARD.format(3))

    for first, second, differ in ((one, two, True), (one, none, True), (one, same, False), (none, "launch", False)):
        done = accord(capsys, "policy", "diff", first, second)
        said = " ".join(done.out.split())
        assert done.code == int(differ), (first, second)
        assert ("Their guards differ: rate. Below is what the votes alone give" in said) is differ
        word = "decide alike" if differ else "are equivalent"
        assert f"{first} and {second} {word} on the roles risk, legal: no run can tell " in said
        found = told(capsys, "policy", "diff", first, second, code=int(differ))
        assert (found["equivalent"], found["guards_differ"], found["on"]) == (
            not differ,
            ["rate"] if differ else [],
            "the roles risk, legal",
        )
    assert "differ on 3 equal roles" in accord(capsys, "policy", "diff", "classic", "launch").out


WEIGHED = "rules: [{when: vetoes > 0, then: no_go}, {when: weighted_go >= min_go_votes, then: go}]\notherwise: escalate"
CASES = {
    "go/the weight is the team's.yaml": "{votes: {risk: go, legal: caution}}",
    "no_go/the veto is the team's.yaml": "{votes: {risk: go, legal: block}}",
    "escalate/its own weights stand.yaml": "{votes: {risk: go, legal: caution}, weights: {risk: 2}}",
    "go/its own limit stands.yaml": "{votes: {risk: caution, legal: go}, min_go_votes: 1}",
    "escalate/the limit is the team's.yaml": "{votes: {risk: caution, legal: go}}",
    "go/its own vetoes stand.yaml": "{votes: {risk: go, legal: block}, vetoers: []}",
}


@pytest.mark.usefixtures("accord_home")
def test_cases_are_counted_by_the_team_that_is_named(capsys: Captured) -> None:
    team = Path(team_file(WEIGHED, more="budget: {min_go_votes: 3}", roles=("risk", "legal", "sales")))
    text = team.read_text().replace("{title: risk,", "{title: risk, weight: 3,")
    team.write_text(text.replace("{title: legal,", "{title: legal, veto: true,"))
    for name, case in CASES.items():
        path = Path("cases") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(case)

    found = told(capsys, "policy", "test", "cases", "--policy", "team.yaml")

    assert [each["case"] for each in found["cases"] if not each["passed"]] == []
    alone = told(capsys, "policy", "test", "cases", "--policy", policy_file(WEIGHED), code=1)
    assert {each["case"] for each in alone["cases"] if not each["passed"]} == {
        "go/the weight is the team's.yaml",
        "no_go/the veto is the team's.yaml",
        "go/its own vetoes stand.yaml",
        "escalate/its own weights stand.yaml",
    }


# --- private facts, names, warnings ----------------------------------------------------------------------------------


def test_private_facts_inside_lists_are_withheld_everywhere(accord_home: Path, capsys: Captured) -> None:
    team = Path(team_file("launch", more="private: [people.name, people.home.street, codes]"))
    people = "[{name: Ada Lovelace, age: 36}, {home: {street: St James, town: London}}, [{name: Grace Hopper}], plain]"
    team.write_text(team.read_text().replace("region: US", f"region: US, people: {people}, codes: [[Enigma]]"))

    assert told(capsys, "run", "team.yaml", "--thread", "t")["final_decision"] == GO
    shown = accord(capsys, "show", "t", "--markdown").out + json.dumps(told(capsys, "show", "t"))
    stored = b"".join(path.read_bytes() for path in accord_home.rglob("*") if path.is_file()).decode("latin-1")

    for secret in ("Lovelace", "James", "Hopper", "Enigma"):
        assert secret not in stored
        assert secret not in shown
    assert "London" in stored
    assert "plain" in stored
    assert "(withheld)" in stored


@pytest.mark.usefixtures("accord_home")
@pytest.mark.parametrize("name", ["README", "launch-team", "team.txt"])
def test_a_file_whose_name_has_no_suffix_runs_and_is_proved(name: str, capsys: Captured) -> None:
    assert accord(capsys, "init", name).code == 0

    assert told(capsys, "run", name, "--thread", "t")["final_decision"] == GO
    assert accord(capsys, "policy", "verify", name).code == 0
    assert told(capsys, "whatif", "--policy", name)["same"] == 1
    assert accord(capsys, "audit", "verify").code == 0


@pytest.mark.usefixtures("accord_home")
def test_a_file_that_is_named_as_a_thread_does_not_hide_the_thread(capsys: Captured) -> None:
    Path("t").write_text("no record\n")
    assert accord(capsys, "run", team_file("launch"), "--thread", "t").code == 0

    assert accord(capsys, "audit", "verify", "t").code == 0


@pytest.mark.usefixtures("accord_home")
def test_a_convened_stranger_is_warned_about(capsys: Captured) -> None:
    calls = "rules: [{{when: block >= 1, then: next_round, convene: {}}}]\notherwise: go"
    warning = "accord: warning: the policy convenes `people`, which this team does not know, so that no role joins"

    warned = accord(capsys, "run", team_file(calls.format("people")), "--thread", "t")
    known = accord(capsys, "run", team_file(calls.format("legal")), "--thread", "u")

    assert (warned.code, known.code) == (0, 0)
    assert warned.err.splitlines().count(warning) == 1
    assert "warning" not in known.err


# --- replays ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["a file", "the command line"])
def test_a_thread_whose_facts_came_later_is_replayed_the_same(source: str, accord_home: Path, capsys: Captured) -> None:
    team = Path(team_file("launch", more="facts: [{file: late.json}]\nrequires: [rate]"))
    team.write_text("".join(line for line in team.read_text().splitlines(True) if not line.startswith("facts: ")))
    stopped = told(capsys, "run", "team.yaml", "--thread", "t", code=3)
    assert stopped["stop_reason"].startswith("facts_unavailable")

    Path("late.json").write_text('{"rate": 1}')
    given = ("--facts", "late.json") if source == "the command line" else ()
    assert told(capsys, "resume", "t", *given)["final_decision"] == GO

    found = told(capsys, "replay", "t")
    assert (found["same"], found["differs_in"]) == (True, [])
    assert found["record"]["hashes"] == told(capsys, "show", "t")["hashes"]


def test_a_thread_whose_facts_came_later_and_that_stopped_again_is_replayed_the_same(
    accord_home: Path, capsys: Captured
) -> None:
    team = Path(team_file("launch", more="facts: [{file: late.json}]\nbudget: {max_messages: 1}"))
    team.write_text("".join(line for line in team.read_text().splitlines(True) if not line.startswith("facts: ")))
    settings = settings_at(accord_home)
    run(team_of(settings, "team.yaml"), settings)
    Path("late.json").write_text('{"rate": 1}')
    failing, agreeing = scripted(lambda _: Failure("llm_auth")), scripted(lambda question: proposal(question.name))

    for voices, ended in ((failing, "llm_auth"), (failing, "llm_auth"), (agreeing, "success")):
        record = resume(settings, voices=voices, budget={"max_messages": 9})
        assert record["stop_reason"] == ended
        found = told(capsys, "replay", "t")
        assert (found["same"], found["differs_in"], found["record"]["stop_reason"]) == (True, [], ended)


def test_a_thread_that_has_not_ended_is_not_replayed(
    accord_home: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(BaseException):
        pass

    def dies(*_: Any) -> Any:
        raise Died

    with monkeypatch.context() as patch:
        patch.setattr("policies.patterns.rounds.decide", dies)
        with pytest.raises(Died):
            play(settings_at(accord_home), "t", [(GO, GO, CAUTION)])

    assert refused(capsys, "replay", "t") == ["the thread `t` has not ended; `accord resume t` resumes it"]
    assert told(capsys, "resume", "t")["final_decision"] is not None
    assert told(capsys, "replay", "t")["same"] is True
