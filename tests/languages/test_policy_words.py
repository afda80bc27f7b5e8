"""What policies tell people goes through `say`: stops, checks, conditions, teams, guards, answers."""

import re
from typing import Any

import pytest

from graph.languages.catalogue import language_of
from policies.assurance.counterexamples import shown_casts, shown_place
from policies.assurance.electorate import Place
from policies.conditions.condition import ConditionError, Scope, compile_condition
from policies.conditions.refusals import FUNCTIONS, LITERALS
from policies.contracts.table import faults_of, said_check
from policies.decision.guards import COMPARISONS, Guard, examine
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

PLACE = re.compile(r"\{\w+\}")


@pytest.mark.parametrize("kind", STOP_KINDS)
def test_a_stop_is_told_with_its_remedy(kind: StopKind) -> None:
    details = ("", "x1", *(MOVED if kind == "stale_thread" else ()))
    with speaking(PSEUDO):
        told = [STOP_TABLE[kind].told(detail) for detail in details]
        remedies = [Stop(f"{kind}:{detail}").remedy("R") for detail in (*MOVED, "x1")]
    assert unsaid(" ".join(told), *details) == []
    assert unsaid(" ".join(remedies), "budget max_rounds thread accept-changes x1") == []


@pytest.mark.parametrize("kind", [kind for kind in STOP_KINDS if STOP_TABLE[kind].is_contract])
def test_every_check_of_a_contract_is_said(kind: StopKind) -> None:
    for form in faults_of(kind):
        with speaking(PSEUDO):
            told = said_check(kind, PLACE.sub("7", form))
        assert unsaid(told) == [], form
        with speaking(language_of("fr")):
            assert not re.search(r"[*{}]|\s$|:$", said_check(kind, PLACE.sub("7", form)))


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


def test_what_is_wrong_with_a_condition_agrees_with_it_in_french() -> None:
    with speaking(language_of("fr")), pytest.raises(ConditionError) as refused:
        compile_condition("facts.rat > limit")
    told = str(refused.value)
    assert told.startswith("la condition ne peut pas être lue\N{NO-BREAK SPACE}: ")
    with speaking(language_of("fr")):
        assert refused.value.told_of(say("the derivation")) == told.replace("condition", "dérivation")
        (misfit,) = (each.told({"rate": 1}) for each in misfits_of_condition("facts.rat > 0.5", {"rate": 1}))
    assert misfit.startswith("`rat` n'est pas dans les faits\N{NO-BREAK SPACE}; ")


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
