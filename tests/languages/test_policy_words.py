"""What policies and nodes tell people goes through `say`: no sentence is left in the source that does not."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from graph.languages.catalogue import language_of
from policies.assurance.counterexamples import shown_casts, shown_place
from policies.assurance.electorate import Place
from policies.conditions.condition import ConditionError, Scope, compile_condition
from policies.conditions.refusals import FUNCTIONS, LITERALS
from policies.contracts.table import faults_of, said_check
from policies.decision.guards import ABSENT, COMPARISONS, UNREADABLE, Guard, examine, find_unreadable
from policies.decision.marks import Marks
from policies.decision.table import Policy
from policies.decision.variables import VARIABLES
from policies.language import say, speaking
from policies.people.answering import Offered
from policies.plain import shown, written
from policies.run.staleness import changes_in_words
from policies.run.stop import Stop
from policies.run.stop_table import MOVED, STOP_KINDS, STOP_TABLE, StopKind
from policies.team.fit import misfits_of_condition, misfits_of_guard
from policies.team.rules import parse_team
from tests.languages.catalogues import ROOT
from tests.languages.pseudo import PSEUDO, unsaid
from tests.policies.conditions.test_refusals import FACTS, OTHERS
from tests.policies.people.test_answering import SIGNED, fault
from tests.policies.test_team_rules import RULES, TYPES, changed

SAID_BY = ("say", "phrase", "say_count")
WORDS = re.compile(r"[A-Za-z]{2,} |[ ][A-Za-z]{2,}")
PATTERN = re.compile(r"\\|\(\.\*|\?:|\w \| None|\[a-z")

DATA: dict[str, str] = {
    "nodes/prompting.py": "what a model reads",
    "nodes/voices/model.py": "what a model reads",
    "nodes/voices/wire/dialect.py": "what providers say",
    "nodes/voices/wire/chat.py": "an error that becomes another sentence",
    "policies/conditions/messages.py": "the form of a checked expression",
    "policies/rehearsal/scene.py": "answers that are made up, and never shown",
    "policies/rehearsal/simulate.py": "answers that are made up, and never shown",
    "policies/contracts/position.py": "answers that are made up, and never shown",
    "policies/grounding/words.py": "words that are read in prose",
    "policies/grounding/grounds.py": "words that are read in prose",
    "policies/people/wire.py": "an error that becomes another sentence",
}
"""Files whose plain texts are not told to people, and why."""

MACHINE = (
    *("stop (no_quorum)", "stop (max_rounds_reached)", "as it is", "PRIVATE KEY", "PRIVATE KEY--", "closed connection"),
    *("a number", "a boolean", "a list", "an object", "gzip, deflate", "Value error, ", " or ", "Syntax error: "),
    *("weighted_go > weighted_block", "go > block", "go == 1", "caution == 1", "go >= 2"),
    *("could not be read: ", " (it ", "is ", ", not a number", ", not a single value", ", and its limit is "),
    *(
        "another ",
        " or 'own:NAME'",
        "unknown voice",
        "invalid u?int literal",
        "finish_reason `error`",
        "not two positive numbers",
    ),
    "Prepare a go/no-go brief for the Checkout v2 campaign in US on 2026-03-02.",
)
"""Words that are compared, kept as they are and said where they are shown, or machine words."""

OURS: tuple[str, ...] = (
    "` is not a stop reason",
    "stop reason `",
    " detail",
    "needs a",
    "takes no",
    "decided again, ",
    " at ",
    " give ",
)
OURS += (", not ", "this graph was compiled", "the voice that was asked", "` returned ", "a round is counted")
OURS += ("a decision ends the stages", "convene has opened a stage")
"""Beginnings of what only a fault of the program says."""


def _plain_words(path: Path) -> Iterator[str]:
    """Yield the texts with words in a file that are neither said nor docstrings, types or patterns."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    left = [node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)]
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SAID_BY:
            left += node.args[:2]
    apart = {id(each) for each in left}
    for node in ast.walk(tree):
        value = node.value if isinstance(node, ast.Constant) and id(node) not in apart else None
        if isinstance(value, str) and WORDS.search(value) and not PATTERN.search(value):
            yield value


@pytest.mark.parametrize("part", ["policies", "nodes"])
def test_every_sentence_in_the_source_is_said(part: str) -> None:
    found = {
        f"{path.relative_to(ROOT)}: {words}"
        for path in (ROOT / part).rglob("*.py")
        if str(path.relative_to(ROOT)) not in DATA
        for words in _plain_words(path)
        if words not in MACHINE and not words.startswith(OURS)
    }
    assert found == set()


@pytest.mark.parametrize("kind", STOP_KINDS)
def test_a_stop_is_told_with_its_remedy(kind: StopKind) -> None:
    details = ("", "x1", *(MOVED if kind == "stale_thread" else ()))
    with speaking(PSEUDO):
        told = [STOP_TABLE[kind].told(detail) for detail in details]
        remedies = [Stop(f"{kind}:{detail}").remedy for detail in MOVED]
    assert unsaid(" ".join(told), *details) == []
    assert unsaid(" ".join(remedies), "resume budget max_rounds thread accept-changes") == []


@pytest.mark.parametrize("kind", [kind for kind in STOP_KINDS if STOP_TABLE[kind].is_contract])
def test_every_check_of_a_contract_is_said(kind: StopKind) -> None:
    for form in faults_of(kind):
        with speaking(PSEUDO):
            told = said_check(kind, form.replace("*", "7"))
        assert unsaid(told) == [], form
        with speaking(language_of("fr")):
            assert not re.search(r"[*{}]|\s$|:$", said_check(kind, form.replace("*", "7")))


KNOWN = (FUNCTIONS, LITERALS, [*VARIABLES], "facts output")


@pytest.mark.parametrize(("scope", "text"), [*(("facts", text) for text, _ in FACTS), *(each[:2] for each in OTHERS)])
def test_a_refused_condition_is_told(scope: Scope, text: str) -> None:
    with speaking(PSEUDO), pytest.raises(ConditionError) as refused:
        compile_condition(text, scope)
    shown = text + " rate all size has startsWith lead-weeks"
    assert unsaid(str(refused.value), shown, KNOWN) == []


@pytest.mark.parametrize("text", ["1 + facts.a > 1e999", "size(facts.a) * facts.b > 1.5", "facts.a * true > 2"])
def test_refused_numbers_are_told(text: str) -> None:
    with speaking(PSEUDO), pytest.raises(ConditionError) as refused:
        compile_condition(text)
    assert unsaid(str(refused.value), text, "double") == []


@pytest.mark.parametrize(("path", "value"), [*(each[:2] for each in TYPES), *(each[:2] for each in RULES)], ids=shown)
def test_what_is_wrong_with_a_team_is_told(path: tuple[str | int, ...], value: Any) -> None:
    raw = changed(path, value)
    with speaking(PSEUDO):
        problems = parse_team(raw)
    assert isinstance(problems, list)
    for problem in problems:
        told = re.sub(r"`[^`]*`|'[^']*'|\S{81,}", " ", problem.message)
        assert unsaid(told, written(raw), "int", VARIABLES, _allowed(problem.message)) == [], problem


def _allowed(message: str) -> str:
    """Names that are listed, which are data."""
    return " ".join(re.findall(r"[a-z_]+(?=[,.]|$)", message))


@pytest.mark.parametrize(
    "offered",
    [
        Offered("", "no_go", "W."),
        Offered("cfo", "no_go", "W\0"),
        Offered("cfo", "no_go", "W" * 20_001),
        Offered("vise", "no_go", "W."),
        Offered("coo", "no_go", "W."),
        Offered("cfo", "go", "W."),
        Offered("cfo", "no_go", "  "),
        Offered("cfo", "no_go", "W.", signature=SIGNED),
        Offered("cto", "no_go", "W."),
    ],
)
def test_why_an_answer_is_not_taken_is_told(offered: Offered) -> None:
    with speaking(PSEUDO):
        found = fault(offered)
    assert found
    assert unsaid(found, offered.by, "by cfo cto vice approvers sign KEY go_with_caution no_go go stop fraud") == []


KINDS = (None, "x", True, 1, [1], {"a": 1})


@pytest.mark.parametrize("value", KINDS)
@pytest.mark.parametrize("comparison", [*COMPARISONS])
@pytest.mark.parametrize("limit", [1, True, "z", "other.limit"])
def test_what_a_guard_cannot_use_is_kept_in_english_and_told(value: Any, comparison: str, limit: Any) -> None:
    if comparison != "equals" and limit in (True, "z"):
        return
    guard = Guard.model_validate({"name": "g", "fact": "a.b", comparison: limit, "cap": "no_go"})
    facts = {"a": {"b": value}}
    english = examine([guard], facts)
    with speaking(PSEUDO):
        (finding,) = examine([guard], facts)
        told = finding.told
        misfits = [each.told(facts) for each in misfits_of_guard(guard, facts)]
    assert (finding,) == english
    assert all(each.found in (ABSENT, *UNREADABLE) for each in find_unreadable(guard, facts))
    assert unsaid(" ".join([told or "", *misfits]), "a.b other.limit") == []


@pytest.mark.parametrize(
    ("when", "facts"),
    [
        ("facts.rat > 0.5", {"rate": 1}),
        ("facts.rat > 0.5", {"zebra": 1}),
        ("facts.rat > 0.5", {}),
        ("facts.rate > 0.5", {"rate": "x"}),
        ("facts.rate in facts.name", {"rate": "x", "name": 1}),
        ('facts.level in ["high"]', {"level": 3}),
        ("facts.rate * 2.0 == facts.name", {"rate": 1, "name": "x"}),
    ],
)
def test_facts_that_do_not_fit_a_condition_are_told(when: str, facts: dict[str, Any]) -> None:
    with speaking(PSEUDO):
        told = [each.told(facts) for each in misfits_of_condition(when, facts)]
    assert told
    assert unsaid(" ".join(told), facts, when) == []


def test_places_casts_and_changes_are_told() -> None:
    place = Place(3, 2, ("legal",), marks=Marks(open_questions=4), released=("risk", "ops"), confidence=0.5)
    with speaking(PSEUDO):
        told = [shown_place(place), shown_casts({"risk": "block", "legal": "go"})]
        told.append(changes_in_words({"a": 1, "b": 2, "c": 3}, {"d": 4}))
    assert unsaid(" ".join(told), "legal risk ops go block a b c d") == []
    with speaking(language_of("fr")):
        assert shown_place(place).startswith("tour 3, après 2 tours avec un blocage, legal a rejoint l'équipe")
        assert shown_place(place).endswith("4 questions ouvertes, toutes les confiances à 0,5")


def test_the_reasons_of_shipped_policies_have_french_words() -> None:
    french = language_of("fr")
    for file in (ROOT / "policies" / "shipped").glob("*.yaml"):
        text = file.read_text(encoding="utf-8")
        assert Policy.model_fields  # what is read below is what the policy has
        for sentence in re.findall(r"(?:because|title): ([^{}\n]+?)\}?$", text, re.MULTILINE):
            with speaking(french):
                assert say(sentence) != sentence
