"""Rules of a team that follow from its pattern."""

from collections.abc import Iterator, Sequence

from policies.conditions.reading import output_fields, variables_in
from policies.decision.marks import FLAG_MARKS
from policies.language import phrase, say, say_count
from policies.patterns.course import PATTERNS
from policies.team.options import Options, Rounds
from policies.team.team import Budget, PatternName, Team
from policies.team.watch import Watch

PatternFault = tuple[tuple[str | int, ...], str]
"""Where something is wrong, and what."""

COMPOSED: tuple[PatternName, ...] = tuple(name for name, pattern in PATTERNS.items() if pattern.is_composed)
"""Patterns in which a team may answer for a role."""

TAKEN = ("text", "agent", "decision", "step", "task", "subtask")
"""Names next to an output's fields in a result: a field of such a name would pass for what the code says."""

MAX_DEPTH = 4
"""Teams within teams."""


def pattern_faults(team: Team, depth: int = 1) -> Iterator[PatternFault]:
    """Yield what is wrong between a team and its pattern, the teams within it included."""
    yield from _lead_faults(team)
    yield from _option_faults(team)
    yield from _rounds_faults(team)
    yield from _people_faults(team)
    yield from _stability_faults(team)
    if team.ground and not PATTERNS[team.pattern].is_rounds:
        yield (
            ("ground",),
            say("is read by rounds, and not by `{pattern}`, which has no contributions", pattern=team.pattern),
        )
    yield from _mark_faults(team)
    if len(team.sequence) < PATTERNS[team.pattern].least_roles:
        yield ("sequence",), say("has one role; a {pattern} takes two or more", pattern=team.pattern)
    for name, role in team.roles.items():
        for fault in _role_faults(team, name, depth):
            yield ("roles", name, *fault[0]), fault[1]
        if role.team is not None and depth < MAX_DEPTH:
            for path, message in pattern_faults(role.team, depth + 1):
                yield ("roles", name, "team", *path), message


def _lead_faults(team: Team) -> Iterator[PatternFault]:
    known, led = ", ".join(team.roles), PATTERNS[team.pattern].lead
    if led is None:
        if team.lead is not None:
            yield (
                ("lead",),
                say("is {lead}; the pattern `{pattern}` has no lead", lead=repr(team.lead), pattern=team.pattern),
            )
    elif team.lead is None:
        yield ("lead",), say("is missing; it names the role that {does}", does=say(led))
    elif team.lead not in team.roles:
        yield ("lead",), say("is {lead}; allowed: the roles of this team ({known})", lead=repr(team.lead), known=known)
    elif team.lead in team.sequence:
        yield (
            ("lead",),
            say(
                "is {lead}, which is in the sequence; the role that {does} is not part of it",
                lead=repr(team.lead),
                does=say(led),
            ),
        )


def _option_faults(team: Team) -> Iterator[PatternFault]:
    for name, field in Options.model_fields.items():
        readers = [pattern for pattern, each in PATTERNS.items() if name in each.options]
        if getattr(team.options, name) != field.default and team.pattern not in readers:
            yield (
                ("options", name),
                say("is read by {readers}, and not by `{pattern}`", readers=", ".join(readers), pattern=team.pattern),
            )


def _rounds_faults(team: Team) -> Iterator[PatternFault]:
    readers = [name for name, each in PATTERNS.items() if each.is_rounds]
    if team.rounds != Rounds() and team.pattern not in readers:
        told = say("is read by {readers}, and not by `{pattern}`", readers=", ".join(readers), pattern=team.pattern)
        yield ("rounds",), told


def _stability_faults(team: Team) -> Iterator[PatternFault]:
    """Yield why a decision of the team cannot be checked, or not with the messages that a check may have."""
    if team.stability is None:
        return
    readers = [name for name, each in PATTERNS.items() if each.is_rounds]
    if team.pattern not in readers:
        told = say("is read by {readers}, and not by `{pattern}`", readers=", ".join(readers), pattern=team.pattern)
        yield ("stability",), told
        return
    seats, most = len(team.asked_again), team.stability.max_messages
    if not seats:
        yield ("stability",), say("has nobody to ask again: people answer for every role")
    elif team.stability.samples * seats > most:
        told = say_count(
            "is {most}, but {samples} samples of {number} role need {needed}; allowed: {needed} or more",
            "is {most}, but {samples} samples of {number} roles need {needed}; allowed: {needed} or more",
            seats,
            most=most,
            samples=team.stability.samples,
            needed=team.stability.samples * seats,
        )
        yield ("stability", "max_messages"), told


def _mark_faults(team: Team) -> Iterator[PatternFault]:
    """Yield the rows that count flags which no answer of the team can carry."""
    pattern = PATTERNS[team.pattern]
    for index, row in enumerate(team.policy.rules if pattern.count else ()):
        for mark in variables_in(row.when):
            where = ("policy", "rules", index, "when")
            if mark in FLAG_MARKS and pattern.is_ballot:
                told = phrase("reads `{mark}`, and ballots carry no flags; allowed: in the pattern `rounds`")
                yield where, say(told, mark=mark)
            elif mark == "ungrounded" and not team.ground:
                yield where, say("reads `ungrounded`, and the team does not ground its numbers; add `ground: true`")


def _people_faults(team: Team) -> Iterator[PatternFault]:
    """Yield who is named for a decision, and what becomes of one, in a pattern that never takes any."""
    deciding = [name for name, each in PATTERNS.items() if each.count is not None]
    if team.pattern in deciding:
        return
    told = say(
        "is read by {deciding}, and not by `{pattern}`, in which nothing is decided by a policy",
        deciding=", ".join(deciding),
        pattern=team.pattern,
    )
    if team.sign_off:
        yield ("sign_off",), told
    if team.escalate.decide is not None:
        yield ("escalate", "decide"), told
    if team.watch != Watch():
        yield ("watch",), told


def _role_faults(team: Team, name: str, depth: int) -> Iterator[PatternFault]:
    role = team.roles[name]
    if role.team is None:
        if PATTERNS[team.pattern].assigns_teams and name in team.sequence:
            yield ("team",), say("is missing; a leader assigns its subtasks to teams")
        yield from _output_faults(team, name)
        return
    if team.pattern not in COMPOSED:
        yield (
            ("team",),
            say(
                "is not possible in the pattern `{pattern}`; allowed in {composed}",
                pattern=team.pattern,
                composed=", ".join(COMPOSED),
            ),
        )
    if name == team.lead:
        yield ("team",), say("answers for the lead; allowed: for a role of the sequence")
    if role.check is not None or role.fields:
        yield ("team",), say("cannot be used together with `fields` or `check`; a team answers with its text")
    if depth >= MAX_DEPTH:
        yield ("team",), say("is nested deeper than {most} teams", most=MAX_DEPTH)
    yield from _limit_faults(team.budget, role.team.budget)


def _output_faults(team: Team, name: str) -> Iterator[PatternFault]:
    """Yield what is said of the output of a role that gives none, and fields whose names are taken.

    A check that reads what no output holds has no answer, and so is never met.
    """
    role = team.roles[name]
    if team.pattern not in COMPOSED or name == team.lead:
        for key in ("fields", "check"):
            if getattr(role, key):
                yield (
                    (key,),
                    say(
                        "is read of outputs; allowed: for the roles of a sequence in {composed}",
                        composed=", ".join(COMPOSED),
                    ),
                )
    elif role.check is not None:
        yield from _check_faults(role.check, ("text", *role.fields))
    for field in role.fields:
        if field in TAKEN:
            yield ("fields", field), say("is a taken name; taken: {taken}", taken=", ".join(TAKEN))


def _check_faults(check: str, declared: Sequence[str]) -> Iterator[PatternFault]:
    for field in output_fields(check):
        if field not in declared:
            yield (
                ("check",),
                say(
                    "reads `output.{field}`, which no output holds; declared: {declared}",
                    field=field,
                    declared=", ".join(declared),
                ),
            )


def _limit_faults(budget: Budget, inner: Budget) -> Iterator[PatternFault]:
    for limit in ("max_tokens", "max_cost_usd"):
        if getattr(budget, limit) is not None and getattr(inner, limit) is None:
            yield (
                ("team", "budget", limit),
                say("is missing; the run has that limit, so the team needs its share of it"),
            )
