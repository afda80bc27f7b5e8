"""What moved since a decision that a thread takes again, on a terminal, in the language of its team."""

import pytest

from graph.languages.catalogue import language_of
from graph.report.terminal.later import reopening_shown
from policies.language import speaking


@pytest.mark.parametrize(("language", "line"), [("en", "  risk.rate: 1 → 5"), ("fr", "  risk.rate\u00a0: 1 → 5")])
def test_a_fact_that_moved_has_its_colon_as_the_language_has_it(language: str, line: str) -> None:
    moved = {"path": "risk.rate", "then": "1", "now": "5"}
    found = {"thread": "old", "decision": None, "at": None, "said": [], "changed": [moved], "more": 0}
    with speaking(language_of(language)):
        shown = [each.plain for each in reopening_shown({"reopens": found})]

    assert line in shown
