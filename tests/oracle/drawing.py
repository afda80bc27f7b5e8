"""Random teams and tables: some of nothing but chance, some near what people write, so that properties also hold."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random

from tests.oracle.expressions import (
    Both,
    Choice,
    Conflict,
    Expression,
    Name,
    Not,
    Number,
    Pair,
    Seated,
    Share,
    Size,
    Somebody,
    Stance,
    Sure,
    Truth,
)
from tests.oracle.known import KNOWN, WEIGHED
from tests.oracle.marking import marking
from tests.oracle.tables import CONFIDENCES, Row, Table, Team

ROLES = ("ada", "bert", "cleo", "dora")
BENCH = ("legal", "audit")
STRANGERS = ("nobody", "ada")
"""Whom a row may name in vain: a role the team does not have, and one that sits already."""

OUTCOMES = ("go", "go_with_caution", "no_go", "next_round", "escalate")
COUNTS = ("go", "caution", "block", "absent", "team")
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
CONFLICTS = ("no_contributions", "go_vs_caution", "blocking_vs_non_block", "high_divergence")


@dataclass(frozen=True)
class Limits:
    """How large a draw may be, which is what bounds the time it takes to judge it."""

    roles: int = 4
    votes: int = 1_100
    """Votes of the whole team, each class of open questions, and each confidence, counted."""


def draw(seed: int, limits: Limits = Limits()) -> tuple[Table, Team]:
    """Return the table and the team of a seed."""
    random = Random(seed)
    counting = random.random() < 0.45
    questions, sure = random.random() < 0.25, random.random() < 0.2
    classes = (11 if questions else 1) * (3 if sure else 1)
    team = _team(random, limits.votes // classes, 4 if counting else 3, limits.roles)
    pool = _Pool(random, team, counting, questions, sure)
    while True:  # no row may read the stance of a role that never sits
        kinds = (pool.table, pool.near_a_known_one, pool.of_rounds, pool.of_late_rounds)
        table = random.choices(kinds, (3, 4, 3, 3))[0]()
        if table.named <= {*team.sequence, *table.convened}:
            table = releasing(Random(f"{seed} releases"), table, (*team.sequence, *team.bench))
            table = marking(Random(f"{seed} marks"), table, team, 2 * limits.votes)
            return table, replace(team, bench=tuple(role for role in team.bench if role in table.convened))


def releasing(random: Random, table: Table, roles: Sequence[str]) -> Table:
    """Return the table in half of all cases; else rows of it that open another round may let a role go."""
    if random.random() < 0.5:
        return table
    return replace(table, rows=tuple(_releasing(random, row, roles) for row in table.rows))


def _releasing(random: Random, row: Row, roles: Sequence[str]) -> Row:
    whom = [role for role in (*roles, "nobody") if role != row.convene]
    if row.then != "next_round" or "stances" in row.when.names or random.random() < 0.3:
        return row
    return replace(row, release=random.choice(whom))


def _team(random: Random, votes: int, words: int, most: int) -> Team:
    size = max(n for n in range(1, most + 3) if words**n <= max(votes, words))
    bench = BENCH[: min(random.choice((0, 1, 1, 2, 2, 2)), size - 1)]
    seated = random.randint(1, min(most, size - len(bench)))
    sequence = ROLES[:seated]
    everybody = sequence + bench
    weights = tuple((role, random.randint(1, 4)) for role in everybody) if random.random() < 0.4 else ()
    vetoers = frozenset(role for role in everybody if random.random() < 0.35)
    max_rounds = random.choice((1, 2, 2, 3, 3, 3, 4, 5))
    messages = max_rounds * len(everybody)
    return Team(
        sequence, bench, weights, vetoers, random.randint(1, seated), max_rounds,
        random.choice((1_000, 2 * messages, random.randint(len(sequence), messages + 1))),
        random.randint(0, 2),
    )  # fmt: skip


@dataclass
class _Pool:
    """Draws conditions that this team's table may have."""

    random: Random
    team: Team
    counting: bool
    questions: bool
    sure: bool

    def table(self) -> Table:
        rows = tuple(self.row() for _ in range(self.random.randint(1, 6)))
        otherwise = None if self.random.random() < 0.1 else self.outcome()
        return Table(rows, otherwise, self.random.choice(("stop", "stop", "escalate", "no_go")), self._absent())

    def near_a_known_one(self) -> Table:
        """A sensible table, of which now and then a row is new, moved, dropped or given another outcome."""
        known = self.random.choice(KNOWN)()
        rows = list(known.rows)
        if self.team.vetoers and self.random.random() < 0.5:
            rows.insert(0, Row(Pair(">=", Name("vetoes"), Number(1)), self.random.choice(("no_go", "escalate"))))
        if self.questions and self.random.random() < 0.7:
            rows.insert(self.random.randrange(len(rows) + 1), Row(self.asked(), self.outcome()))
        if self.sure and self.random.random() < 0.7:
            rows.insert(self.random.randrange(len(rows) + 1), Row(self.so_sure(), self.outcome()))
        for _ in range(self.random.choice((0, 0, 1, 1, 2))):
            self._bend(rows)
        ends = self.random.choice((known.when_rounds_end, "stop", "escalate", "no_go"))
        return Table(tuple(map(self._convening, rows)), known.otherwise, ends, self._absent())

    def of_rounds(self) -> Table:
        """A table of several rounds: whom it convenes, when it escalates, what it lets through depends on the past."""
        relay = self.random.random() < 0.5
        rows = self._relay() if relay else [self._round_row() for _ in range(self.random.randint(2, 5))]
        rows += [Row(_no_more_than("block", 0), "go"), Row(_no_more_than("block", 1), "go_with_caution")]
        ends = self.random.choice(("stop", "stop", "stop", "escalate", "no_go"))
        return Table(tuple(rows), self.random.choice(("next_round", "no_go", "escalate")), ends, self._absent())

    def of_late_rounds(self) -> Table:
        """A table that lets through what it should not, or leaves a vote open, once the rounds were raised far enough.

        Up to its first `max_rounds`, and often one or two beyond, it is a sensible table.
        """
        beyond = self.team.max_rounds + self.random.choice((1, 2, 2, 2, 3))
        left, streak = Name("rounds_left"), Name("block_streak")
        late = self.random.choice((
            Pair(">=", Name("round"), Number(beyond)), Pair("==", Name("round"), Number(beyond)),
            Pair(">=", left, Number(beyond - 1)), Pair(">=", streak, Number(beyond)),
        ))  # fmt: skip
        blocked = _more_than("block", 0)
        rows = (
            Row(Both("&&", late, blocked), self.random.choice(("go", "go", "go", "go_with_caution", "escalate"))),
            Row(blocked, "next_round", self._whom() if self.random.random() < 0.4 else None),
            Row(_no_more_than("caution", 0), "go"),
        )
        return Table(rows, "go_with_caution", self.random.choice(("stop", "escalate", "no_go")), self._absent())

    def _relay(self) -> list[Row]:
        """Rows of which each opens one more round for another stance, so that only changing votes go all the way."""
        rows = [Row(Pair(">=", Name("block_streak"), Number(2)), self.random.choice(("escalate", "no_go")))]
        words = self.random.sample(("block", "caution", "go", "absent" if self.counting else "caution"), 4)
        for number in range(1, self.team.max_rounds + 1):
            here = Pair("==", Name("round"), Number(number))
            vote = _more_than(words[number % 4], self.random.choice((0, 0, 1)))
            whom = self.team.bench[number % len(self.team.bench)] if self.team.bench else None
            rows.append(Row(Both("&&", here, vote), "next_round", whom if self.random.random() < 0.7 else None))
        return rows[self.random.randint(0, 1) :]

    def _round_row(self) -> Row:
        vote = _more_than(self.random.choice(("block", "block", "caution", "absent")), self.random.randint(0, 1))
        past = self._compare(
            Name(self.random.choice(("round", "round", "rounds_left", "block_streak"))), self._constant(4)
        )
        if self.team.bench and self.random.random() < 0.5:
            seats = len(self.team.sequence) + self.random.randrange(len(self.team.bench))
            past = Pair("==", Name("team"), Number(seats))
        if self.sure and self.random.random() < 0.5:
            vote = self.so_sure()
        both: Expression = self.random.choice((vote, past, Both("&&", past, vote), Both("&&", past, vote)))
        return self._convening(Row(both, self.random.choice((*OUTCOMES, *["next_round"] * 7))))

    def _absent(self) -> str:
        return "count" if self.counting else "stop"

    def _bend(self, rows: list[Row]) -> None:
        where = self.random.randrange(len(rows))
        match self.random.randrange(4):
            case 0:
                rows.insert(where, self.row())
            case 1 if len(rows) > 1:
                del rows[where]
            case 2:
                rows[where] = Row(rows[where].when, self.outcome())
            case _:
                rows[where] = Row(Both("&&", rows[where].when, self.condition(1)), rows[where].then)

    def _convening(self, row: Row) -> Row:
        if row.then != "next_round" or row.convene or self.random.random() < 0.2:
            return row
        return replace(row, convene=self._whom())

    def _whom(self) -> str:
        strangers = self.random.random() < 0.12 or not self.team.bench
        return self.random.choice(STRANGERS if strangers else self.team.bench)

    def row(self) -> Row:
        then = self.outcome()
        convenes = then == "next_round" and self.random.random() < 0.7
        return Row(self.condition(2), then, self._whom() if convenes else None)

    def outcome(self) -> str:
        return self.random.choice((*OUTCOMES, "next_round", "next_round", "next_round"))

    def condition(self, depth: int) -> Expression:
        if depth == 0 or self.random.random() < 0.45:
            return self._plain()
        sign = self.random.choice(("&&", "&&", "&&", "||", "||", "!", "?"))
        if sign == "!":
            return Not(self.condition(depth - 1))
        if sign == "?" and self.random.random() < 0.5:
            return Choice(self.condition(depth - 1), self.condition(depth - 1), self.condition(depth - 1))
        return Both(sign if sign != "?" else "&&", self.condition(depth - 1), self.condition(depth - 1))

    def _plain(self) -> Expression:
        kinds: list[tuple[float, Callable[[], Expression]]] = [
            (5.0, self._counted), (2.0, self._placed), (2.0, self._said), (0.8, self._in_conflict),
            (0.5, self._may_fail), (0.4, self._share), (0.2, lambda: Truth(self.random.random() < 0.5)),
            (3.0 if self.questions else 0.0, self.asked), (0.5, self._macro),
            (3.0 if self.sure else 0.0, self.so_sure),
        ]  # fmt: skip
        weights, makers = zip(*kinds, strict=True)
        made: Expression = self.random.choices(makers, weights)[0]()
        return made

    def _constant(self, most: int = 6) -> Number:
        return Number(min(self.random.randint(0, most), self.random.randint(0, most)))

    def _compare(self, left: Expression, right: Expression) -> Expression:
        sign = self.random.choice(COMPARISONS)
        return Pair(sign, right, left) if self.random.random() < 0.15 else Pair(sign, left, right)

    def _number(self) -> Expression:
        names = (*COUNTS[:3], *COUNTS, "vetoes", "min_go_votes", *(WEIGHED if self.team.weights else ()))
        one, other = Name(self.random.choice(names)), Name(self.random.choice(names))
        plain = self.random.random()
        if plain < 0.6:
            return one
        if plain < 0.75:
            return Pair("*", Number(2), one)
        return Pair("+" if plain < 0.92 else "-", one, other)

    def _counted(self) -> Expression:
        if self.random.random() < 0.2:
            return Pair(">=", Name("go"), Name("min_go_votes"))
        other: Expression = self._constant(4) if self.random.random() < 0.7 else self._number()
        return self._compare(self._number(), other)

    def _placed(self) -> Expression:
        name = self.random.choice(("round", "rounds_left", "block_streak"))
        if self.random.random() < 0.08:
            return Pair("==", Pair("%", Name(name), Number(2)), Number(self.random.randint(0, 1)))
        if self.random.random() < 0.12:
            other: Expression = Name(
                self.random.choice(("round", "rounds_left", "block_streak", "team", "block", "go"))
            )
            return self._compare(
                Name(name), Pair("+", other, self._constant(2)) if self.random.random() < 0.3 else other
            )
        return self._compare(Name(name), self._constant())

    def _said(self) -> Expression:
        role = self.random.choice((*self.team.sequence, *self.team.sequence, *self.team.bench))
        word = self.random.choice(("go", "caution", "block", "absent"))
        if role not in self.team.sequence and self.random.random() < 0.6:
            return Both("&&", Seated(role), Stance(role, word))
        return Stance(role, word, self.random.random() < 0.7, self.random.random() < 0.4)

    def _in_conflict(self) -> Expression:
        if self.random.random() < 0.3:
            return self._compare(Size("conflicts"), self._constant(3))
        return Conflict(self.random.choice(CONFLICTS))

    def _may_fail(self) -> Expression:
        by = Name(self.random.choice((*COUNTS, "round", "rounds_left", "vetoes")))
        sign = self.random.choice(("/", "%"))
        return self._compare(Pair(sign, Number(6), by), self._constant())

    def _share(self) -> Expression:
        return Share(self.random.choice(COUNTS[:4]), self.random.choice((25, 34, 50, 60, 75)))

    def _macro(self) -> Expression:
        if self.random.random() < 0.3:
            return self._compare(Size("stances"), self._constant())
        return Somebody(self.random.choice(("go", "caution", "block", "absent")), self.random.random() < 0.5)

    def asked(self) -> Expression:
        return self._compare(Name("open_questions"), self._constant())

    def so_sure(self) -> Expression:
        hundredths = self.random.choice((0, 20, 50, 50, 70, 75, 100))
        return Sure(self.random.choice(CONFIDENCES), self.random.choice(COMPARISONS), hundredths)


def _more_than(name: str, most: int) -> Expression:
    return Pair(">", Name(name), Number(most))


def _no_more_than(name: str, most: int) -> Expression:
    return Pair("<=", Name(name), Number(most))
