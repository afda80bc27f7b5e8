"""A run whose process dies during calls: what was under way is charged, and a crash loop comes to an end."""

from pathlib import Path

import pytest

from tests.durability.crashes import Plan, check, check_seed
from tests.durability.processes import Desk, Done
from tests.scripted_server import Script, ScriptedServer, forever, hangs, says, serve, text

ROLES = ("demand_analyst", "finance_analyst", "risk_analyst")
QUIET = hangs(60)

PLANS = {
    "during a call and again during the resume": Plan("plain", "rounds", False, (2, 1), 0.0, 0),
    "within a team that answers for a role": Plan("plain", "hierarchy", False, (3,), 0.0, 0),
    "in every life, so that nothing moves": Plan("stuck", "vote", False, (1, 1, 1, 1), 0.0, 0),
    "with a limit of tokens that the provider counts otherwise": Plan("metered", "debate", False, (2, 2), 0.0, 15_000),
}


@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS)
def test_a_run_killed_from_outside_keeps_its_word(plan: Plan, tmp_path: Path) -> None:
    check(plan, tmp_path / "seed")


@pytest.mark.parametrize("max_tokens", [9_000, 14_000, 22_000])
@pytest.mark.parametrize("pattern", ["rounds", "parallel"])
def test_answers_at_once_overshoot_the_tokens_by_one_call_at_most(
    pattern: str, max_tokens: int, tmp_path: Path
) -> None:
    check(Plan("metered", pattern, False, (), 0.0, max_tokens), tmp_path / "seed")


@pytest.mark.system
@pytest.mark.timeout(600)
@pytest.mark.needs("postgres")
@pytest.mark.parametrize("first", range(0, 16, 4))
def test_runs_killed_at_random_keep_their_word(first: int, tmp_path: Path) -> None:
    for seed in range(first, first + 4):
        assert check_seed(seed, tmp_path / str(seed))


def _killed(desk: Desk, server: ScriptedServer, *command: str) -> None:
    before = len(server.calls)
    with desk.started(*command) as running:
        running.wait_for(lambda: len(server.calls) >= before + len(ROLES), "all were asked")
        running.kill()


def test_a_crash_loop_stops_and_a_raised_limit_lets_it_go_on(tmp_path: Path) -> None:
    answers = [QUIET, QUIET, forever(says("go"))]
    script: Script = {"brief": forever(text("Ship it.")), **dict.fromkeys(ROLES, answers)}
    with serve(script) as server:
        desk = Desk(tmp_path, server.base_url)
        _killed(desk, server, "run", "--thread", "t", "--set", "budget.max_recoveries=1")
        _killed(desk, server, "resume", "t")
        stopped, again = (desk.accord("resume", "t", "--json") for _ in range(2))
        done = desk.accord("resume", "t", "--json", "--budget", "max_recoveries=2")
        looked = [desk.accord(*command) for command in (("audit", "verify", "t"), ("replay", "t"), _WHATIF)]
    for each in (stopped, again):
        assert (each.code, each.record["stop_reason"], each.record["resumable"]) == (3, "recovery_exhausted", True)
        assert (each.record["usage"]["calls"], each.record["recoveries"]) == (6, 2)
    assert (done.code, done.record["final_decision"], done.record["usage"]["calls"]) == (0, "go", 6 + 4)
    assert len(server.calls) == 6 + 4
    _check_looks(*looked)


_WHATIF = ("whatif", "--policy", "classic", "--all")


def _check_looks(verified: Done, replayed: Done, whatif: Done) -> None:
    assert (verified.code, replayed.code, whatif.code) == (0, 0, 0), (verified.out, replayed.out, whatif.err)
    assert "same" in whatif.out
    assert "flipped" not in whatif.out.replace("0 flipped", "")
