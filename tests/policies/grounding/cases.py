"""The sentences beside this file, and what they may rest on."""

from pathlib import Path
from typing import Any

from graph.documents import read_yaml
from policies.grounding.counts import Progress, counts_of
from policies.grounding.derivations import derived
from policies.grounding.grounds import Grounds, grounds_in, with_counts
from policies.team.rules import parse_team
from policies.team.team import Budget, Team
from tests.policies.patterns.courses import ANN, BOB, person, raw_team

HERE = Path(__file__).parent

Sentence = tuple[str, str, tuple[str, ...]]
"""A family, a sentence, and its numbers that are not known."""


def read(name: str) -> Any:
    return read_yaml((HERE / f"{name}.yaml").read_bytes(), name).value


def sentences(language: str) -> list[Sentence]:
    """The sentences of a language: `\\n` is a new line and `\\_` a narrow space that does not break."""
    found: list[Sentence] = []
    for family, each in read(language).items():
        for line in _lines(each["known"]):
            found.append((family, line, ()))
        for line in _lines(each["invented"]):
            sentence, _, numbers = line.partition(" => ")
            found.append((family, sentence, tuple(numbers.split("; "))))
    return found


def _lines(text: str) -> list[str]:
    return [line.replace("\\n", "\n").replace("\\_", "\u202f") for line in text.splitlines()]


def deriving(derive: dict[str, str]) -> Team:
    """A team that derives these numbers."""
    team = parse_team(raw_team("rounds", (ANN, BOB), roles={ANN: person(ANN), BOB: person(BOB)}, derive=derive))
    assert isinstance(team, Team)
    return team


def known() -> Grounds:
    case = read("known")
    progress = Progress(Budget(**case["budget"]), case["casts"], case["messages"])
    numbers = derived(deriving(case["derive"]), case["facts"]).values()
    return with_counts(grounds_in(case["facts"], [case["goal"]], case["titles"], numbers), counts_of(progress))
