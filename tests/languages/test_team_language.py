"""A team names its language; what is decided, and the hash of the facts, are the same in every language."""

from pathlib import Path

import pytest

from graph.languages.catalogue import language_of
from graph.problems import UsageError
from graph.teams.loader import Changes, load_team
from policies.language import ENGLISH, say
from tests.harness import run, settings_at, team_of


@pytest.mark.parametrize(
    ("named", "code"),
    [
        ("fr", "fr"),
        ("French", "fr"),
        ("français", "fr"),
        ("fr-CA", "fr-CA"),
        ("fr_FR", "fr-FR"),
        (" FR ", "fr"),
        ("German", "de"),
        ("English", "en"),
    ],
)
def test_a_language_is_named_by_its_code_or_its_name(named: str, code: str) -> None:
    assert load_team("checkout_launch", Changes(settings=[f"language={named}"])).language == code


def test_a_language_that_there_is_not_is_refused() -> None:
    with pytest.raises(UsageError) as refused:
        load_team("checkout_launch", Changes(settings=["language=Frensh"]))
    allowed = "the code of a language or its name, as in `fr` or French"
    assert refused.value.problems == (f"--set language=Frensh: `language` is 'Frensh'; allowed: {allowed}",)


def test_a_brief_may_be_in_any_language_that_its_writer_knows() -> None:
    team = load_team("checkout_launch", Changes(settings=["brief.language=Klingon"]))
    assert team.brief.language == "Klingon"
    assert language_of("Klingon").name == "Klingon"
    assert language_of("Klingon").sentences == ENGLISH.sentences


def test_a_language_without_a_catalogue_falls_back_to_english_with_its_numbers() -> None:
    german = language_of("de")
    assert (german.name, german.decimal, german.group) == ("German", ".", ",")
    assert german.sentences == {}
    assert say("{name} is absent", name="Ada") == "Ada is absent"


def test_loading_a_team_leaves_the_language_of_its_caller_alone() -> None:
    load_team("checkout_launch_fr")
    assert language_of(None) is ENGLISH
    assert say("all") == "all"


FACTS = (
    "risk_signals.failed_payment_rate=0.05",
    "risk_signals.chargeback_alerts=9",
    "demand_signals.conversion_lift_pct=-1.0",
    "finance_signals.expected_margin_pct=3.0",
    "finance_signals.promo_cost_usd=990000.0",
    'demand_signals.traffic_risk="high"',
)


@pytest.mark.parametrize("changed", [(), *((each,) for each in FACTS), FACTS[:2], FACTS[2:]])
def test_stances_stop_reasons_and_the_hash_of_the_facts_are_equal_in_both_languages(
    changed: tuple[str, ...], tmp_path: Path
) -> None:
    settings = settings_at(tmp_path)
    sets = [f"facts.{each}" for each in changed]
    english, french = (
        run(team_of(settings, name, *sets, voice="rules"), settings, name)
        for name in ("checkout_launch", "checkout_launch_fr")
    )
    for key in ("status", "stop_reason", "phase"):
        assert english.get(key) == french.get(key)
    assert english.get("final_decision") == french.get("final_decision")
    assert english["hashes"]["facts"] == french["hashes"]["facts"]
    assert [_said(each) for each in english["history"]] == [_said(each) for each in french["history"]]
    assert english.keys() == french.keys()


def _said(entry: dict[str, object]) -> object:
    said: list[dict[str, object]] = entry["contributions"]  # type: ignore[assignment]
    return [(each["agent"], each["stance"]) for each in said], entry["conflicts"], entry["decision"]
