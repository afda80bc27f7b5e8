"""Who did not agree with the decision of a vote, on the page and in Markdown."""

import pytest

from tests.report.conftest import Telling

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("name", "dissent"),
    [
        ("change_freeze", [("Product lead", "reject", "block"), ("Support lead", "abstain", "caution")]),
        # Go with caution: the ballot that abstains counts as caution.
        ("vote", []),
        ("no_quorum", []),
    ],
)
def test_the_dissent_of_a_vote_is_the_ballots_that_count_for_another_decision(
    name: str, dissent: list[tuple[str, str, str]], story: Telling
) -> None:
    each = story(name)
    told = each.dossier["speeches"]
    assert [(said["title"], said["stance"], said["tone"]) for said in told["dissent"]] == dissent
    is_decided = each.record["status"] == "ok"
    assert ("## Dissent" in each.markdown) == ('id="dissent"' in each.page) == is_decided
    assert ("Every ballot agrees" in each.markdown) == ("Every ballot agrees" in each.page) == (name == "vote")


def test_a_ballot_that_dissents_is_told_with_its_reason(story: Telling) -> None:
    each = story("change_freeze")
    dissent = each.markdown.partition("## Dissent")[2].partition("\n## ")[0]
    assert "⛔ **reject** Product lead" in dissent
    assert "> Too many releases are planned for these days to hold them all back." in dissent
    assert "Too many releases" in each.page.partition('id="dissent"')[2].partition("</section>")[0]
