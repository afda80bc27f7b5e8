"""The panel: what the answers of several people give, in whatever order they come, judged by a count made by hand."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

from policies.decision.guards import Finding, Guard
from policies.decision.table import Policy
from policies.people.panel import Panel, panel_of, rule_panel
from policies.people.question import WORDS, Word
from policies.team.people import Deciders

Said = Mapping[str, Word]
SEATS = ("cfo", "cto", "coo")


@dataclass(frozen=True)
class Table:
    """A table as a team file has it, and what it gives for counts of go, caution and block, worked out by hand."""

    rule: Mapping[str, object]
    gives: Callable[[int, int, int, frozenset[str]], str]


def _two_of_three(go: int, caution: int, block: int, _: frozenset[str]) -> str:
    return "go" if go >= 2 else "go_with_caution" if go + caution >= 2 else "no_go"


def _one_may_refuse(go: int, caution: int, block: int, blocking: frozenset[str]) -> str:
    if "cfo" in blocking:
        return "no_go"
    return "go" if go == 3 else "go_with_caution" if go + caution >= 2 else "no_go"


def _majority(go: int, caution: int, block: int, _: frozenset[str]) -> str:
    if 2 * go > 3:
        return "go"
    return "go_with_caution" if 2 * (go + caution) > 3 else "no_go"


def _undecided(go: int, caution: int, block: int, _: frozenset[str]) -> str:
    return "go" if go == 3 else "no_go" if block == 3 else "open"


def table(name: str, *rows: tuple[str, str], otherwise: str = "no_go") -> dict[str, object]:
    return {"name": name, "rules": [{"when": when, "then": then} for when, then in rows], "otherwise": otherwise}


TABLES = {
    "2 of 3": Table(
        {"policy": table("two", ("go >= 2", "go"), ("go + caution >= 2", "go_with_caution"))}, _two_of_three
    ),
    "one may refuse alone": Table(
        {
            "policy": table(
                "refuse", ("vetoes >= 1", "no_go"), ("go == 3", "go"), ("go + caution >= 2", "go_with_caution")
            ),
            "veto": ("cfo",),
        },
        _one_may_refuse,
    ),
    "majority": Table(
        {
            "policy": table(
                "most",
                ("2 * go > team", "go"),
                ("2 * (go + caution) > team", "go_with_caution"),
                ("2 * block > team", "no_go"),
                otherwise="next_round",
            )
            | {"when_rounds_end": "escalate"}
        },
        _majority,
    ),
    "all or nothing": Table(
        {"policy": table("all", ("go == 3", "go"), ("block == 3", "no_go"), otherwise="next_round")}, _undecided
    ),
}


def judged(each: Table, said: Said) -> str:
    """What the answers of all give: the oracle.

    A go stands if it does although whoever said neither is against it; so does a no although they are for it.
    """

    def count(neither: str) -> str:
        words = {seat: neither if word in ("again", "stop") else word for seat, word in said.items()}
        votes = [*words.values()]
        blocking = frozenset(seat for seat, word in words.items() if word == "no_go")
        return each.gives(votes.count("go"), votes.count("go_with_caution"), votes.count("no_go"), blocking)

    if count("no_go") in ("go", "go_with_caution"):
        return count("no_go")
    if count("go") == "no_go":
        return "no_go"
    words = [*said.values()]
    again, stop = words.count("again"), words.count("stop")
    return "again" if again and again >= stop else "stop"


@pytest.mark.parametrize("name", TABLES)
def test_the_first_ruling_is_the_one_that_all_answers_give_in_any_order(name: str) -> None:
    each, rng = TABLES[name], random.Random(name)
    panel = panel_of(Deciders.model_validate({"by": SEATS, "rule": each.rule}, strict=False))
    for _ in range(300):
        said: dict[str, Word] = {seat: rng.choice(WORDS) for seat in SEATS}
        order = rng.sample(SEATS, len(SEATS))
        ruled = [rule_panel(panel, {seat: said[seat] for seat in order[: n + 1]}, WORDS) for n in range(len(SEATS))]
        assert ruled[-1] is not None
        assert {found.outcome for found in ruled if found} == {judged(each, said)}, (said, order)


@pytest.mark.parametrize("name", TABLES)
def test_it_is_settled_as_soon_as_no_missing_answer_can_change_it_and_not_before(name: str) -> None:
    each = TABLES[name]
    panel = panel_of(Deciders.model_validate({"by": SEATS, "rule": each.rule}, strict=False))
    for first in WORDS:
        for second in WORDS:
            said: dict[str, Word] = {"cfo": first, "cto": second}
            could = {judged(each, {**said, "coo": third}) for third in WORDS}
            found = rule_panel(panel, said, WORDS)
            assert (found.outcome if found else None) == (could.pop() if len(could) == 1 else None), said


def test_one_person_decides_alone() -> None:
    ruled = {word: rule_panel(panel_of(None), {"anybody": word}, WORDS) for word in WORDS}

    assert {word: found.outcome if found else None for word, found in ruled.items()} == {word: word for word in WORDS}
    assert panel_of(Deciders(by=("cfo",))).seats == ("cfo",)


def test_a_missing_answer_is_absent_in_what_is_recorded() -> None:
    panel = panel_of(Deciders.model_validate({"by": SEATS, "rule": TABLES["2 of 3"].rule}, strict=False))
    found = rule_panel(panel, {"cfo": "go", "coo": "go"}, WORDS)

    assert found is not None
    assert found.casts == {"cfo": "go", "cto": "absent", "coo": "go"}


def test_tripped_guards_cap_people_as_they_cap_a_team() -> None:
    guard = Guard(name="fraud", fact="rate", above=1, cap="go_with_caution")
    found = rule_panel(panel_of(None), {"anybody": "go"}, WORDS, [Finding(guard, tripped=True, value=2, limit=1)])

    assert found is not None
    assert (found.outcome, found.ruling.guards) == ("go_with_caution", ("fraud",))


def test_more_than_half_of_those_asked_is_what_a_table_reads_where_it_says_nothing() -> None:
    policy = Policy.model_validate(table("votes", ("go >= min_go_votes", "go")), strict=False)
    needed = [
        panel_of(Deciders.model_validate({"by": SEATS[:size], "rule": {"policy": policy}}, strict=False)).min_go_votes
        for size in (1, 2, 3)
    ]
    asked = panel_of(
        Deciders.model_validate({"by": SEATS, "rule": {"policy": policy, "min_go_votes": 3}}, strict=False)
    )

    assert (needed, asked.min_go_votes) == ([1, 2, 2], 3)
    assert Panel(SEATS).vote({}).is_last


@pytest.mark.parametrize(("word", "ruled"), [("no_go", "no_go"), ("again", "again"), ("stop", "stop")])
def test_who_may_only_refuse_still_says_whether_the_team_talks_again_or_the_run_ends(word: Word, ruled: Word) -> None:
    capped = [Finding(Guard(name="rate", fact="rate", above=1, cap="no_go"), tripped=True)]
    found = rule_panel(panel_of(None), {"anybody": word}, ("no_go", "again", "stop"), capped)
    assert found is not None
    assert found.outcome == ruled
