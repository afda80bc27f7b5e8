"""Rows that count flags: in some tables, drawn apart, so that what else is drawn is the same as ever."""

from dataclasses import replace
from random import Random

from tests.oracle.expressions import Both, Name, Number, Pair
from tests.oracle.tables import Row, Table, Team

FLAGS = ("moved", "moved", "ungrounded")
OUTCOMES = ("go", "go", "go_with_caution", "no_go", "next_round", "next_round", "escalate")
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=", ">=", ">")


def marking(random: Random, table: Table, team: Team, most: int) -> Table:
    """Return the table with a row or two that count flags, where there are no more than so many votes then."""
    seats = len(team.sequence) + len(team.bench)
    votes = (4 if table.counts_absences else 3) ** seats * (seats + 1)
    votes *= (11 if "open_questions" in table.reads else 1) * (3 if table.trusts_confidence else 1)
    if random.random() < 0.5 or votes > most:
        return table
    flags = random.sample(FLAGS, 2 if votes * (seats + 1) <= most and random.random() < 0.4 else 1)
    for flag in flags:
        table = _with_one(random, table, Pair(random.choice(COMPARISONS), Name(flag), Number(random.randint(0, seats))))
    return table


def _with_one(random: Random, table: Table, counts: Pair) -> Table:
    """Return the table with a row that reads this alone, or with another condition, or with it added to one."""
    where = random.randrange(len(table.rows))
    row, way = table.rows[where], random.random()
    if way < 0.4:
        changed = [replace(row, when=Both(random.choice(("&&", "&&", "||")), row.when, counts))]
    else:
        when = counts if way < 0.7 else Both("&&", Pair(">", Name("block"), Number(0)), counts)
        changed = [Row(when, random.choice(OUTCOMES)), row]
    return replace(table, rows=(*table.rows[:where], *changed, *table.rows[where + 1 :]))
