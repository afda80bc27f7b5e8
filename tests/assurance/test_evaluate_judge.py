"""A judge of `accord policy evaluate`, written from its description alone: random recorded sets in random shapes."""

import csv
import json
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest

from tests.assurance.stage import policy_file, team_file
from tests.hostile.command import Captured, accord

pytestmark = pytest.mark.usefixtures("accord_home")

NAMES = ("ann", "Bob", "cl\u00e9o", "dan e.", "eve,f", "gpt-4;1", "\u674e", "hal|9")
ROLES = ("risk", "legal", "sales", "design", "ops")
SETS = 60


@dataclass(frozen=True)
class Seen:
    """One item as a person would see it: who said what, and what is right."""

    truth: str
    said: Mapping[str, str]

    @property
    def leaders(self) -> list[str]:
        """The answers that most voters gave."""
        tally: dict[str, int] = {}
        for answer in self.said.values():
            if answer:
                tally[answer] = tally.get(answer, 0) + 1
        return [answer for answer in tally if tally[answer] == max(tally.values())]

    def agreeing(self) -> set[str]:
        return {voter for voter, answer in self.said.items() if answer == self.leaders[0]}

    def opposing(self) -> set[str]:
        return {voter for voter, answer in self.said.items() if answer and answer != self.leaders[0]}


Rule = Callable[[Seen], bool]


def judged(items: Sequence[Seen], rule: Rule) -> dict[str, Any]:
    """What the numbers must be: every item is looked at by itself."""
    right = wrong = ties = silent = refused = 0
    for item in items:
        if not item.leaders:
            silent += 1
        elif len(item.leaders) > 1:
            ties += 1
        elif not rule(item):
            refused += 1
        elif item.leaders[0] == item.truth:
            right += 1
        else:
            wrong += 1
    hits = {voter: sum(item.said[voter] == item.truth for item in items) for voter in items[0].said}
    best = sorted(voter for voter in hits if hits[voter] == max(hits.values()))[0]
    decided = right + wrong
    return {
        **{"items": len(items), "decided": decided, "right": right},
        **{"ties": ties, "unanswered": silent, "undecided": refused},
        "accuracy": pytest.approx(right / len(items)),
        "coverage": pytest.approx(decided / len(items)),
        "precision": pytest.approx(right / decided) if decided else None,
        "voters": hits,
        "best_voter": {"voter": best, "right": hits[best], "accuracy": pytest.approx(hits[best] / len(items))},
    }


def drawn(rng: random.Random, voters: Sequence[str]) -> list[Seen]:
    """Items on which the voters are right, wrong or silent, each to a degree of its own."""
    skill = {voter: rng.random() for voter in voters}
    shyness = rng.choice((0.0, 0.1, 0.6))
    items = []
    for _ in range(rng.randint(1, 25)):
        truth = rng.choice("xyz")
        said = {voter: truth if rng.random() < skill[voter] else rng.choice("xyz") for voter in voters}
        items.append(Seen(truth, {voter: "" if rng.random() < shyness else each for voter, each in said.items()}))
    return items


def written(rng: random.Random, items: Sequence[Seen]) -> list[str]:
    """Write the items as a file of any shape, and return the options it is read with."""
    voters = [*items[0].said]
    own, truth = rng.choice(("item", "id", "task nr")), rng.choice(("truth", "gold"))
    notes = rng.sample(("source", "note", "x;y", "a,b"), rng.randint(0, 2))
    header = [own, truth, *voters, *notes]
    rng.shuffle(header)
    lines = [
        {own: f"q{number}", truth: item.truth, **item.said, **dict.fromkeys(notes, rng.choice("xyz"))}
        for number, item in enumerate(items)
    ]
    with Path("votes.csv").open("w", encoding=rng.choice(("utf-8", "utf-8-sig")), newline="") as file:
        quoting: Literal[0, 1] = csv.QUOTE_ALL if rng.random() < 0.5 else csv.QUOTE_MINIMAL
        end = rng.choice(("\n", "\r\n"))
        writer = csv.DictWriter(file, header, delimiter=rng.choice(",;\t|"), quoting=quoting, lineterminator=end)
        writer.writeheader()
        for line in lines:
            writer.writerow(line)
            file.write(rng.choice(("", "", end)))
    listed = ",".join(f'"{voter}"' for voter in rng.sample(voters, len(voters)))
    return [
        *(["--id", own] if own == "task nr" or rng.random() < 0.5 else []),
        *(["--truth", truth] if truth == "gold" else []),
        *(["--voters", listed] if notes or rng.random() < 0.5 else []),
    ]


def found(capsys: Captured, policy: str, *options: str) -> dict[str, Any]:
    done = accord(capsys, "policy", "evaluate", "votes.csv", "--policy", policy, "--json", *options)
    assert done.code == 0, done
    value: dict[str, Any] = json.loads(done.out)
    del value["columns"], value["min_go_votes"]
    return value


COUNTING: dict[str, Rule] = {
    "majority": lambda item: 2 * len(item.agreeing()) > len(item.said),
    "unanimous": lambda item: not item.opposing(),
    "median": lambda item: 2 * len(item.agreeing()) > len(item.said),
    "classic": lambda item: not item.opposing() and len(item.agreeing()) >= 2,
    "weighted": lambda item: len(item.agreeing()) > len(item.opposing()),
}


@pytest.mark.parametrize("name", COUNTING)
def test_a_policy_that_counts_scores_as_the_judge_says(name: str, capsys: Captured) -> None:
    rng = random.Random(name)
    for _ in range(SETS):
        items = drawn(rng, rng.sample(NAMES, rng.randint(1, len(NAMES))))
        assert found(capsys, name, *written(rng, items)) == judged(items, COUNTING[name])


def test_a_policy_that_names_voters_scores_as_the_judge_says(capsys: Captured) -> None:
    rng = random.Random("named")
    keys = policy_file(
        'rules: [{when: \'stances.risk == "go" && stances["legal"] != "block"\', then: go}]\notherwise: no_go'
    )
    for _ in range(SETS):
        items = drawn(rng, ("risk", "legal", *rng.sample(NAMES, 3)))
        rule: Rule = lambda item: "risk" in item.agreeing() and "legal" not in item.opposing()  # noqa: E731
        assert found(capsys, keys, *written(rng, items)) == judged(items, rule)


@pytest.mark.slow
def test_a_team_scores_with_its_weights_its_vetoes_and_its_votes_as_the_judge_says(capsys: Captured) -> None:
    rng = random.Random("team")
    rows = (
        "rules: [{when: vetoes > 0, then: no_go},"
        " {when: weighted_go > weighted_block && go >= min_go_votes, then: go_with_caution}]\notherwise: no_go"
    )
    for _ in range(SETS):
        roles = rng.sample(ROLES, rng.randint(1, len(ROLES)))
        weights = {role: rng.randint(1, 4) for role in roles}
        vetoers = {role for role in roles if rng.random() < 0.3}
        needed = rng.randint(1, len(roles))
        team = team_file(rows, more=f"budget: {{min_go_votes: {needed}}}", roles=roles)
        text = Path(team).read_text(encoding="utf-8")
        for role in roles:
            seat = f"weight: {weights[role]}, veto: {str(role in vetoers).lower()}"
            text = text.replace(f"{{title: {role},", f"{{title: {role}, {seat},")
        Path(team).write_text(text, encoding="utf-8")
        items = drawn(rng, roles)

        def rule(item: Seen, least: int = needed) -> bool:
            has_veto = bool(item.opposing() & vetoers)  # noqa: B023
            balance = sum(weights[role] for role in item.agreeing()) - sum(weights[role] for role in item.opposing())  # noqa: B023
            return not has_veto and balance > 0 and len(item.agreeing()) >= least

        options = written(rng, items)
        assert found(capsys, team, *options) == judged(items, rule)
        assert found(capsys, team, *options, "--min-go-votes", "1") == judged(items, lambda item: rule(item, 1))


def test_the_sets_have_ties_silence_and_refusals() -> None:
    rng = random.Random("majority")
    items = [item for _ in range(SETS) for item in drawn(rng, rng.sample(NAMES, rng.randint(1, len(NAMES))))]
    numbers = judged(
        [Seen(item.truth, {**dict.fromkeys(NAMES, ""), **item.said}) for item in items], COUNTING["majority"]
    )

    assert min(numbers[key] for key in ("right", "ties", "unanswered", "undecided")) > 10
