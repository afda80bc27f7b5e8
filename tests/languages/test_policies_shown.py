"""Proofs, tables, differences, estimates, cases and scores say everything but data in the language of the team."""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from graph.assurance.cases import judge_folder
from graph.assurance.columns import Wanted
from graph.assurance.comparison import compare
from graph.assurance.single import SingleVote, decide_single
from graph.assurance.subject import Subject, load_subject, load_subjects
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
from graph.teams.policies import shipped_policies
from graph.teams.voicing import voiced
from policies.assurance.past import Verdict
from policies.decision.table import OUTCOMES
from policies.decision.variables import VARIABLES
from policies.language import speaking
from policies.patterns.course import PATTERNS
from policies.run.stop import RULES
from tests.harness import settings_at
from tests.languages.pseudo import PSEUDO, unsaid

MACHINE = (
    *("go", "caution", "block", "absent", *OUTCOMES, "again", "stop"),
    *VARIABLES,
    *shipped_teams(),
    *shipped_policies(),
    *PATTERNS,
    *map(str, RULES),
    *("docs", "policies", "md", "what", "the", "proof", "does", "not", "show"),  # the page on what it does not show
    *("accord", "policy", "decide", "success", "waiting"),
)
FRENCH = ("language=fr",)


@pytest.fixture(autouse=True)
def _speaks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("graph.languages.catalogue._language", lambda _: PSEUDO)
    with speaking(PSEUDO):
        yield


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=4_000)


def shown_on(console: Console) -> str:
    text: str = console.file.getvalue()  # type: ignore[attr-defined]  # a StringIO
    commands = re.sub(r"^accord .*$", "", text, flags=re.MULTILINE)
    return re.sub(r"[│├└─]", " ", commands)


def said_of(subject: Subject) -> tuple[Any, ...]:
    """What a team says itself."""
    policy = subject.policy
    rows = [(row.when, row.because) for row in policy.rules]
    return (subject.electorate.roles, subject.electorate.joining, subject.within, rows, policy.name)


TABLED = [name for name in shipped_teams() if load_team(name).pattern in ("rounds", "vote", "hierarchy")]


@pytest.mark.parametrize("name", TABLED)
def test_proofs_of_a_team(name: str, console: Console) -> None:
    subjects = load_subjects(name, settings=FRENCH)
    print_proofs([(subject.prove(), subject) for subject in subjects], console)
    assert unsaid(shown_on(console), MACHINE, *map(said_of, subjects)) == []
