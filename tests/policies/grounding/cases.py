"""The sentences beside this file, and what they may rest on."""

from pathlib import Path
from typing import Any

from graph.documents import read_yaml
from policies.grounding.counts import Progress, counts_of
from policies.grounding.derivations import derived
from policies.grounding.grounds import Grounds, grounds_in
from policies.team.team import Budget, Team

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


def known() -> Grounds:
    case = read("known")
    team = Team.model_construct(derive=case["derive"])
    progress = Progress(Budget(**case["budget"]), case["casts"], case["messages"])
    numbers = derived(team, case["facts"]).values()
    return grounds_in(case["facts"], [case["goal"]], case["titles"], numbers, counts_of(progress))
