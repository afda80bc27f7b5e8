"""Tables as people write them, from which others are bent."""

from dataclasses import replace

from tests.oracle.expressions import Both, Expression, Name, Number, Pair
from tests.oracle.tables import Row, Table

WEIGHED = ("weighted_go", "weighted_caution", "weighted_block")


def _more_than_half(part: Expression, whole: Expression) -> Expression:
    return Pair(">", Pair("*", Number(2), part), whole)


def _plus(first: str, second: str) -> Expression:
    return Pair("+", Name(first), Name(second))


def launch() -> Table:
    blocks = Pair("==", Name("block"), Number(1))
    enough = Pair(">=", Name("go"), Name("min_go_votes"))
    return Table((
        Row(Pair(">=", Name("block"), Number(2)), "no_go"),
        Row(Both("&&", blocks, Pair(">=", Name("block_streak"), Number(2))), "escalate"),
        Row(blocks, "next_round"),
        Row(Both("&&", enough, Pair("==", Name("caution"), Number(0))), "go"),
        Row(enough, "go_with_caution"),
    ), "next_round", "escalate")  # fmt: skip


def majority() -> Table:
    return _by_halves("go", "caution", "block", Name("team"), "escalate")


def weighted() -> Table:
    whole = Pair("+", _plus("weighted_go", "weighted_caution"), Name("weighted_block"))
    return _by_halves(*WEIGHED, whole, "no_go")


def _by_halves(go: str, caution: str, block: str, whole: Expression, ends: str) -> Table:
    return Table((
        Row(_more_than_half(Name(go), whole), "go"),
        Row(_more_than_half(_plus(go, caution), whole), "go_with_caution"),
        Row(_more_than_half(Name(block), whole), "no_go"),
    ), "next_round", ends)  # fmt: skip


def quorum() -> Table:
    there = Pair("+", _plus("go", "caution"), Name("block"))
    missing = Row(Pair("<=", Pair("*", Number(2), there), Name("team")), "next_round")
    halves = _by_halves("go", "caution", "block", there, "escalate")
    return replace(halves, rows=(missing, *halves.rows))


def unanimous() -> Table:
    return Table((
        Row(Pair("==", Name("go"), Name("team")), "go"),
        Row(Pair("==", Name("block"), Number(0)), "go_with_caution"),
        Row(Pair("==", Name("block"), Name("team")), "no_go"),
    ), "next_round", "escalate")  # fmt: skip


KNOWN = (launch, majority, quorum, weighted, unanimous)
