"""What of the facts was brought from outside, among what sources gave."""

from policies.team.provenance import Gathered


def test_only_what_was_given_or_supplied_was_brought() -> None:
    gathered = Gathered().plus({"kind": "file"}, {"risk": {"rate": 1, "cases": 2}, "region": "EU"})
    assert gathered.brought == {}
    gathered = gathered.plus({"kind": "given"}, {"region": "US"}).plus({"kind": "supplied"}, {"risk": {"rate": 3}})
    assert gathered.facts == {"risk": {"rate": 3, "cases": 2}, "region": "US"}
    assert gathered.brought == {"risk": {"rate": 3}, "region": "US"}
