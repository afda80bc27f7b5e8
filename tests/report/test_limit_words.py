"""Flips of facts and limits in words, and the words for guards wherever a decision is shown."""

import re
import sys
from collections.abc import Mapping
from typing import Any

import pytest

from graph.report.dossier.explanation import explanation_of
from graph.report.dossier.limits import border_of, changes_of, said_change
from graph.report.terminal.report import print_report
from graph.report.terminal.visible import console_on
from graph.report.terminal.why import print_why
from policies.assurance.limits import flip_limits
from policies.decision.guards import Guard, examine
from policies.decision.outcome import decide
from policies.decision.table import Outcome, Policy
from policies.decision.vote import Vote
from tests.hostile.command import Captured
from tests.report.conftest import Telling

VOTE = Vote({"risk": "go"})


def told(guards: list[dict[str, Any]], facts: dict[str, Any], outcome: Outcome = "go") -> list[str]:
    """Each flip as a person reads it, and the outcome it gives."""
    table = Policy(name="x", rules=(), otherwise=outcome)
    made = [Guard.model_validate({"name": "g", "fact": "x", "cap": "no_go", **guard}) for guard in guards]
    findings = examine(made, facts)
    now = decide(table, VOTE, findings).final
    plain: list[Mapping[str, Any]] = [
        {
            "name": found.guard.name,
            "fact": found.guard.fact,
            "value": found.value,
            "limit": found.limit,
            "limit_path": found.guard.limit_path,
            "unread": found.unread.path if found.unread else None,
        }
        for found in findings
    ]
    said = []
    for flip in flip_limits(table, VOTE, made, facts):
        raw = {"facts": flip.facts, "limits": flip.limits, "outcome": flip.outcome, "stays_at": flip.stays_at}
        border = border_of(raw, now, now)
        changes = " and ".join(map(said_change, changes_of(raw, plain)))
        said.append(f"{flip.outcome} with {changes}" + (f"; {border}" if border else ""))
    return said


SAID: list[tuple[dict[str, Any], dict[str, Any], list[str]]] = [
    (
        {"at_least": 0.03},
        {"x": 0.034},
        [
            "go with x below 0.03; at 0.03 the limit still caps",
            "go with the limit of g above 0.034; at 0.034 the limit still caps",
        ],
    ),
    (
        {"at_least": "y"},
        {"x": 9, "y": 5},
        [
            "go with x below 5; at 5 the limit still caps",
            "go with y above 9; at 9 the limit still caps",
        ],
    ),
    (
        {"above": 5},
        {"x": 4},
        [
            "no_go with x above 5; at 5 it stays go",
            "no_go with the limit of g below 4; at 4 it stays go",
        ],
    ),
    ({"above": 5}, {"x": 7}, ["go with x at most 5", "go with the limit of g at least 7"]),
    ({"at_least": 0.03}, {}, ["go with a value below 0.03 for x; at 0.03 the limit still caps"]),
    ({"at_least": 0.03}, {"x": "high"}, ["go with a value below 0.03 for x; at 0.03 the limit still caps"]),
    ({"at_least": "y"}, {"x": 5}, ["go with a value above 5 for y; at 5 the limit still caps"]),
    (
        {"equals": "draft"},
        {"x": "draft"},
        ["go with any other value for x", "go with any other value for the limit of g"],
    ),
    ({"equals": "draft"}, {}, ["go with any value but draft for x"]),
    ({"equals": "draft"}, {"x": "final"}, ["no_go with x equal to draft", "no_go with the limit of g equal to final"]),
    ({"equals": True}, {"x": True}, ["go with x equal to false", "go with the limit of g equal to false"]),
    ({"equals": 5}, {"x": 5}, ["go with any other value for x", "go with any other value for the limit of g"]),
]


@pytest.mark.parametrize(("guard", "facts", "said"), SAID)
def test_a_flip_says_which_values_would_do_and_what_happens_at_the_border(
    guard: dict[str, Any], facts: dict[str, Any], said: list[str]
) -> None:
    assert told([guard], facts) == said


def test_values_between_two_borders_are_said_with_both() -> None:
    guards = [{"at_least": 3, "cap": "go_with_caution", "name": "near"}, {"at_least": 5, "name": "far"}]

    assert told(guards, {"x": 1})[:2] == ["go_with_caution with x at least 3 and below 5", "no_go with x at least 5"]
    assert told(guards, {"x": 9})[1] == "go_with_caution with x at least 3 and below 5; at 5 the limit still caps"


def test_a_change_of_kind_and_the_votes_needed_are_said_as_well() -> None:
    change = {"facts": {"x": {"any": "a number"}}, "limits": {}, "outcome": "no_go", "stays_at": ()}
    votes = {"facts": {}, "limits": {"min_go_votes": {"equals": 3}}, "outcome": "no_go", "stays_at": ()}

    assert [said_change(each) for each in changes_of(change, [])] == ["any number for x"]
    assert [said_change(each) for each in changes_of(votes, [])] == ["min_go_votes at 3"]


HOLDS = re.compile(r"guards?\b[^.]{0,40}\bholds?\b|\bholds? (while|unread|yes|no)\b", re.IGNORECASE)
NEIGHBOUR = re.compile(r"\d\.\d{13,}")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["capped", "unread", "go_with_caution", "go"])
def test_no_surface_says_that_a_guard_holds_or_shows_a_neighbouring_number(
    name: str, story: Telling, capsys: Captured
) -> None:
    each = story(name)
    why = explanation_of("t", each.state)
    assert isinstance(why, dict)
    print_why(why, console_on(sys.stdout, columns=120))
    print_report(each.record, each.state)
    shown = {"terminal": capsys.readouterr().out, "page": re.sub(r"<[^>]+>", " ", each.page), "text": each.markdown}

    for surface, text in shown.items():
        assert not HOLDS.search(text), (surface, HOLDS.search(text))
        assert not NEIGHBOUR.search(text), (surface, NEIGHBOUR.search(text))
        assert "refuse alone" not in text


@pytest.mark.slow
def test_the_page_and_the_text_say_tripped_clear_and_where_the_border_is(story: Telling) -> None:
    each = story("capped")
    page = " ".join(re.sub(r"<[^>]+>", " ", each.page).split())

    for words in ("Tripped", "Clear", "is tripped while it is at least", "below 0.03", "at 0.03 the limit still caps"):
        assert words in page
    assert "| Guard |  | Fact | Tripped while | Room | Effect |" in each.markdown
    assert "below 0.03; at 0.03 the limit still caps" in each.markdown
    assert "exceeded by 0.004" in each.markdown
