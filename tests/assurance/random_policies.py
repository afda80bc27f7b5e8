"""Random policies for real runs, with rows that talk on, convene, release, or read what is rarely read."""

import random

from graph.teams.policies import load_policy, shipped_policies
from policies.decision.table import OUTCOMES, Policy, Row
from tests.policies.assurance.enumeration import random_policy

GUESTS = ("press", "audit")
"""Who may be convened; the second is known and not enabled in some teams."""
WAIVED = [{"property": name, "because": "Tried out."} for name in ("total", "monotone")]
QUESTIONS = ("open_questions > 0", "open_questions == 1 && block == 0")
MOVES = ("moved > 0", "moved == 1 && block == 0", "moved >= 2", "moved == 0 && round > 1", "round == 2 && moved < 2")
TALKS = (
    "block == 1",
    "block >= 1 && round == 1",
    "caution >= 1",
    "go < team",
    "round == 1",
    "absent >= 1",
    "block > 0",
)
STREAKS = (
    "block_streak == 2",
    "block_streak >= 2",
    "block >= 1 && block_streak >= 2",
    "block_streak == 0 && round > 1",
)
SURE = ("mean_confidence < 0.6", "min_confidence < 0.3", "mean_confidence > 0.5")
WEIGHTY = ("weighted_block > weighted_go", "vetoes >= 1", "weighted_go >= 4", "weighted_caution >= 2")
LATE = ("rounds_left == 0 && block > 0", "rounds_left >= 2", "round == 3")


def a_policy(rng: random.Random, sequence: tuple[str, ...], may_convene: bool, asks: bool) -> Policy:
    """A shipped policy or random rows, with rows before them that talk on, convene, or read what is rarely read."""
    policy = load_policy(rng.choice([*shipped_policies()])) if rng.random() < 0.4 else random_policy(rng, sequence)
    rows = [*policy.rules]
    if rng.random() < 0.3:
        rows.insert(0, Row(when=rng.choice(LATE), then=rng.choice(OUTCOMES)))
    if rng.random() < 0.6:
        calls = rng.choice([*GUESTS, "press", "stranger"]) if may_convene and rng.random() < 0.5 else None
        rows.insert(0, Row(when=rng.choice(TALKS), then="next_round", convene=calls))
    rows = _releasing(rng, rows, sequence)
    rows = _counting_moves(rng, rows) if may_convene else rows
    if rng.random() < 0.3:
        rows.insert(0, Row(when=rng.choice(STREAKS), then=rng.choice(OUTCOMES)))
    if rng.random() < 0.2:
        rows.insert(0, Row(when=rng.choice(WEIGHTY), then=rng.choice(OUTCOMES)))
    if asks and rng.random() < 0.8:
        rows.insert(0, Row(when=rng.choice(QUESTIONS), then=rng.choice(OUTCOMES)))
    sure = [{"when": rng.choice(SURE), "then": rng.choice(OUTCOMES)}] if rng.random() < 0.1 else []
    changes = {
        "name": "tried",
        "rules": [*sure, *(row.model_dump() for row in rows)],
        "on_absent": rng.choice(["stop", "count"]),
        "trust_confidence": bool(sure),
        "accept": WAIVED,
    }
    return Policy.model_validate({**policy.model_dump(mode="json"), **changes})


def _releasing(rng: random.Random, rows: list[Row], sequence: tuple[str, ...]) -> list[Row]:
    """The rows, of which some let a role go; drawn apart, so that what else is drawn is the same as ever."""
    apart = random.Random()
    apart.setstate(rng.getstate())
    if apart.random() < 0.4:
        return rows
    return [_let_go(apart, row, (*sequence, *GUESTS, "stranger")) for row in rows]


def _counting_moves(rng: random.Random, rows: list[Row]) -> list[Row]:
    """The rows, of which the first may count who moved; drawn apart, too."""
    apart = random.Random(f"moves {rng.getstate()}")
    if apart.random() < 0.6:
        return rows
    return [Row(when=apart.choice(MOVES), then=apart.choice([*OUTCOMES, "next_round"])), *rows]


def _let_go(rng: random.Random, row: Row, roles: tuple[str, ...]) -> Row:
    if row.then != "next_round" or "stances" in row.when or rng.random() < 0.3:
        return row
    return row.model_copy(update={"release": rng.choice([role for role in roles if role != row.convene])})
