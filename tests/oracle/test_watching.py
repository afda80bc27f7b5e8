"""What becomes of a decision on other facts is what an oracle says that knows the rules of guards and checks alone."""

from collections import Counter
from random import Random
from typing import Any

import pytest

from graph.store.tripwires import watched_from
from policies.assurance.tripwires import Watched, find_drift
from policies.decision.guards import Guard
from policies.team.checks import RoleChecks
from tests.oracle.watching import Decided, draw_decided, draw_later

CASES = 1_000
TIMES = ("2026-03-02T10:00:00.000+00:00", "2026-03-03T09:59:59.999+00:00", "2026-03-03T10:00:00.000+00:00",
         "2026-04-02T10:00:00.000+00:00")  # fmt: skip


def position(stance: str, summary: str) -> dict[str, Any]:
    return {"stance": stance, "summary": summary, "actions": ["Act."]}


def watched(drawn: Decided) -> Watched:
    guards = tuple(Guard.model_validate(guard.as_file()) for guard in drawn.guards)
    checks = {
        name: RoleChecks.model_validate(
            {
                "title": name,
                "checks": [{"when": check.text, **position(*check.says)} for check in asked],
                "otherwise": position(*otherwise),
            }
        )
        for name, (asked, otherwise) in drawn.roles.items()
    }
    entry = {"facts": drawn.facts, "guards": [guard.model_dump() for guard in guards], "decided_at": drawn.at}
    kept = {name: each.model_dump(mode="json") for name, each in checks.items()}
    until = {"owner": None, "expires_after": None if drawn.days is None else f"{drawn.days}d"}
    return watched_from({**entry, "checks": kept, "watch": until})


@pytest.mark.parametrize("seed", range(4))
def test_every_verdict_is_the_oracles(seed: int) -> None:
    random, seen = Random(seed), Counter[str]()
    for number in range(CASES):
        drawn = draw_decided(random)
        later, now = draw_later(random, drawn.facts), random.choice(TIMES)
        found = find_drift(watched(drawn), later, now)
        verdicts = [*(each.verdict for each in found.tripwires), found.verdict]
        assert verdicts == drawn.verdicts(later, now), (seed, number, drawn, later, now)
        seen[found.verdict] += 1

    assert min(seen[verdict] for verdict in ("holds", "weakened", "reopen", "unknown")) > 25


@pytest.mark.parametrize("seed", range(4))
def test_a_decision_holds_on_its_own_facts(seed: int) -> None:
    random = Random(seed)
    for _ in range(200):
        drawn = draw_decided(random)
        found = find_drift(watched(drawn), drawn.facts, drawn.at)
        assert (found.verdict, found.changed) == ("holds", ())
