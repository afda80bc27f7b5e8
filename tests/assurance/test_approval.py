"""No run starts under a policy that is not shown to be total and monotone, unless its owner accepts that."""

import asyncio
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from graph import serving, studio
from nodes.services import InputRefusedError
from tests.assurance.stage import BROKEN, team_file
from tests.hostile.command import Captured, accord, refused

pytestmark = pytest.mark.usefixtures("accord_home")
ACCEPTED = {
    name: f"{text}\naccept: [{{property: {'monotone' if name == 'monotone' else 'total'}, because: Asked for.}}]"
    for name, (text, _) in BROKEN.items()
}


def served(home: Path, path: str) -> Any:
    """Return the graph that `langgraph dev` gets for a registered team."""
    home.mkdir(exist_ok=True)
    (home / "accord.toml").write_text(f"[teams]\nmine = {json.dumps(str(Path(path).resolve()))}\n")
    serving._made.cache_clear()  # another home, another file

    async def main() -> Any:
        looking: Any = SimpleNamespace(access_context="assistants.read", store=None)
        async with vars(studio)["rounds"]({"configurable": {"team": "mine"}}, looking) as graph:
            return graph

    return asyncio.run(main())


def assert_is_told(sentence: str, expected: str) -> None:
    """The sentence names the policy, the property, a counterexample and what to do."""
    assert sentence.startswith(f"the policy `mine` is {expected}: round 1: ")
    assert " gives " in sentence
    assert "repair it (`accord policy verify` shows it), or accept it in `policy.accept` with the reason" in sentence


@pytest.mark.parametrize("what", BROKEN)
def test_a_run_is_refused_with_the_counterexample_and_nothing_begins(what: str, capsys: Captured) -> None:
    text, expected = BROKEN[what]

    sentences = refused(capsys, "run", team_file(text), "--thread", "t")

    assert_is_told(next(each for each in sentences if expected in each), expected)
    assert accord(capsys, "list").out == "No threads yet; `accord run` starts one.\n"


@pytest.mark.parametrize("what", BROKEN)
def test_the_counterexample_is_the_smallest_that_verify_shows(what: str, capsys: Captured) -> None:
    text, expected = BROKEN[what]
    path = team_file(text)
    found = json.loads(accord(capsys, "policy", "verify", path, "--json").out)
    name = expected.removeprefix("not ")
    (check,) = [each for each in found["properties"] if each["property"] == name]

    sentences = refused(capsys, "run", path)

    example = check["counterexample"]["votes"][0]
    told = next(each for each in sentences if expected in each)
    assert all(role in told for role in example)


@pytest.mark.parametrize("what", BROKEN)
def test_a_batch_refuses_the_case_alone(what: str, capsys: Captured) -> None:
    text, expected = BROKEN[what]
    bad, good = team_file(text), team_file("launch", "good.yaml")
    cases = [{"id": "a", "team": bad}, {"id": "b", "team": good}, {"id": "c", "team": bad}]
    Path("cases.jsonl").write_text("".join(json.dumps(case) + "\n" for case in cases))

    done = accord(capsys, "batch", "cases.jsonl")
    results = {line["id"]: line for line in map(json.loads, done.out.splitlines())}

    assert done.code == 2
    assert results["b"]["result"]["final_decision"] == "go"
    for name in "ac":
        assert results[name]["result"] is None
        assert f"the policy `mine` is {expected}: " in results[name]["error"]


def test_a_batch_refuses_a_policy_that_a_line_brings_itself(capsys: Captured) -> None:
    policy = {"name": "mine", "rules": [{"when": "caution >= 2", "then": "go"}], "otherwise": "no_go"}
    Path("cases.jsonl").write_text(json.dumps({"id": "a", "overrides": {"policy": policy}}) + "\n")

    done = accord(capsys, "batch", "cases.jsonl")

    assert (done.code, "the policy `mine` is not monotone: " in json.loads(done.out)["error"]) == (2, True)


@pytest.mark.parametrize("what", BROKEN)
def test_a_server_refuses_the_assistant(what: str, accord_home: Path) -> None:
    text, expected = BROKEN[what]

    with pytest.raises(InputRefusedError, match=f"the policy `mine` is {expected}: round 1: "):
        served(accord_home, team_file(text, f"{what.replace(' ', '_')}.yaml"))


@pytest.mark.parametrize("what", ACCEPTED)
def test_what_is_accepted_with_a_reason_runs_everywhere(what: str, capsys: Captured, accord_home: Path) -> None:
    path = str(Path(team_file(ACCEPTED[what], f"accepted_{what.replace(' ', '_')}.yaml")).resolve())
    Path("cases.jsonl").write_text(json.dumps({"id": "a", "team": path}) + "\n")

    ran, batched = accord(capsys, "run", path, "--json"), accord(capsys, "batch", "cases.jsonl")

    assert (ran.code, batched.code) in {(0, 0), (4, 4)}  # a row that errs escalates, and says so
    assert json.loads(ran.out)["trace"]
    assert served(accord_home, path).name == "small"


def test_one_accepted_property_does_not_stand_for_another(capsys: Captured) -> None:
    text, _ = BROKEN["total"]
    waived = f"{text}\naccept: [{{property: monotone, because: Asked for.}}, {{property: resolves, because: So.}}]"

    (sentence,) = refused(capsys, "run", team_file(waived))

    assert_is_told(sentence, "not total")


@pytest.mark.parametrize("property_", ["resolves", "absence_never_helps", "veto_honoured"])
def test_the_other_properties_are_shown_by_the_proof_and_stop_no_run(property_: str, capsys: Captured) -> None:
    tables = {
        "resolves": "rules: [{when: go == team, then: go}]\notherwise: next_round",
        "absence_never_helps": "rules: [{when: absent > 0, then: go}, {when: go >= 1, then: no_go}]\n"
        "otherwise: no_go\non_absent: count",
        "veto_honoured": "rules: [{when: block == team, then: no_go}]\notherwise: go_with_caution",
    }
    path = team_file(tables[property_])
    if property_ == "veto_honoured":
        Path(path).write_text(Path(path).read_text().replace("title: risk,", "title: risk, veto: true,"))
    found = json.loads(accord(capsys, "policy", "verify", path, "--json").out)
    failing = [each["property"] for each in found["properties"] if not each["holds"]]

    assert property_ in failing
    assert accord(capsys, "run", path, "--json").code == (2 if "monotone" in failing else 0)


def test_setting_a_limit_can_break_what_the_file_keeps(capsys: Captured) -> None:
    text = "rules: [{when: min_go_votes > 1 && block > 1, then: go}, {when: block > 0, then: no_go}]\notherwise: go"
    path = team_file(text, more="budget: {min_go_votes: 1}")
    assert accord(capsys, "run", path).code == 0

    (sentence,) = refused(capsys, "run", path, "--set", "budget.min_go_votes=2")

    assert "the policy `mine` is not " in sentence


def test_a_team_too_large_to_be_shown_needs_both_properties_accepted(capsys: Captured) -> None:
    roles = [f"role_{number}" for number in range(1, 31)]
    named = " || ".join(f'stances.{role} == "block"' for role in roles)
    table = f"rules: [{{when: '{named}', then: no_go}}]\notherwise: go"
    more = "budget: {max_messages: 99}"
    waivers = ("{property: total, because: A.}", "{property: monotone, because: B.}")

    for accept in ("", f"\naccept: [{waivers[0]}]"):
        (sentence,) = refused(capsys, "run", team_file(table + accept, more=more, roles=roles))
        assert sentence.startswith("the policy `mine` cannot be proved: ")
        assert sentence.endswith("to run it anyway `policy.accept` must name total and monotone, each with the reason")
    assert (
        accord(capsys, "run", team_file(f"{table}\naccept: [{', '.join(waivers)}]", more=more, roles=roles)).code == 0
    )
