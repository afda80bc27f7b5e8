"""Titles: no two roles of a team are called the same."""

from policies.team.titles import distinct_titles


def test_a_title_that_two_roles_have_gets_the_name_of_each() -> None:
    titles = {"risk": "Risk", "one": "Analyst", "two": "Analyst"}
    assert distinct_titles(titles) == {"risk": "Risk", "one": "Analyst (one)", "two": "Analyst (two)"}
