"""Proofs, tables, differences, estimates, cases and scores say everything but data in the language of the team."""

import io
import re
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from graph.assurance.cases import judge_folder
from graph.assurance.columns import Wanted
from graph.assurance.comparison import compare
from graph.assurance.single import SingleVote, decide_single
from graph.assurance.subject import APPROVERS, Subject, load_subjects
from graph.assurance.votes import score
from graph.patterns.estimate import look_ahead, plain_outlook
from graph.patterns.guide import guide_to
from graph.problems import UsageError
from graph.report.terminal.cases import print_cases
from graph.report.terminal.difference import print_comparisons
from graph.report.terminal.evaluation import print_evaluation
from graph.report.terminal.outlook import print_guide, print_outlook
from graph.report.terminal.proof import print_proofs
from graph.report.terminal.single import print_single
from graph.report.terminal.whatif import Totals, line_of, print_totals
from graph.teams.loader import Changes, load_team, shipped_teams
from graph.teams.policies import load_policy, shipped_policies
from graph.teams.voicing import voiced
from policies.assurance.past import Verdict
from policies.decision.table import OUTCOMES
from policies.decision.variables import VARIABLES
from policies.run.stop_table import STOP_KINDS
from policies.team.team import PATTERN_NAMES, Budget
from tests.harness import settings_at
from tests.languages.pseudo import unsaid

pytestmark = pytest.mark.slow

MACHINE = (
    *("go", "caution", "block", "absent", *OUTCOMES, "again", "stop", "otherwise"),
    *("success", "waiting", *STOP_KINDS),
    *VARIABLES,
    *Budget.model_fields,
    *PATTERN_NAMES,
    *shipped_teams(),
    *shipped_policies(),
    APPROVERS,
)
PROPERTIES = (
    *("total", "monotone", "absence_never_helps", "guards_bind", "veto_honoured", "resolves"),
    *("overlaps", "idle_rows", "asymmetry", "resolves_always", "repairs_fit"),
    "docs/policies.md#what-the-proof-does-not-show",
)
FRENCH = ("language=fr",)
DECIDING = [name for name in shipped_teams() if load_team(name).pattern in ("rounds", "vote", "hierarchy")]


@pytest.fixture(autouse=True)
def _pseudo(pseudo_spoken: None) -> None:
    """Before all other fixtures."""


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=4_000)


def _shown_on(console: Console) -> str:
    text: str = console.file.getvalue()  # type: ignore[attr-defined]  # a StringIO
    return re.sub(r"^accord .*$", "", text, flags=re.MULTILINE)


def _data_of(*subjects: Subject) -> list[Any]:
    """What teams and policies say themselves."""
    rows = [(row.when, row.because or "") for each in subjects for row in each.policy.rules]
    roles = [
        (each.electorate.roles, each.electorate.joining, each.within, [*each.titles.values()]) for each in subjects
    ]
    return [MACHINE, rows, roles, [each.policy.name for each in subjects]]


@pytest.mark.parametrize("name", DECIDING)
def test_a_proof_says_everything(name: str, console: Console) -> None:
    subjects = load_subjects(name, settings=FRENCH)
    print_proofs([(subject.prove(), subject) for subject in subjects], console)
    assert unsaid(_shown_on(console), PROPERTIES, *_data_of(*subjects)) == []


@pytest.mark.parametrize("setting", ["budget.max_rounds=1", "budget.max_messages=8", "policy=veto"])
def test_a_proof_of_a_changed_team_says_everything(setting: str, console: Console) -> None:
    approvers = "approvers={cfo: {title: Head}, cto: {title: Head}, ceo: {title: Head}}"
    people = "escalate={decide: {by: [cfo, cto, ceo], rule: {policy: majority}}}"
    subjects = load_subjects("checkout_launch", settings=(*FRENCH, approvers, people, setting))
    print_proofs([(subject.prove(), subject) for subject in subjects], console)
    assert unsaid(_shown_on(console), PROPERTIES, *_data_of(*subjects), "majority") == []


@pytest.mark.parametrize("first", shipped_policies())
@pytest.mark.parametrize("second", ["classic", "veto", "checkout_launch_fr"])
def test_a_difference_says_everything(first: str, second: str, console: Console) -> None:
    found = compare(first, second)
    print_comparisons(found, first, second, console)
    roles = [f"role_{number}" for number in range(1, 9)]
    team = [role.title for role in load_team("checkout_launch_fr").roles.values()]
    named = [load_policy(first).named_roles or ()]
    assert unsaid(_shown_on(console), MACHINE, roles, team, named) == []


VOTES = ("demand_analyst=go", "finance_analyst=go", "risk_analyst=block")
LEADS = tuple(f"{role}=go" for role in load_team("change_freeze").sequence)
GUARDED = ("guards=[{name: alerts, fact: risk_signals.chargeback_alerts, above: 5, cap: no_go}]",)


@pytest.mark.parametrize(
    "asked",
    [
        SingleVote("checkout_launch_fr", VOTES),
        SingleVote("checkout_launch_fr", VOTES, round=3, streak=2),
        SingleVote("checkout_launch_fr", VOTES, round=2, settings=GUARDED, tripped=["alerts"]),
        SingleVote("checkout_launch_escalates", VOTES, round=2, streak=1, settings=FRENCH),
        SingleVote("quorum", ("a=go", "b=caution", "c=absent")),
        SingleVote("classic", ("a=caution", "b=caution", "c=caution"), round=3),
        SingleVote("change_freeze", LEADS, settings=FRENCH),
    ],
)
def test_a_single_vote_says_everything(asked: SingleVote, console: Console) -> None:
    found = decide_single(asked)
    print_single(found, console)
    assert unsaid(_shown_on(console), *_data_of(found.subject), "alerts", asked.votes) == []


WRONG = [
    SingleVote("checkout_launch_fr", ("demand_analyst", "risk_analyst=maybe", "nobody=go", "risk_analyst=go")),
    SingleVote("checkout_launch_fr", VOTES, joined=["x"], released=["y"], tripped=["z"], confidence=0.5),
    SingleVote("checkout_launch_fr", VOTES, joined=["risk_analyst"], released=["risk_analyst"], round=9, streak=9),
    SingleVote("classic", ("a=absent",), tripped=["z"], round=300, streak=400),
    SingleVote("change_freeze", ("a=go",), max_rounds=4, round=4, settings=FRENCH),
    SingleVote("checkout_launch_fr", VOTES, within="nobody"),
    SingleVote("market_entry", VOTES, settings=FRENCH),
    SingleVote("classic", ()),
    SingleVote("classik", ("a=go",)),
    SingleVote("classic", ("a=go",), settings=["language=fr"]),
]


@pytest.mark.parametrize("asked", WRONG)
def test_what_is_wrong_with_a_vote_is_said(asked: SingleVote) -> None:
    with pytest.raises(UsageError) as found:
        decide_single(asked)
    text = re.sub(r"--[a-z-]+", " ", "\n".join(found.value.problems))
    typed = [asked.name, asked.votes, asked.joined, asked.released, asked.tripped, asked.within or ""]
    roles = [[*load_team(name).roles] for name in ("checkout_launch_fr", "change_freeze", "market_entry")]
    assert unsaid(text, MACHINE, typed, roles) == []


@pytest.mark.parametrize("name", shipped_teams())
def test_an_estimate_says_everything(name: str, console: Console, tmp_path: Path) -> None:
    limits = () if load_team(name).pattern == "hierarchy" or name == "vendor_review" else ("budget.max_tokens=50",)
    changes = Changes(settings=(*FRENCH, "budget.max_messages=1", "budget.max_rounds=1", *limits))
    settings = settings_at(tmp_path, "http://127.0.0.1:9")
    team = voiced(load_team(name, changes), settings)
    outlook = look_ahead(team)
    print_outlook(plain_outlook(outlook), team, console)
    text = "\n".join([_shown_on(console), *outlook.warnings])
    seats = [each.task.seat for course in outlook.courses.values() for stage in course.stages for each in stage.asked]
    keys = [stage.label for course in outlook.courses.values() for stage in course.stages if "_" in stage.label]
    assert unsaid(text, MACHINE, seats, keys, team.model_dump(mode="json")) == []


def test_the_guide_says_everything(console: Console) -> None:
    guide = guide_to(5, 3)
    print_guide(guide, 5, 3, console)
    agents = [f"agent_{number}" for number in range(1, 6)]
    reasons = [entry["stop_reasons"] for entry in guide]
    assert unsaid(_shown_on(console), MACHINE, agents, reasons, "lead brief team_1 team_2") == []


def test_what_another_policy_makes_of_runs_is_said(console: Console) -> None:
    totals = Totals()
    verdicts = [
        Verdict("t1", "same", "go", "go", 1, 0),
        Verdict("t2", "flipped", "go", "no_go", 2, 1, guards=("alerts",)),
        Verdict("t3", "refused", "go", None, reason="…"),
        Verdict("t4", "undetermined", "go", None),
    ]
    for verdict in (*verdicts, None):
        totals.add(verdict)
    print_totals(totals, console)
    text = "\n".join([_shown_on(console), *map(line_of, verdicts)])
    assert unsaid(text, MACHINE, "alerts", [each.thread for each in verdicts]) == []


CASES = {"go/All say go.yaml": "{a: go, b: go, c: go}", "no_go/All say go.yaml": "{a: go, b: go, c: go}"}


def test_cases_are_judged_in_the_language_spoken(tmp_path: Path, console: Console) -> None:
    for path, votes in CASES.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(f"votes: {votes}\n")
    with pytest.raises(UsageError) as unnamed:
        judge_folder(str(tmp_path))
    assert unsaid("\n".join(unnamed.value.problems).replace("--policy", ""), MACHINE, str(tmp_path)) == []
    print_cases(judge_folder(str(tmp_path), "classic"), 99.5, console)
    assert unsaid(_shown_on(console), MACHINE, [*CASES]) == []


SET = "id,truth,ana,ben\n1,yes,yes,no\n2,no,no,no\n3,no,,yes\n"


def test_a_score_says_everything(tmp_path: Path, console: Console) -> None:
    path = tmp_path / "set.csv"
    path.write_text(SET)
    print_evaluation(score(str(path), "majority", Wanted()), "majority", console)
    assert unsaid(_shown_on(console), MACHINE, SET) == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("id,truth,ana\n1,yes\n", Wanted()),
        ("id,truth,ana\n1,yes,no\n1,yes,no\n", Wanted()),
        ("id,truth,ana\n,yes,no\n", Wanted()),
        ("id,truth,ana\n1,,no\n", Wanted()),
        ("id,truth,ana\n", Wanted()),
        ("id,truth\n1,yes\n", Wanted()),
        ("id,ana\n1,yes\n", Wanted()),
        ("id,truth,ana,ana\n1,yes,no,no\n", Wanted()),
        ("id,truth,,ana\n1,yes,no,no\n", Wanted()),
        ("id,truth,ana\n1,yes,no\n", Wanted(id="nobody", voters=("ana", "ana", "bob"))),
        ('id,truth,ana\n1,"yes,no\n', Wanted()),
        ('id,truth,ana\n1,"yes"x,no\n', Wanted()),
        ("id,truth,ana\n1,\0,no\n", Wanted()),
        ("id,truth,ana\n1,yes,no\n", Wanted(voters=("ana",), id="id")),
    ],
)
def test_what_is_wrong_with_a_recorded_set_is_said(text: str, wanted: Wanted, tmp_path: Path) -> None:
    path = tmp_path / "set.csv"
    path.write_text(text)
    with pytest.raises(UsageError) as found:
        score(str(path), "checkout_launch_fr", wanted)
    said = re.sub(r"--[a-z]+", " ", "\n".join(found.value.problems))
    roles = [*load_team("checkout_launch_fr").roles]
    assert unsaid(said, MACHINE, text, str(path), roles, wanted.truth_name, wanted.id or "", wanted.voters or ()) == []
