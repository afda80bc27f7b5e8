"""Rules of a team that follow from its pattern, its nested teams included, all told at once."""

from typing import Any, get_args

import pytest

from policies.patterns.rules import COMPOSED, MAX_DEPTH, TAKEN, pattern_faults
from policies.team.options import Options
from policies.team.rules import parse_team
from policies.team.team import PatternName, Team
from tests.policies.patterns.courses import ANN, BOB, CID, LEA, SEQUENCE, inner_team, person, policy_of, raw_team

PATTERNS: tuple[PatternName, ...] = get_args(PatternName)
LED: dict[PatternName, str] = {
    "orchestrator": "plans the steps",
    "debate": "judges the debate",
    "hierarchy": "assigns the subtasks",
    "manager": "assigns the subtasks",
    "vote": "makes the proposal",
}
PAIRS = ("debate", "conversation")
UNLED = [pattern for pattern in PATTERNS if pattern not in LED]
LONE: dict[str, Any] = {"budget": {"min_go_votes": 1}}
OTHERS: dict[str, Any] = {
    "max_steps": 7,
    "max_replans": 0,
    "max_turns": 3,
    "phrase": "DONE",
    "speakers": "named",
    "synthesis": False,
}
READ_BY = {
    "max_steps": {"orchestrator", "manager", "hierarchy"},
    "max_replans": {"orchestrator"},
    "max_turns": {"conversation"},
    "phrase": {"conversation"},
    "speakers": {"conversation"},
    "synthesis": {"parallel", "workspace", "conversation"},
}
DEFAULTS = Options().model_dump()

Told = list[tuple[str, str]]


def told(raw: dict[str, Any]) -> Told:
    """Return the problems of a team as (dotted path, message)."""
    found = parse_team(raw)
    return [] if isinstance(found, Team) else [(".".join(map(str, each.path)), each.message) for each in found]


def with_role(pattern: PatternName, name: str, **role: Any) -> dict[str, Any]:
    raw = raw_team(pattern)
    return {**raw, "roles": {**raw["roles"], name: {**raw["roles"].get(name, person(name)), **role}}}


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_team_of_every_pattern_is_taken(pattern: PatternName) -> None:
    assert told(raw_team(pattern)) == []


@pytest.mark.parametrize("pattern", PATTERNS)
def test_people_decide_and_sign_only_where_something_is_decided(pattern: PatternName) -> None:
    people: dict[str, Any] = {
        "approvers": {"cfo": {"title": "CFO"}},
        "sign_off": ["cfo"],
        "escalate": {"decide": {"by": ["cfo"]}},
    }
    people["watch"] = {"owner": "Ada"}
    read = f"is read by rounds, vote, and not by `{pattern}`, in which nothing is decided by a policy"
    expected = [] if pattern in ("rounds", "vote") else [("sign_off", read), ("escalate.decide", read), ("watch", read)]

    assert told(raw_team(pattern) | people) == expected


@pytest.mark.parametrize("pattern", LED)
def test_a_pattern_with_a_lead_needs_one_beside_the_sequence(pattern: PatternName) -> None:
    does = LED[pattern]
    known = "ann, bob, cid, lea"
    assert told(raw_team(pattern, lead=None)) == [("lead", f"is missing; it names the role that {does}")]
    assert told(raw_team(pattern, lead="dan")) == [("lead", f"is 'dan'; allowed: the roles of this team ({known})")]
    beside = f"is 'lea', which is in the sequence; the role that {does} is not part of it"
    assert ("lead", beside) in told(raw_team(pattern, sequence=[ANN, BOB, LEA]))


def test_a_debater_cannot_judge_and_a_proposer_has_no_vote() -> None:
    for pattern in ("debate", "vote"):
        assert [path for path, _ in told(raw_team(pattern, lead=ANN))] == ["lead"]


@pytest.mark.parametrize("pattern", UNLED)
def test_a_pattern_without_a_lead_takes_none(pattern: PatternName) -> None:
    assert told(raw_team(pattern, lead=ANN)) == [("lead", f"is 'ann'; the pattern `{pattern}` has no lead")]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_debate_and_a_conversation_take_two_or_more(pattern: PatternName) -> None:
    problem = ("sequence", f"has one role; a {pattern} takes two or more")
    assert told(raw_team(pattern, (ANN,), **LONE)) == ([problem] if pattern in PAIRS else [])
    assert told(raw_team(pattern, (ANN, BOB), **LONE)) == []


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("option", OTHERS)
def test_an_option_is_taken_by_the_patterns_that_read_it(pattern: PatternName, option: str) -> None:
    assert {*OTHERS} == {*DEFAULTS}
    found = told(raw_team(pattern, options={option: OTHERS[option]}))
    assert bool(found) == (pattern not in READ_BY[option])
    assert [path for path, _ in found] == [f"options.{option}"] * len(found)
    assert all(message.endswith(f", and not by `{pattern}`") for _, message in found)
    assert told(raw_team(pattern, options={option: DEFAULTS[option]})) == []


def test_the_problem_of_an_option_names_the_patterns_that_read_it() -> None:
    assert told(raw_team("debate", options={"synthesis": False})) == [
        ("options.synthesis", "is read by parallel, workspace, conversation, and not by `debate`")
    ]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_team_answers_for_a_role_where_the_pattern_asks_for_outputs(pattern: PatternName) -> None:
    allowed = "orchestrator, pipeline, parallel, hierarchy, manager"
    problem = ("roles.bob.team", f"is not possible in the pattern `{pattern}`; allowed in {allowed}")
    assert told(with_role(pattern, BOB, team=inner_team())) == ([] if pattern in COMPOSED else [problem])


@pytest.mark.parametrize("pattern", [pattern for pattern in LED if pattern in COMPOSED])
def test_no_team_answers_for_the_lead(pattern: PatternName) -> None:
    problem = ("roles.lea.team", "answers for the lead; allowed: for a role of the sequence")
    assert told(with_role(pattern, LEA, team=inner_team())) == [problem]


def test_a_leader_assigns_to_teams_alone() -> None:
    assert told(with_role("hierarchy", BOB, team=None)) == [
        ("roles.bob.team", "is missing; a leader assigns its subtasks to teams")
    ]
    assert told(with_role("hierarchy", "dan")) == []


@pytest.mark.parametrize("role", [{"fields": {"margin": "number"}}, {"check": "output.text != ''"}])
def test_a_team_answers_with_its_text_alone(role: dict[str, Any]) -> None:
    problem = ("roles.bob.team", "cannot be used together with `fields` or `check`; a team answers with its text")
    assert told(with_role("parallel", BOB, team=inner_team(), **role)) == [problem]


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize(("key", "value"), [("fields", {"margin": "number"}), ("check", "output.text != ''")])
def test_fields_and_checks_are_for_roles_that_give_an_output(pattern: PatternName, key: str, value: object) -> None:
    if pattern != "hierarchy":
        found = told(with_role(pattern, BOB, **{key: value}))
        assert [path for path, _ in found] == ([] if pattern in COMPOSED else [f"roles.bob.{key}"])
    if pattern in LED:
        allowed = "orchestrator, pipeline, parallel, hierarchy, manager"
        problem = f"is read of outputs; allowed: for the roles of a sequence in {allowed}"
        assert told(with_role(pattern, LEA, **{key: value})) == [(f"roles.lea.{key}", problem)]


@pytest.mark.parametrize("name", TAKEN)
def test_a_field_has_a_name_that_says_nothing_else_in_a_result(name: str) -> None:
    """Of a field `decision` a model would write the decision of a pipeline."""
    assert told(with_role("pipeline", CID, fields={"margin": "number", name: "text"})) == [
        (f"roles.cid.fields.{name}", "is a taken name; taken: text, agent, decision, step, task, subtask")
    ]


READS = {"margin": "number", "risks": "list"}
MARGIN = "reads `output.margn`, which no output holds; declared: text, margin, risks"


@pytest.mark.parametrize(
    ("check", "fields", "messages"),
    [
        ("output.margin > 5.0 && output.text != '' && size(output.risks) > 0", READS, []),
        ("output.margn > 5.0", READS, [MARGIN]),
        ("output.margn > 5.0 || output . margn < 1.0 || output['margn'] == 2.0", READS, [MARGIN]),
        ("!has(output.margn)", READS, [MARGIN]),
        (
            "output.a == output.b",
            {},
            [f"reads `output.{name}`, which no output holds; declared: text" for name in "ab"],
        ),
        # What is no field of the output.
        ("output.text != 'output.margn' // output.margn", {}, []),
        ('output.text != """a" output.margn"""', {}, []),
        ("output.exists(key, key == 'text')", {}, []),
        ("output.risks.exists(risk, risk == 'Rain.')", READS, []),
        ("{'output': {'margn': 1}}.output.margn == 1", READS, []),
    ],
)
def test_a_check_reads_the_text_and_the_declared_fields_alone(
    check: str, fields: dict[str, str], messages: list[str]
) -> None:
    assert told(with_role("pipeline", BOB, check=check, fields=fields)) == [
        ("roles.bob.check", message) for message in messages
    ]


def test_a_check_is_held_against_the_fields_of_its_own_role_however_deep() -> None:
    roles = {ANN: person(ANN, fields=READS), BOB: person(BOB, check="output.margin > 5.0")}
    assert [path for path, _ in told(with_role("parallel", BOB, team=inner_team(roles=roles)))] == [
        "roles.bob.team.roles.bob.check"
    ]


def nested(depth: int, **innermost: Any) -> dict[str, Any]:
    """Return a team with others in it, so many deep, itself included."""
    if depth == 1:
        return inner_team(**innermost)
    return inner_team(roles={ANN: person(ANN, team=nested(depth - 1, **innermost)), BOB: person(BOB)})


def inside(levels: int) -> str:
    return "roles.ann.team." * levels


@pytest.mark.parametrize("depth", range(1, 13))
def test_teams_are_nested_at_most_four_deep(depth: int) -> None:
    problem = (inside(MAX_DEPTH).removesuffix("."), "is nested deeper than 4 teams")
    assert told(nested(depth)) == ([] if depth <= MAX_DEPTH else [problem])


def test_a_team_nested_beyond_all_reason_is_a_problem_and_no_crash() -> None:
    assert told(nested(300))


@pytest.mark.parametrize(("limit", "value"), [("max_tokens", 5_000), ("max_cost_usd", 1.0)])
def test_where_a_run_has_a_limit_the_teams_in_it_need_their_share(limit: str, value: float) -> None:
    prices: dict[str, Any] = {"prices": {"some-model": {"prompt": 1.0, "completion": 1.0}}}
    share = with_role("parallel", BOB, team=inner_team(budget={limit: value}, **prices))
    none = with_role("parallel", BOB, team=inner_team())
    problem = (
        f"roles.bob.team.budget.{limit}",
        "is missing; the run has that limit, so the team needs its share of it",
    )
    assert told({**share, **prices, "budget": {limit: value}}) == []
    assert told({**none, **prices, "budget": {limit: value}}) == [problem]
    assert told({**share, **prices}) == []


def test_every_problem_is_told_at_once_each_with_its_place_however_deep() -> None:
    innermost = inner_team(lead=ANN, options={"max_turns": 3})
    middle = inner_team(
        pattern="debate",
        sequence=[ANN],
        roles={ANN: person(ANN, team=innermost), BOB: person(BOB, check="output.text != ''")},
    )
    raw = with_role("pipeline", BOB, team=middle, fields={"margin": "number"})
    assert [path for path, _ in told({**raw, "options": {"speakers": "named"}})] == [
        "options.speakers",
        "roles.bob.team",
        "roles.bob.team.lead",
        "roles.bob.team.sequence",
        "roles.bob.team.roles.ann.team",
        "roles.bob.team.roles.ann.team.lead",
        "roles.bob.team.roles.ann.team.options.max_turns",
        "roles.bob.team.roles.bob.check",
    ]


def test_values_and_rules_of_nested_teams_are_told_together_too() -> None:
    wrong = {"title": 1, "goal": "g", "sequence": [ANN, "dan"], "roles": {ANN: person(ANN, weight=0, wieght=1)}}
    inner = {**inner_team(), **wrong, "budget": {"max_rounds": 0, "max_cost_usd": 1.0}, "optoins": {}}
    found = parse_team({**with_role("parallel", BOB, team=inner), "sequence": [ANN, BOB, "eve"]})
    assert isinstance(found, list)
    assert {".".join(map(str, each.path)) for each in found} == {
        "sequence.2",
        "roles.bob.team.title",
        "roles.bob.team.sequence.1",
        "roles.bob.team.roles.ann.weight",
        "roles.bob.team.roles.ann.wieght",
        "roles.bob.team.budget.max_rounds",
        "roles.bob.team.budget.max_cost_usd",
        "roles.bob.team.optoins",
    }
    allowed = {".".join(map(str, each.path)): each.allowed for each in found}
    assert "weight" in allowed["roles.bob.team.roles.ann.wieght"]
    assert "options" in allowed["roles.bob.team.optoins"]


def test_rules_of_nested_teams_hold_beside_those_of_their_pattern() -> None:
    guards = [{"name": "max_rounds", "fact": "rate", "above": 1, "cap": "no_go"}]
    table = policy_of([{"when": "stances.dan == 'go'", "then": "go"}])
    inner = inner_team(pattern="rounds", guards=guards, policy=table, budget={"min_go_votes": 9}, lead=ANN)
    assert [path for path, _ in told(with_role("manager", CID, team=inner))] == [
        "roles.cid.team.lead",
        "roles.cid.team.policy.rules.0.when",
        "roles.cid.team.guards.0.name",
    ]


@pytest.mark.parametrize("place", [(), ("bob",)])
def test_facts_that_cannot_be_used_are_not_shown_wherever_they_stand(place: tuple[str, ...]) -> None:
    secret = {"name": "SECRET", "rate": float("nan")}
    raw = with_role("parallel", BOB, team=inner_team(facts=secret)) if place else raw_team("parallel", facts=secret)
    where = "roles.bob.team.facts" if place else "facts"
    assert told(raw) == [(where, "cannot be used: `rate` is nan; allowed: finite numbers")]


def test_a_team_made_in_code_is_held_against_the_same_rules() -> None:
    team = Team.model_validate({**raw_team("debate"), "lead": None, "sequence": [*SEQUENCE][:1]})
    assert [path for path, _ in pattern_faults(team)] == [("lead",), ("sequence",)]


NEEDS_GROUND = "reads `ungrounded`, and the team does not ground its numbers; add `ground: true`"


@pytest.mark.parametrize(
    ("pattern", "when", "changes", "message"),
    [
        ("rounds", "moved >= 1", {}, None),
        ("rounds", "ungrounded >= 1", {"ground": True}, None),
        ("rounds", "block > 0 && ungrounded >= 1", {}, NEEDS_GROUND),
        ("vote", "moved >= 1", {}, "reads `moved`, and ballots carry no flags; allowed: in the pattern `rounds`"),
        (
            "vote",
            "ungrounded >= 1",
            {},
            "reads `ungrounded`, and ballots carry no flags; allowed: in the pattern `rounds`",
        ),
        ("vote", "open_questions >= 1", {}, None),
        ("parallel", "moved >= 1", {}, None),
    ],
)
def test_a_row_counts_only_flags_that_an_answer_of_the_team_can_carry(
    pattern: PatternName, when: str, changes: dict[str, Any], message: str | None
) -> None:
    rows = [{"when": "go > 0", "then": "go"}, {"when": when, "then": "no_go"}]
    found = told(raw_team(pattern, policy=policy_of(rows), **changes))

    assert found == ([] if message is None else [("policy.rules.1.when", message)])
