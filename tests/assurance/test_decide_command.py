"""`accord policy decide`: one vote at one place of a run; the lines that `verify` prints show what it found again."""

import json
import shlex
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from graph.report.dossier.proof_lines import decide_lines
from policies.assurance.counterexamples import shown_example, shown_history, shown_place
from policies.assurance.electorate import Electorate, Place
from policies.assurance.places import Counterexample
from policies.decision.marks import Marks
from policies.decision.table import Policy
from tests.assurance.stage import policy_file, team_file
from tests.hostile.command import Captured, accord, refused
from tests.policies.assurance.random_runs import random_run

pytestmark = pytest.mark.usefixtures("accord_home")

CALLING = (
    "rules:\n  - {when: block >= 2, then: no_go, because: two roles block}\n"
    "  - {when: block == 1 && block_streak >= 2, then: escalate}\n"
    "  - {when: block == 1, then: next_round, convene: audit}\n"
    "  - {when: open_questions >= 4, then: next_round}\notherwise: go"
)
SEAT = "{title: Audit, mandate: Judge., otherwise: {stance: go, summary: Fine., actions: [Act.]}}"
GUARDS = (
    "guards: [{name: high rate, fact: rate, above: 5, cap: no_go}, "
    "{name: region, fact: region, equals: EU, cap: go_with_caution}]"
)


def calling_team(more: str = "", policy: str = CALLING) -> str:
    """Write the file of a team that the role `audit` may join."""
    path = Path(team_file(policy, more=f"budget: {{min_go_votes: 1}}\n{more}"))
    path.write_text(path.read_text().replace("\nroles:", f"\nroles:\n  audit: {SEAT}"))
    return str(path)


def decided(capture: Captured, *arguments: object) -> Any:
    """Return what the command tells a program."""
    done = accord(capture, "policy", "decide", *arguments, "--json")
    assert (done.code, done.err) == (0, "")
    return json.loads(done.out)


# --- what it shows ---------------------------------------------------------------------------------------------------


def test_it_shows_the_place_the_outcome_the_row_its_reason_and_what_it_read(capsys: Captured) -> None:
    done = accord(capsys, "policy", "decide", calling_team(), "--round", 2, "--streak", 1, "risk=block", "legal=block")

    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        "mine on the team team.yaml: round 2, after 1 round with a block; max_rounds 3",
        "  streak 1 (rounds in a row with a block right before this one)",
        "  block: risk, legal",
        "Outcome: no_go",
        "Row 1 decides: two roles block",
        "  when block >= 2",
        "  with block = 2, block_streak = 2, open_questions = 0",
        "No run can get to this place",
    ]


def test_it_says_who_joins_where_the_rounds_end_and_where_no_row_holds(capsys: Captured) -> None:
    team = calling_team()
    joins = accord(capsys, "policy", "decide", team, "risk=block", "legal=go").out
    last = accord(capsys, "policy", "decide", team, "risk=go", "legal=go", "--open-questions", 4, "--round", 3).out
    otherwise = accord(capsys, "policy", "decide", team, "risk=go", "legal=go").out

    assert "Outcome: next_round" in joins
    assert "Audit joins from the next round on" in joins
    assert "get to this place" not in joins
    assert "The run stops with max_rounds_reached" in last
    assert "No row holds; the policy's `otherwise` decides" in otherwise


def test_the_streak_counts_the_rounds_right_before_this_one(capsys: Captured) -> None:
    team, casts = calling_team(), ("risk=block", "legal=go", "audit=go")
    at = ("--round", 2, "--joined", "audit")

    assert [decided(capsys, team, *casts, *at, "--streak", streak)["final"] for streak in (0, 1)] == [
        "next_round",
        "escalate",
    ]
    shown = decided(capsys, team, *casts, *at, "--streak", 1)
    assert (shown["rounds_blocked"], shown["values"]["block_streak"], shown["row"]) == (1, 2, 2)
    assert (shown["joined"], shown["way"]) == (["audit"], None)


def test_a_tripped_guard_caps_the_outcome_and_the_vote_alone_is_told(capsys: Captured) -> None:
    team = calling_team(GUARDS)
    done = accord(capsys, "policy", "decide", team, "risk=go", "legal=go", "--tripped", "high rate").out
    shown = decided(capsys, team, "risk=go", "legal=go", "--tripped", "region", "--tripped", "high rate")

    assert "Outcome: no_go" in done
    assert "The guard high rate is tripped and caps the outcome at no_go\nThe vote alone gives go\n" in done
    assert (shown["vote"], shown["final"]) == ("go", "no_go")
    assert shown["tripped"] == [
        {"name": "region", "cap": "go_with_caution"},
        {"name": "high rate", "cap": "no_go"},
    ]


def test_what_a_run_reaches_only_after_a_resume_is_said_to_be(capsys: Captured) -> None:
    team = calling_team()
    raised = decided(capsys, team, "risk=go", "legal=go", "--max-rounds", 5)
    asked = decided(
        capsys, team, "risk=go", "legal=go", "audit=go", *("--round", 3, "--streak", 2, "--joined", "audit")
    )

    assert raised["way"] == "A run gets to this place only after a resume raised max_rounds to 5"
    assert asked["way"] == "A run gets to this place only after a human asked for another round"
    assert decided(capsys, team, "risk=go", "legal=go", "--max-rounds", 2)["way"] == "No run can get to this place"


def test_a_row_that_errs_decides_nothing(capsys: Captured) -> None:
    faulty = policy_file("rules: [{when: 6 / absent > 9, then: no_go}]\notherwise: go\non_absent: count")
    done = accord(capsys, "policy", "decide", faulty, "a=go")

    assert "Outcome: escalate" in done.out
    assert "Nothing decides (rules.0 `6 / absent > 9`" in done.out


def test_a_policy_alone_is_asked_about_the_roles_that_are_named(capsys: Captured) -> None:
    rules = policy_file('rules: [{when: stances.risk == "block" || vetoes > 0, then: no_go}]\notherwise: go')

    assert decided(capsys, "majority", "a=go", "b=caution")["final"] == "go_with_caution"
    # The role that a row names is the first of the team, and so has the veto.
    assert [decided(capsys, rules, *casts)["final"] for casts in (["a=block", "risk=go"], ["a=go", "risk=block"])] == [
        "go",
        "no_go",
    ]


def test_confidence_is_read_where_the_policy_trusts_it_and_is_1_unless_it_is_named(capsys: Captured) -> None:
    trusting = policy_file("rules: [{when: min_confidence < 0.5, then: no_go}]\notherwise: go\ntrust_confidence: true")

    assert [decided(capsys, trusting, "a=go", *more)["final"] for more in ([], ["--confidence", 0.2])] == [
        "go",
        "no_go",
    ]


def test_a_vote_that_decides_nothing_ends_with_no_quorum(capsys: Captured) -> None:
    roles = ("operations_lead", "finance_lead", "security_lead", "product_lead", "support_lead")
    shown = decided(
        capsys, "change_freeze", *(f"{role}=block" for role in roles[:3]), *(f"{role}=go" for role in roles[3:])
    )
    missing = [f"{role}=absent" for role in roles]
    nobody = decided(capsys, "change_freeze", *missing)
    table = 'policy={name: mine, rules: [{when: "absent > 2", then: escalate}], otherwise: no_go, on_absent: count}'
    left_to_people = decided(capsys, "change_freeze", *missing, "--set", table)

    assert (shown["final"], shown["stops"]) == ("no_go", None)
    assert (nobody["final"], nobody["stops"], nobody["max_rounds"]) == ("escalate", "no_quorum", 1)
    assert (left_to_people["final"], left_to_people["stops"]) == ("escalate", None)


def test_settings_change_the_team(capsys: Captured) -> None:
    casts = [f"{role}_analyst={stance}" for role, stance in (("demand", "go"), ("finance", "go"), ("risk", "block"))]
    at = ("--round", 2, "--streak", 1)

    assert decided(capsys, "checkout_launch", *casts, *at)["final"] == "next_round"
    assert decided(capsys, "checkout_launch", *casts, *at, "--set", "policy=launch")["final"] == "escalate"


def test_whether_a_run_gets_there_is_left_open_where_that_is_too_much_to_work_out(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("policies.assurance.rulings.MAX_RULINGS", 3)
    shown = decided(capsys, "launch", "a=go", "b=go")

    assert shown["final"] == "go"
    assert shown["way"].startswith("Whether a run gets to this place was not worked out: the kinds of votes, each")


# --- what it cannot use ----------------------------------------------------------------------------------------------

ROLES = ["risk=go", "legal=go"]
WRONG: dict[str, tuple[list[object], str]] = {
    "no stance": (["risk", "legal=go"], "`risk` is not ROLE=STANCE, for example risk=block"),
    "no role": (["=go", *ROLES], "`=go` is not ROLE=STANCE, for example risk=block"),
    "a role twice": ([*ROLES, "risk=block"], "`risk` is named twice; name each role once"),
    "an unknown stance": (
        ["risk=blok", "legal=go"],
        "`risk=blok`: `blok` is not a stance; did you mean `block`? Allowed: go, caution",
    ),
    "an absence that stops": (
        ["risk=absent", "legal=go"],
        "`risk=absent`: this policy stops at an absent role; allowed: go, caution, block",
    ),
    "an unknown role": ([*ROLES, "rsk=go"], "`rsk` does not vote here; did you mean `risk`? Allowed: risk, legal"),
    "a role that has not joined": (
        [*ROLES, "audit=go"],
        "`audit` does not vote here; it votes once it has joined: --joined audit",
    ),
    "a role left out": (["risk=go"], "legal: no stance; name each role that votes once, for example legal=go"),
    "a role that joined left out": (
        [*ROLES, "--joined", "audit", "--round", 2],
        "audit: no stance; name each role that votes once, for example audit=go",
    ),
    "a role that nobody calls": (
        [*ROLES, "--joined", "audti", "--round", 2],
        "--joined audti: no row of this policy brings it in; did you mean `audit`? Allowed: audit",
    ),
    "a role of the sequence that joins": (
        [*ROLES, "--joined", "risk", "--round", 2],
        "--joined risk: it is in the sequence from the start; leave it out here",
    ),
    "a join before the first round": (
        [*ROLES, "audit=go", "--joined", "audit"],
        "--joined audit: one may join after each round, and 0 came before round 1; allowed: 0",
    ),
    "a round too many": (
        [*ROLES, "--round", 4],
        "--round 4: there are 3; allowed: 1 to 3, or name more with --max-rounds",
    ),
    "a round beyond all": ([*ROLES, "--round", 1001], "--round is 1001; allowed: a whole number from 1 to 1000"),
    "a streak too long": ([*ROLES, "--round", 2, "--streak", 2], "--streak 2: 1 came before round 2; allowed: 0 to 1"),
    "a negative streak": ([*ROLES, "--streak", -1], "--streak is -1; allowed: a whole number from 0 on"),
    "a guard that there is none": (
        [*ROLES, "--tripped", "hihg rate"],
        "--tripped hihg rate: there is no such guard; did you mean `high rate`? Allowed: high rate, region",
    ),
    "a confidence that nobody reads": (
        [*ROLES, "--confidence", 0.5],
        "--confidence 0.5: this policy reads none; leave it out",
    ),
    "a confidence too high": ([*ROLES, "--confidence", 2], "--confidence is 2.0; allowed: a number from 0 to 1"),
    "nobody": ([], "risk, legal: no stance; name each role that votes once, for example risk=go"),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_cannot_be_decided_is_refused_in_a_sentence(what: str, capsys: Captured) -> None:
    arguments, sentence = WRONG[what]

    assert any(sentence in each for each in refused(capsys, "policy", "decide", calling_team(GUARDS), *arguments))


def test_every_problem_is_told_at_once(capsys: Captured) -> None:
    told = refused(capsys, "policy", "decide", calling_team(), "risk", "rsk=go", "legal=blok", "--round", 9)

    assert len(told) == 5


def test_a_policy_alone_has_no_guards_and_needs_the_roles_that_its_rows_name(capsys: Captured) -> None:
    rules = policy_file('rules: [{when: stances.risk == "block", then: no_go}]\notherwise: go')

    assert refused(capsys, "policy", "decide", "launch", "a=go", "--tripped", "x") == [
        "--tripped x: there is no such guard; a policy has none"
    ]
    assert refused(capsys, "policy", "decide", rules, "a=go") == [
        "risk: no stance; name each role that votes once, for example risk=go"
    ]
    assert refused(capsys, "policy", "decide", "launch") == [
        "no role votes; name the stance of each, for example role_1=go role_2=block"
    ]
    assert refused(capsys, "policy", "decide", calling_team(), *ROLES, "--tripped", "x") == [
        "--tripped x: there is no such guard; this team has none"
    ]


def test_a_confidence_that_is_not_a_number_is_refused(capsys: Captured) -> None:
    trusting = policy_file("rules: [{when: min_confidence < 0.5, then: no_go}]\notherwise: go\ntrust_confidence: true")

    assert refused(capsys, "policy", "decide", trusting, "a=go", "--confidence", "nan") == [
        "--confidence nan: allowed: 0 to 1"
    ]


def test_a_vote_has_one_round(capsys: Captured) -> None:
    told = refused(capsys, "policy", "decide", "change_freeze", "operations_lead=go", "--max-rounds", 2)

    assert "--max-rounds 2: the team's pattern is a vote; allowed: 1" in told


# --- the lines under a counterexample --------------------------------------------------------------------------------


def team_of(rules: Policy, team: Electorate, path: str) -> str:
    """Write a team file for a random table."""
    seats: dict[str, Any] = {
        role: {"title": role, "mandate": "Judge.", "weight": team.weights.get(role, 1), "veto": role in team.vetoers}
        for role in team.roles + team.joining
    }
    for seat in seats.values():
        seat["otherwise"] = {"stance": "go", "summary": "Fine.", "actions": ["Act."]}
    budget = {"max_rounds": team.max_rounds, "min_go_votes": team.min_go_votes, "max_messages": 100}
    guard = {"name": "it's high", "fact": "rate", "above": 5, "cap": "no_go"}
    raw: dict[str, Any] = {
        "name": "t",
        "title": "T",
        "goal": "g",
        "sequence": [*team.roles],
        "facts": {"rate": 1},
        "roles": seats,
    }
    raw |= {"policy": {**rules.model_dump(mode="json"), "name": "mine"}, "budget": budget, "guards": [guard]}
    Path(path).write_text(json.dumps(raw))
    return path


def lines_of(proof: Any) -> list[tuple[str, str, str]]:
    """Return each line of a proof with the property and the outcome that it must show."""
    return [
        (check["property"], line, outcome)
        for check in (*proof["properties"], *proof["reports"])
        if check["counterexample"]
        for line, outcome in zip(check["counterexample"]["lines"], check["counterexample"]["outcomes"], strict=True)
    ]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["team", "policy"])
def test_every_line_that_a_proof_prints_shows_the_same_outcome_at_a_place_that_a_run_reaches(
    kind: str, capsys: Captured
) -> None:
    shown = Counter[str]()
    for seed in range(60):
        rules, team = random_run(f"lines {seed}")
        path = f"some teams/{seed}.yaml"
        Path("some teams").mkdir(exist_ok=True)
        if kind == "team":
            team_of(rules, team, path)
        else:
            Path(path).write_text(json.dumps({**rules.model_dump(mode="json"), "name": "mine"}))
        done = accord(capsys, "policy", "verify", path, *(["--roles", 2] if kind == "policy" else []), "--json")
        for name, line, outcome in lines_of(json.loads(done.out)):
            words = shlex.split(line)
            assert words[:3] == ["accord", "policy", "decide"]
            found = decided(capsys, *words[3:])
            assert found["final"] == outcome, line
            assert found["way"] is None or found["way"].startswith("A run gets to this place only after"), line
            shown[name] += 1

    assert min(shown[name] for name in ("total", "monotone", "resolves", "resolves_always", "overlaps")) >= 3


def test_a_line_that_verify_prints_stays_on_one_line_however_long_it_is(capsys: Captured) -> None:
    path = Path("a folder with a rather long name for a policy", "and a file whose name is no shorter than that.yaml")
    path.parent.mkdir()
    path.write_text("name: mine\nrules: [{when: caution >= 2, then: go}]\notherwise: go_with_caution\n")

    done = accord(capsys, "policy", "verify", path)
    lines = [line for line in done.out.splitlines() if line.startswith("accord policy decide ")]

    assert [accord(capsys, *shlex.split(line)[1:]).out.splitlines()[3] for line in lines] == [
        "Outcome: go_with_caution",
        "Outcome: go",
    ]


def test_a_line_names_the_place_the_guard_and_what_was_set_of_the_team() -> None:
    place = Place(4, 2, ("legal", "audit"), 5, Marks(7, 2, 1), 0.5, ("ops",))
    example = Counterexample(({"risk": "go"}, {"risk": "block"}), ("go", "no_go"), place, guard="it's high")
    words = ("my team.yaml", "--set", "policy=launch")

    assert decide_lines(example, words, 3) == [
        "accord policy decide 'my team.yaml' --set policy=launch --round 4 --streak 2 --joined legal,audit "
        f"--released ops --max-rounds 5 --open-questions 7 --ungrounded 2 --moved 1 --confidence 0.5 "
        f"--tripped 'it'\"'\"'s high' risk={stance}"
        for stance in ("go", "block")
    ]
    plain = Counterexample(({"risk": "go"},), ("go",), Place(1))
    assert decide_lines(plain, ("launch",), 3) == ["accord policy decide launch --round 1 risk=go"]


def test_a_place_and_a_history_are_told_in_words() -> None:
    place = Place(4, 1, ("legal", "audit"), 5, Marks(1, 2, 1), 0.5)
    votes = tuple((Place(number), {"risk": "go"}) for number in range(1, 21))
    long = Counterexample((), (), Place(20), "open", history=votes)  # type: ignore[arg-type]

    assert shown_place(place) == (
        "round 4, after 1 round with a block, legal and audit have joined, 1 question open, 2 roles ungrounded, "
        "1 role moved without a reason, every confidence 0.5"
    )
    assert shown_place(Place(3, released=("risk", "ops"))) == "round 3, risk and ops have left"
    assert [*shown_history(long)] == [
        *(f"round {number}: go: risk gives next_round" for number in range(1, 7)),
        "…",
        *(f"round {number}: go: risk gives next_round" for number in range(15, 21)),
    ]
    assert shown_example(long) == "open"
