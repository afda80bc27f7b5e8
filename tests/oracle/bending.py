"""Random pairs of policies: a second one that is written differently, or acts differently, or both."""

from collections.abc import Callable
from dataclasses import replace
from random import Random

from tests.oracle.drawing import BENCH, ROLES, Limits, draw, releasing
from tests.oracle.expressions import Both, Expression, Not, Pair, Truth
from tests.oracle.tables import Row, Table, Team

Policy = tuple[Table, Team]

ENDS = ("stop", "escalate", "no_go")
OUTCOMES = ("go", "go_with_caution", "no_go", "next_round", "escalate")
TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!=", "&&": "&&", "||": "||"}


SMALL = Limits(votes=260)


def draw_pair(seed: int, limits: Limits = SMALL) -> tuple[Policy, Policy]:
    """Return two policies of the same roles; who joins by one row of either may join under both."""
    table, team = draw(seed, limits)
    random = Random(-seed - 1)
    other, others = table, team
    for _ in range(random.choice((1, 1, 2))):
        other = random.choice((*_HARMLESS, *_HARMLESS, *_HARMFUL))(random, other)
    if random.random() < 0.3:
        others = random.choice(_TEAMS)(random, team)
    return (table, team), (replace(other, rows=tuple(map(_allowed, other.rows)), name="bent"), others)


def _allowed(row: Row) -> Row:
    """The row without a release that it may not have."""
    return replace(row, release=None) if "stances" in row.when.names or row.release == row.convene else row


def _one_row(random: Random, table: Table, change: Callable[[Row], Row]) -> Table:
    where = random.randrange(len(table.rows))
    return replace(table, rows=tuple(change(row) if at == where else row for at, row in enumerate(table.rows)))


# --- written differently --------------------------------------------------------------------------------------------


def _turned(part: Expression) -> Expression:
    """The same with its sides exchanged, all the way down."""
    if isinstance(part, Pair) and part.sign in TURNED:
        return type(part)(TURNED[part.sign], _turned(part.right), _turned(part.left))
    return part


def _turn(random: Random, table: Table) -> Table:
    return _one_row(random, table, lambda row: replace(row, when=_turned(row.when)))


def _deny_twice(random: Random, table: Table) -> Table:
    return _one_row(random, table, lambda row: replace(row, when=Not(Not(row.when))))


def _add_idle_row(random: Random, table: Table) -> Table:
    where = random.randint(0, len(table.rows))
    idle = Row(Truth(False), random.choice(OUTCOMES))
    return replace(table, rows=(*table.rows[:where], idle, *table.rows[where:]))


def _repeat_row(random: Random, table: Table) -> Table:
    return replace(table, rows=(*table.rows, random.choice(table.rows)))


def _spell_otherwise_out(random: Random, table: Table) -> Table:
    """The last row says what `otherwise` says; a fault asks a human, as no outcome at all does."""
    return replace(table, rows=(*table.rows, Row(Truth(True), table.otherwise or "escalate")))


# --- acts differently, perhaps --------------------------------------------------------------------------------------


def _exchange_rows(random: Random, table: Table) -> Table:
    rows = list(table.rows)
    random.shuffle(rows)
    return replace(table, rows=tuple(rows))


def _other_outcome(random: Random, table: Table) -> Table:
    return _one_row(random, table, lambda row: Row(row.when, random.choice(OUTCOMES)))


def _no_convening(random: Random, table: Table) -> Table:
    return _one_row(random, table, lambda row: replace(row, convene=None))


def _no_releasing(random: Random, table: Table) -> Table:
    return _one_row(random, table, lambda row: replace(row, release=None))


def _other_release(random: Random, table: Table) -> Table:
    return releasing(random, table, sorted({*ROLES[:2], *BENCH, *table.released}))


def _other_ends(random: Random, table: Table) -> Table:
    return replace(table, when_rounds_end=random.choice(ENDS))


def _other_otherwise(random: Random, table: Table) -> Table:
    return replace(table, otherwise=random.choice((*OUTCOMES, None)))


def _other_absence(random: Random, table: Table) -> Table:
    return replace(table, on_absent="stop" if table.counts_absences else "count")


def _drop_row(random: Random, table: Table) -> Table:
    where = random.randrange(len(table.rows))
    return replace(table, rows=(table.rows[:where] + table.rows[where + 1 :]) or table.rows)


def _narrow(random: Random, table: Table) -> Table:
    other = random.choice(table.rows).when
    return _one_row(random, table, lambda row: replace(row, when=Both(random.choice(("&&", "||")), row.when, other)))


_HARMLESS = (_turn, _deny_twice, _add_idle_row, _repeat_row, _spell_otherwise_out)
_HARMFUL = (
    _exchange_rows, _other_outcome, _no_convening, _no_releasing, _other_release, _other_ends, _other_otherwise,
    _other_absence, _drop_row, _narrow,
)  # fmt: skip


# --- the team under the second --------------------------------------------------------------------------------------


def _more_rounds(random: Random, team: Team) -> Team:
    return replace(team, max_rounds=random.randint(1, 5))


def _more_go_votes(random: Random, team: Team) -> Team:
    return replace(team, min_go_votes=random.randint(1, len(team.sequence)))


def _other_weights(random: Random, team: Team) -> Team:
    return replace(team, weights=tuple((role, random.randint(1, 4)) for role in team.sequence + team.bench))


def _other_vetoes(random: Random, team: Team) -> Team:
    return replace(team, vetoers=frozenset(random.sample(team.sequence, 1)))


_TEAMS = (_more_rounds, _more_rounds, _more_go_votes, _other_weights, _other_vetoes)
