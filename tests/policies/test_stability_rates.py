"""A simulated team whose decisions flip at a known rate: a thousand checks find that rate and cover it."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from math import comb

import pytest

from policies.decision.guards import Finding, Guard
from policies.decision.outcome import decide
from policies.decision.stability import Sample, Weighed, decide_samples, weigh
from policies.decision.table import Policy
from policies.decision.vote import Cast, Vote
from policies.team.stability import Stability

ROLES = ("risk", "legal", "sales")
CHECKS = 1_000
TWO_BLOCKS = Policy.model_validate(
    {"name": "two", "rules": [{"when": "block >= 2", "then": "no_go"}], "otherwise": "go"}
)
CAPPED = Finding(Guard(name="stock", fact="stock", below=1, cap="no_go"), tripped=True)


@dataclass(frozen=True)
class Simulated:
    """A team in which each role blocks with a chance of its own, and what its decisions must flip at."""

    blocks: Sequence[float]
    findings: Sequence[Finding] = ()

    @property
    def rate(self) -> float:
        """How likely at least two block; under a guard that refuses whatever they say, nothing flips."""
        one, two, three = self.blocks
        return 0.0 if self.findings else one * two + one * three + two * three - 2 * one * two * three

    def draw(self, rng: random.Random) -> Sample:
        """One time that the round is asked again."""
        said: dict[str, Cast] = {}
        for role, chance in zip(ROLES, self.blocks, strict=True):
            said[role] = "block" if rng.random() < chance else rng.choice(("go", "caution"))
        return Sample(said, tuple(rng.random() for _ in said))

    def check(self, rng: random.Random, rule: Stability) -> Weighed:
        """One check of what it decided when everybody was for it."""
        vote = Vote(dict.fromkeys(ROLES, "go"))
        announced = decide(TWO_BLOCKS, vote, self.findings).final
        outcomes = decide_samples(TWO_BLOCKS, vote, self.findings, [self.draw(rng) for _ in range(rule.samples)])
        return weigh(announced, outcomes, rule)


TEAMS = {
    "nothing flips, though one role always blocks": Simulated((1.0, 0.0, 0.0)),
    "nothing flips, since a guard refuses": Simulated((0.5, 0.5, 0.5), (CAPPED,)),
    "some flips": Simulated((0.2, 0.2, 0.15)),
    "many flips": Simulated((0.6, 0.3, 0.2)),
    "everything flips": Simulated((1.0, 1.0, 0.4)),
}


def at_most(flips: int, samples: int, rate: float) -> float:
    """How likely at most so many flips are."""
    return sum(comb(samples, each) * rate**each * (1 - rate) ** (samples - each) for each in range(flips + 1))


@pytest.mark.parametrize("samples", [5, 20])
@pytest.mark.parametrize("name", TEAMS)
def test_a_thousand_checks_of_a_simulated_team_find_and_cover_its_rate(name: str, samples: int) -> None:
    team, rng = TEAMS[name], random.Random(f"{name} {samples}")
    rule = Stability(samples=samples, max_flip_rate=0.2, max_messages=3 * samples)
    checks = [team.check(rng, rule) for _ in range(CHECKS)]

    assert sum(each.low <= team.rate <= each.high for each in checks) >= 0.93 * CHECKS
    noise = 4 * (team.rate * (1 - team.rate) / (CHECKS * samples)) ** 0.5
    assert sum(each.flips for each in checks) / (CHECKS * samples) == pytest.approx(team.rate, abs=noise)
    announced = at_most(samples // 5, samples, team.rate)
    noise = 4 * (announced * (1 - announced) / CHECKS) ** 0.5
    assert sum(each.acts == "announce" for each in checks) / CHECKS == pytest.approx(announced, abs=noise + 1e-9)


def test_the_rates_of_the_simulated_teams_differ() -> None:
    assert sorted(round(team.rate, 3) for team in TEAMS.values()) == [0.0, 0.0, 0.088, 0.288, 1.0]
