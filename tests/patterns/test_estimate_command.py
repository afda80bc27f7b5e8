"""`accord estimate` and `accord patterns`: what they print, and that nothing is asked for it."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from graph.patterns.guide import guide_to, synthetic_team
from graph.teams.examples import examples
from policies.rehearsal.simulate import simulate
from policies.team.team import PATTERN_NAMES
from tests.hostile.command import Captured, Done, accord, refused

pytestmark = pytest.mark.usefixtures("accord_home")

TEAM = """
name: crew
title: A crew
goal: Ship it?
pattern: {pattern}
sequence: [a, b]
facts: {{x: 1}}
roles:
  a: {{title: A, mandate: Do a.}}
  b: {{title: B, mandate: Do b., model: small}}
"""


def crew(folder: Path, pattern: str = "parallel", more: str = "") -> str:
    path = folder / "crew.yaml"
    path.write_text(TEAM.format(pattern=pattern) + more)
    return str(path)


def estimated(capsys: Captured, *arguments: str) -> dict[str, Any]:
    done = accord(capsys, "estimate", *arguments, "--json")
    assert done.code == 0, done
    plain: dict[str, Any] = json.loads(done.out)
    return plain


def warned(done: Done) -> list[str]:
    return [sentence.removeprefix("warning: ") for sentence in done.sentences]


def test_the_reference_team_takes_four_to_ten_calls(capsys: Captured) -> None:
    plain = estimated(capsys, "checkout_launch")

    assert [
        [plain[course][key] for key in ("calls", "messages", "latency_calls", "at_once", "stop_reason")]
        for course in ("shortest", "longest")
    ] == [[4, 3, 2, 3, "success"], [10, 9, 4, 3, "success"]]
    assert (plain["at_most"], plain["warnings"]) == (19, [])
    assert [stage["stage"] for stage in plain["longest"]["stages"]] == ["round 1", "round 2", "round 3", "brief"]


def test_a_home_without_a_database_stays_without_one(capsys: Captured, accord_home: Path) -> None:
    assert accord(capsys, "estimate").code == accord(capsys, "patterns").code == 0
    assert not accord_home.exists()


def test_the_text_says_what_the_json_says(capsys: Captured) -> None:
    done, plain = accord(capsys, "estimate", "market_entry"), estimated(capsys, "market_entry")

    assert (done.code, done.err) == (0, "")
    rows = {cells[0]: cells[1:] for line in done.out.splitlines() if len(cells := re.split(r" {2,}", line.strip())) > 2}
    assert rows["calls"][:2] == [str(plain[course]["calls"]) for course in ("shortest", "longest")]
    assert rows["tokens, at most"][:2] == [
        f"{plain[course]['tokens']['total']:,}" for course in ("shortest", "longest")
    ]
    assert "assignment_1: the team market_team" in done.out
    assert f"at most {plain['at_most']} calls" in done.out


def test_a_course_of_many_stages_is_cut_in_the_text_alone(capsys: Captured, tmp_path: Path) -> None:
    name = crew(tmp_path, "conversation", "options: {max_turns: 30}\n")

    assert "… and 11 more" in accord(capsys, "estimate", name).out
    assert len(estimated(capsys, name)["longest"]["stages"]) == 31


def test_each_model_is_counted_at_its_own_price(capsys: Captured, tmp_path: Path) -> None:
    prices = "prices: {small: {prompt: 1.0, completion: 2.0}, gpt-4.1-mini: {prompt: 10.0, completion: 20.0}}\n"
    plain = estimated(capsys, crew(tmp_path, more=prices))["shortest"]
    large, small = plain["models"]

    assert [(each["model"], each["roles"], each["calls"]) for each in plain["models"]] == [
        ("gpt-4.1-mini", ["a", "brief"], 2),
        ("small", ["b"], 1),
    ]
    assert small["cost_usd"] == pytest.approx(((small["tokens"] - 800) * 1 + 800 * 2) / 1e6)
    assert large["cost_usd"] == pytest.approx(((large["tokens"] - 1600) * 10 + 1600 * 20) / 1e6)
    assert plain["cost_usd"] == pytest.approx(small["cost_usd"] + large["cost_usd"])
    assert plain["tokens"]["answers"] == 3 * 800


def test_a_model_without_a_price_leaves_the_cost_open(capsys: Captured, tmp_path: Path) -> None:
    plain = estimated(capsys, crew(tmp_path, more="prices: {small: {prompt: 1.0, completion: 2.0}}\n"))["shortest"]

    assert [each["cost_usd"] is None for each in plain["models"]] == [True, False]
    assert plain["cost_usd"] is None


def test_rules_cost_nothing(capsys: Captured) -> None:
    plain = estimated(capsys, "checkout_launch", "--voice", "rules")["longest"]

    assert (plain["calls"], plain["tokens"]["total"], plain["cost_usd"]) == (10, 0, 0.0)
    assert [each["model"] for each in plain["models"]] == [None]


def test_longer_facts_take_more_tokens(capsys: Captured, tmp_path: Path) -> None:
    facts = tmp_path / "facts.json"
    facts.write_text(json.dumps({"x": "y" * 300}))
    name = crew(tmp_path)
    few, many = (
        estimated(capsys, name)["shortest"]["tokens"],
        estimated(capsys, name, "--facts", str(facts))["shortest"],
    )

    assert many["tokens"]["prompts"] - few["prompts"] == pytest.approx(2 * 301 / 3, abs=2)


def test_a_file_of_facts_is_read_and_private_facts_are_withheld(capsys: Captured, tmp_path: Path) -> None:
    (tmp_path / "facts.yaml").write_text(f"x: {'y' * 300}\n")
    named = ["--set", "facts=[{file: facts.yaml}]"]
    open_, withheld = (estimated(capsys, crew(tmp_path), *named, *more) for more in ([], ["--set", "private=[x]"]))

    assert open_["warnings"] == []
    assert open_["shortest"]["tokens"]["prompts"] - withheld["shortest"]["tokens"]["prompts"] > 150
    (tmp_path / "facts.yaml").write_text("- no mapping\n")
    assert "allowed: an object of facts" in refused(capsys, "estimate", crew(tmp_path), *named)[0]


@pytest.mark.parametrize(
    ("sets", "warning"),
    [
        (["budget.max_messages=2"], "budget.max_messages is 2, but the shortest course needs 3"),
        (["budget.max_messages=8"], "budget.max_messages is 8, but the longest course needs 9"),
        (["budget.max_messages=9"], None),
        (["budget.max_tokens=1000"], r"budget.max_tokens is 1,000, but the shortest course needs \d,\d+"),
        (
            ["budget.max_cost_usd=0.001", 'prices."gpt-4.1-mini".prompt=0.4', 'prices."gpt-4.1-mini".completion=1.6'],
            r"budget.max_cost_usd is 0.001, but the shortest course needs 0\.\d+",
        ),
        (["facts=null"], "the team has no facts; .*"),
        (
            ["sequence+=legal_analyst"],
            "roles.legal_analyst is not enabled; a run stops there with `agent_denied:legal_analyst`",
        ),
        pytest.param(
            ["budget.min_go_votes=4"],
            "the team: even the shortest course ends with `max_rounds_reached`",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_what_keeps_the_team_from_its_end_is_told(sets: list[str], warning: str | None, capsys: Captured) -> None:
    done = accord(capsys, "estimate", *(part for each in sets for part in ("--set", each)))

    assert done.code == 0
    assert bool(done.err) == bool(warning)
    if warning:
        assert re.fullmatch(warning, warned(done)[0])


def test_too_few_rounds_for_the_shortest_course_are_told(capsys: Captured, tmp_path: Path) -> None:
    done = accord(capsys, "estimate", crew(tmp_path, "workspace", "budget: {max_rounds: 1}\n"))

    assert warned(done) == ["budget.max_rounds is 1, but even the shortest course takes 2"]


def test_limits_of_a_team_within_and_teams_that_wait_are_told(capsys: Captured) -> None:
    tight = ["--set", "budget.max_messages=15", "--set", "roles.launch_team.team.budget.max_messages=3"]
    done = accord(capsys, "estimate", "market_entry", *tight)

    told = "the shares of its teams do not fit into the budget together, so they do not all work at once"
    assert f"stage `teams`: {told}" in warned(done)
    assert "roles.launch_team.team.budget.max_messages is 3, but the longest course needs 9" in warned(done)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["estimate", "nobody"], "there is no team `nobody`; allowed: "),
        (["estimate", "--facts", "no.json"], "no.json: "),
        (["estimate", "--set", "budget.max_rounds=0"], "--set budget.max_rounds=0: "),
        (["estimate", "market_entry", "--voice", "human"], "--voice is 'human'; allowed: "),
        (["patterns", "--agents", "1"], "--agents is 1; allowed: "),
        (["patterns", "--rounds", "0"], "--rounds is 0; allowed: "),
    ],
)
def test_what_cannot_be_estimated_is_refused(arguments: list[str], sentence: str, capsys: Captured) -> None:
    assert sentence in refused(capsys, *arguments)[0]


@pytest.mark.parametrize("name", sorted(examples().values()))
def test_every_shipped_example_can_reach_its_end(name: str, capsys: Captured) -> None:
    plain = estimated(capsys, name)

    assert plain["warnings"] == []
    assert plain["shortest"]["stop_reason"] == plain["longest"]["stop_reason"] == "success"


# --- the guide -------------------------------------------------------------------------------------------------------


def test_the_guide_knows_every_pattern_and_what_it_takes(capsys: Captured) -> None:
    done = accord(capsys, "patterns", "--agents", "4", "--rounds", "2", "--json")
    guide = {entry["pattern"]: entry for entry in json.loads(done.out)["patterns"]}

    assert (done.code, done.err, [*guide]) == (0, "", [*PATTERN_NAMES])
    takes = {name: [*each["calls"].values(), *each["latency_calls"].values()] for name, each in guide.items()}
    assert takes == {
        "rounds": [5, 9, 2, 3],
        "orchestrator": [6, 6, 3, 6],
        "pipeline": [4, 4, 4, 4],
        "parallel": [5, 5, 2, 2],
        "debate": [9, 13, 3, 4],
        "hierarchy": [8, 8, 4, 4],
        "manager": [6, 6, 3, 3],
        "workspace": [9, 9, 3, 3],
        "conversation": [2, 9, 2, 9],
        "vote": [5, 5, 2, 2],
    }
    assert {name: each["at_once"] for name, each in guide.items() if each["at_once"] != 4} == {
        "pipeline": 1,
        "conversation": 1,
    }


def test_the_guide_says_who_sees_whom_and_what_may_stop_it() -> None:
    guide = {entry["pattern"]: entry for entry in guide_to(5, 3)}

    assert guide["pipeline"]["told"] == ["agent_1: nobody", "each later agent: the one before"]
    assert guide["debate"]["told"] == ["each agent: the others", "lead: all agents"]
    assert guide["conversation"]["told"][0] == "each agent: the 3 before"
    assert guide["parallel"]["told"] == ["each agent: nobody", "brief: all agents"]
    stops = {name: guide[name]["stop_reasons"] for name in ("orchestrator", "conversation", "vote", "rounds")}
    assert stops == {
        "orchestrator": ["invalid_plan:*", "invalid_output:*", "step_failed:*"],
        "conversation": ["invalid_output:*", "max_turns_reached"],
        "vote": ["invalid_output:*", "no_quorum"],
        "rounds": ["invalid_contribution:*", "waiting"],
    }


def test_the_guides_example_is_a_team_of_its_pattern(capsys: Captured) -> None:
    for entry in guide_to(2, 1):
        assert estimated(capsys, entry["example"])["pattern"] == entry["pattern"]


def test_the_guide_for_people_has_a_line_for_each_pattern(capsys: Captured) -> None:
    done = accord(capsys, "patterns")
    lines = [line.split()[0] for line in done.out.splitlines() if line.strip()]

    assert done.code == 0
    assert all(lines.count(name) == 2 for name in PATTERN_NAMES)
    assert "3 agents, 3 rounds" in done.out


@pytest.mark.parametrize("pattern", PATTERN_NAMES)
@pytest.mark.parametrize("agents", [2, 40])
def test_a_synthetic_team_is_as_large_as_asked(pattern: Any, agents: int) -> None:
    team = synthetic_team(pattern, agents, 25)
    seats = {each.task.role for stage in simulate(team, {}, "fullest").stages for each in stage.asked}

    assert len(team.sequence) == (2 if pattern == "hierarchy" else agents)
    assert seats <= {*team.roles}
