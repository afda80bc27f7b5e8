"""Team rules: what a team file must keep beyond the types of its fields, all problems at once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from policies.conditions.condition import ConditionError, compile_condition
from policies.conditions.reading import reads_in, roles_in
from policies.decision.guards import Guard
from policies.decision.table import Policy, Row, Waiver
from policies.decision.variables import reads_weights
from policies.language import say, say_count
from policies.messages.message import Messaging, Subscription
from policies.nearest import allowed_names
from policies.paths import keys_of
from policies.patterns.course import decides_by_policy, ruling_policy
from policies.patterns.rules import pattern_faults
from policies.plain import shown
from policies.team.approving import inner_faults, people_faults
from policies.team.fields import Position
from policies.team.mismatch import is_echo, kind_in_words, what_is_wrong
from policies.team.nesting import Within, teams_within
from policies.team.options import Options, Rounds
from policies.team.people import Approver, Deciders, Escalation, Rule
from policies.team.privacy import overlaps
from policies.team.reserved import RESERVED_NAMES
from policies.team.sources import TAGS
from policies.team.team import MAX_ROLES, Brief, Budget, Check, Price, Role, Team

Path = tuple[str | int, ...]

_NAMED = ("roles", "prices", "fields", "approvers", "supply", "weights", "derive")
"""Fields whose keys are names; apart from them, only numbers come between the fields of a path."""

MAX_NESTED = 10
"""Teams within teams that are looked into; their own rule allows fewer."""

_FIELDS: Mapping[tuple[str | int, ...], type[BaseModel]] = {
    (): Team,
    ("policy",): Policy,
    ("policy", "rules", "*"): Row,
    ("policy", "accept", "*"): Waiver,
    ("guards", "*"): Guard,
    ("budget",): Budget,
    ("brief",): Brief,
    ("approvers", "*"): Approver,
    ("escalate",): Escalation,
    ("escalate", "decide"): Deciders,
    ("escalate", "decide", "rule"): Rule,
    ("escalate", "decide", "rule", "policy"): Policy,
    ("escalate", "decide", "rule", "policy", "rules", "*"): Row,
    ("options",): Options,
    ("rounds",): Rounds,
    ("messages",): Messaging,
    ("roles", "*", "subscribes"): Subscription,
    ("prices", "*"): Price,
    ("roles", "*"): Role,
    ("roles", "*", "otherwise"): Position,
    ("roles", "*", "checks", "*"): Check,
}


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a team, and where: `path` leads from the top of the file to the value."""

    path: Path
    message: str
    allowed: tuple[str, ...] = ()
    """The names that are allowed there, where the name itself is unknown."""


def parse_team(raw: object) -> Team | list[Problem]:
    """Return the team that `raw` describes, or every problem found in it.

    >>> parse_team({"name": "x"})[0].message
    'is missing'
    """
    if not isinstance(raw, Mapping):
        return [Problem((), say("is {kind}; allowed: a mapping of the team's fields", kind=kind_in_words(raw)))]
    rules = list(_all_rule_problems(raw))
    try:
        team = Team.model_validate(dict(raw))
    except ValidationError as error:
        return [*_typed_problems(error), *rules]
    return rules or list(_all_team_problems(team)) or team


def parse_policy(raw: object) -> Policy | list[Problem]:
    """Return the policy that `raw` describes, or every problem found in it.

    >>> parse_policy({"name": "x", "rules": [{"when": "go > facts.x", "then": "go"}]})[0].path
    ('rules', 0, 'when')
    """
    if not isinstance(raw, Mapping):
        return [Problem((), say("is {kind}; allowed: a mapping of the policy's fields", kind=kind_in_words(raw)))]
    try:
        return Policy.model_validate(dict(raw))
    except ValidationError as error:
        problems = _typed_problems(error, ("policy",))
        return [Problem(problem.path[1:], problem.message, problem.allowed) for problem in problems]


def warnings_of(team: Team) -> list[str]:
    """Return what is allowed but hardly meant, one sentence each: only `classic` may ask for more votes than roles.

    >>> role = {"title": "Risk", "mandate": "Judge."}
    >>> raw = {"name": "x", "title": "X", "goal": "g", "sequence": ["risk"], "roles": {"risk": role}}
    >>> classic = {"name": "classic", "rules": [{"when": "go >= min_go_votes", "then": "go"}]}
    >>> warnings_of(parse_team({**raw, "policy": classic}))
    ['budget.min_go_votes is 2, but the sequence has 1 role: `go` can never be reached']
    """
    if not decides_by_policy(team):
        return []
    problem = _too_many_votes(team)
    strangers = [name for name in team.policy.joining if name not in team.roles]
    told = [
        say("the policy convenes `{name}`, which this team does not know, so that no role joins", name=name)
        for name in strangers
    ]
    seated = (*team.sequence, *team.joining)
    unseated = [name for name in team.policy.leaving if name not in seated]
    told += [
        say("the policy releases `{name}`, which never sits in this team, so that no role leaves", name=name)
        for name in unseated
    ]
    return [*([say("budget.min_go_votes {problem}", problem=problem)] if problem else []), *told]


def _too_many_votes(team: Team) -> str | None:
    roles, read = len(team.sequence), team.policy.variables
    most = sum(team.weights[name] for name in team.sequence) if reads_weights(read) else roles
    if team.budget.min_go_votes <= most or "min_go_votes" not in read:
        return None
    count = say_count("{number} role", "{number} roles", roles)
    return say(
        "is {min_go_votes}, but the sequence has {count}: `go` can never be reached",
        min_go_votes=team.budget.min_go_votes,
        count=count,
    )


def _team_problems(team: Team, private: Sequence[str]) -> Iterator[Problem]:
    """Return what is wrong between parts that are each as they must be."""
    many = _too_many_votes(team)
    if many and team.policy.name != "classic" and decides_by_policy(team):
        yield Problem(("budget", "min_go_votes"), many)
    for index, row in enumerate(team.policy.rules):
        for name in roles_in(row.when) or ():
            if name not in (*team.sequence, *team.joining):
                told = say(
                    "names the role {name}{allowed}",
                    name=repr(name),
                    allowed=allowed_names(name, (*team.sequence, *team.joining)),
                )
                yield Problem(("policy", "rules", index, "when"), told)
    yield from _carried_problems(team)
    yield from (Problem(path, message) for path, message in people_faults(team))
    names = [guard.name for guard in team.guards]
    for index, name in enumerate(names):
        if name in names[:index] or name in Budget.model_fields:
            problem = say("is {name}, which names something else already; allowed: a name of its own", name=shown(name))
            yield Problem(("guards", index, "name"), problem)
    yield from _privacy_problems(team, private)


def _carried_problems(team: Team) -> Iterator[Problem]:
    """Return the rows that leave no room for what a vote adds to them."""
    for index, row in enumerate(ruling_policy(team).rules[: len(team.policy.rules)]):
        try:
            compile_condition(row.when, "vote")
        except ConditionError as error:
            said = say("leaves no room for what a vote adds to it: {fault}", fault=error.told_of(say("the whole")))
            yield Problem(("policy", "rules", index, "when"), said)


def _privacy_problems(team: Team, private: Sequence[str]) -> Iterator[Problem]:
    """Return what decides by a fact that is withheld before anything is decided."""
    for index, guard in enumerate(team.guards):
        if any(path and overlaps(keys_of(path), private) for path in (guard.fact, guard.limit_path)):
            yield Problem(("guards", index), say("reads a private fact, which is withheld; allowed: other facts"))
    written: dict[Path, str] = {("derive", name): expression for name, expression in team.derive.items()}
    for name, role in team.roles.items():
        written |= {("roles", name, "checks", index, "when"): check.when for index, check in enumerate(role.checks)}
    for where, expression in written.items():
        if any(overlaps(read.path, private, read.use) for read in reads_in(expression)):
            yield Problem(where, say("reads a private fact, which is withheld; allowed: other facts"))


def _typed_problems(error: ValidationError, under: Path = ()) -> Iterator[Problem]:
    for detail in error.errors(include_url=False):
        if not is_echo(detail):
            yield _typed_problem(detail, under)


def _typed_problem(detail: ErrorDetails, under: Path = ()) -> Problem:
    path = under + (detail["loc"][:-1] if detail["loc"][-1:] == ("[key]",) else detail["loc"])
    names = _names_at(path) if detail["type"] == "extra_forbidden" else ()
    return Problem(tuple(part for part in path if part not in TAGS), what_is_wrong(detail), names)


def _names_at(path: Path) -> tuple[str, ...]:
    """Return the names of the fields among which `path` ends, in the team itself or one within it."""
    while path[:1] == ("roles",) and path[2:3] == ("team",):
        path = path[3:]
    source = next((each for part in path if (each := TAGS.get(str(part)))), None)
    if source is not None:
        return tuple(source.model_fields)
    pairs = zip(("", *path), path[:-1], strict=False)
    shape = tuple("*" if isinstance(part, int) or before in _NAMED else part for before, part in pairs)
    return tuple(_FIELDS[shape].model_fields)


def _rule_problems(raw: Mapping[str, Any]) -> Iterator[Problem]:
    roles, sequence = _mapping(raw.get("roles")), _sequence(raw.get("sequence"))
    if max(len(roles), len(sequence)) <= MAX_ROLES:  # beyond, their number is the problem
        yield from _name_problems(roles)
        yield from _check_problems(roles)
        yield from _sequence_problems(sequence, roles)
    yield from _price_problems(raw)


def _all_rule_problems(raw: Mapping[str, Any], depth: int = 1) -> Iterator[Problem]:
    """Return the problems of a team's rules, and of the teams that answer for its roles."""
    yield from _rule_problems(raw)
    for name, role in _mapping(raw.get("roles")).items():
        inner = _mapping(role).get("team")
        if isinstance(inner, Mapping) and depth < MAX_NESTED:
            yield from _within(("roles", name, "team"), _all_rule_problems(inner, depth + 1))


def _all_team_problems(team: Team) -> Iterator[Problem]:
    """Return what is wrong between the parts of a team, of the teams within it, and with their patterns."""
    yield from (Problem(path, message) for path, message in pattern_faults(team))
    private: dict[Within, tuple[str, ...]] = {}
    for within, each in teams_within(team, deepest=MAX_NESTED):
        outer = () if each.has_facts else private.get(within[:-1], ())  # a team without facts is given the outer ones
        private[within] = (*each.private, *outer)
        path = tuple(part for role in within for part in ("roles", role, "team"))
        yield from _within(path, _team_problems(each, private[within]))
        if within:
            yield from _within(path, (Problem(*fault) for fault in inner_faults(each)))


def _within(path: Path, problems: Iterable[Problem]) -> Iterator[Problem]:
    return (Problem((*path, *problem.path), problem.message, problem.allowed) for problem in problems)


def _name_problems(roles: Mapping[str, Any]) -> Iterator[Problem]:
    for name in roles:
        if name in RESERVED_NAMES:
            yield Problem(
                ("roles", name),
                say("is a reserved name; reserved: {reserved_names}", reserved_names=", ".join(sorted(RESERVED_NAMES))),
            )


def _check_problems(roles: Mapping[str, Any]) -> Iterator[Problem]:
    for name, role in roles.items():
        checks, otherwise = _mapping(role).get("checks"), _mapping(role).get("otherwise")
        if checks and otherwise is None:
            yield Problem(("roles", name), say("has checks but no `otherwise`: its position when no check holds"))


def _sequence_problems(sequence: Sequence[Any], roles: Mapping[str, Any]) -> Iterator[Problem]:
    known = [*map(str, roles)]
    for index, name in enumerate(sequence):
        if isinstance(name, str) and name not in roles and known:
            told = say(
                "is {name}, which is not a role of this team{allowed}",
                name=shown(name),
                allowed=allowed_names(name, known),
            )
            yield Problem(("sequence", index), told)
        if name in sequence[:index]:
            yield Problem(("sequence", index), say("is {name} again; a role speaks once a round", name=shown(name)))


def _price_problems(raw: Mapping[str, Any]) -> Iterator[Problem]:
    limit = _mapping(raw.get("budget")).get("max_cost_usd")
    if limit is not None and not raw.get("prices"):
        yield Problem(
            ("budget", "max_cost_usd"),
            say("is {limit}, but `prices` names no model; add the prices it needs", limit=shown(limit)),
        )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _sequence(value: object) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()
