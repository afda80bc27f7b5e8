"""What a team file must keep where it names people: known names, a table that several of them can decide by."""

from collections.abc import Iterator, Mapping, Sequence

from policies.conditions.reading import roles_in, variables_in
from policies.decision.marks import MARKS
from policies.decision.table import Row
from policies.language import say
from policies.nearest import allowed_names
from policies.paths import keys_of
from policies.team.people import Deciders, Rule
from policies.team.privacy import overlaps
from policies.team.team import Team

Place = tuple[str | int, ...]
Fault = tuple[Place, str]
"""Where something is wrong, and what."""


def people_faults(team: Team) -> Iterator[Fault]:
    """Yield what is wrong with the people that a team names."""
    for place, names in _named(team).items():
        yield from _strangers(place, names, team)
    for name, approver in team.approvers.items():
        yield from _deputy_faults(name, approver.deputy, team)
    for name, role in team.roles.items():
        if role.people and name not in team.human_roles:
            yield ("roles", name, "people"), say("is read where the voice is `human`; add `voice: human`, or remove it")
    yield from _time_faults(team)
    for fact in team.escalate.supply:
        if overlaps(keys_of(fact), team.private):
            yield ("escalate", "supply", fact), say("is a private fact, which is withheld; allowed: other facts")
    yield from _decider_faults(team.escalate.decide)


def inner_faults(team: Team) -> Iterator[Fault]:
    """Yield where a team that answers for a role names people: only the team of the run asks any."""
    told = say("is read in the team of a run alone, not in a team that answers for a role; name people there")
    for name in ("approvers", "sign_off", "escalate", "watch"):
        if getattr(team, name) != Team.model_fields[name].get_default(call_default_factory=True):
            yield (name,), told
    for name in sorted(team.human_roles):
        yield ("roles", name, "voice"), say("is 'human', which only a role of the run's own team may have")


def _named(team: Team) -> Mapping[Place, Sequence[str]]:
    """Return the names of approvers in a team file, by the place that names them."""
    found: dict[Place, Sequence[str]] = {("sign_off",): team.sign_off}
    if team.escalate.decide is not None:
        found["escalate", "decide", "by"] = team.escalate.decide.by
    found |= {("escalate", "supply", path): names for path, names in team.escalate.supply.items()}
    return found | {("roles", name, "people"): role.people for name, role in team.roles.items()}


def _strangers(path: Place, names: Sequence[str], team: Team) -> Iterator[Fault]:
    for index, name in enumerate(names):
        if name not in team.approvers:
            yield (
                (*path, index),
                say(
                    "is {name}, which is not an approver{allowed}",
                    name=repr(name),
                    allowed=allowed_names(name, team.approvers),
                ),
            )
        elif name in names[:index]:
            yield (*path, index), say("is {name} again; name each person once", name=repr(name))


def _deputy_faults(name: str, deputy: str | None, team: Team) -> Iterator[Fault]:
    where = ("approvers", name, "deputy")
    if deputy is None:
        return
    if deputy not in team.approvers:
        yield (
            where,
            say(
                "is {deputy}, which is not an approver{allowed}",
                deputy=repr(deputy),
                allowed=allowed_names(deputy, team.approvers),
            ),
        )
    elif deputy == name:
        yield where, say("is {deputy}, which is the approver; name somebody else", deputy=repr(deputy))
    elif team.approvers[deputy].deputy is not None:
        yield where, say("is {deputy}, who has a deputy too; allowed: an approver without one", deputy=repr(deputy))
    elif team.approvers[name].key and not team.approvers[deputy].key:
        yield (
            where,
            say(
                "is {deputy}, who has no key and could answer for {name} without a signature; declare one",
                deputy=repr(deputy),
                name=name,
            ),
        )


def _time_faults(team: Team) -> Iterator[Fault]:
    after, then = team.escalate.expires_after, team.escalate.on_timeout
    if (after is None) != (then is None):
        missing = "on_timeout" if then is None else "expires_after"
        yield ("escalate", missing), say("is missing; `expires_after` and `on_timeout` go together")


def _decider_faults(decide: Deciders | None) -> Iterator[Fault]:
    where = ("escalate", "decide", "rule")
    if decide is None:
        return
    if decide.rule is None:
        if len(decide.by) > 1:
            yield where, say("is missing; several people need a table, for example {policy: majority}")
        return
    for name in ("veto", "weights"):
        for each in getattr(decide.rule, name):
            if each not in decide.by:
                yield (
                    (*where, name),
                    say("names {each}{allowed}", each=repr(each), allowed=allowed_names(each, decide.by)),
                )
    if decide.rule.min_go_votes is not None and decide.rule.min_go_votes > len(decide.by):
        told = say(
            "is {min_go_votes}, and {count} are asked: `go` can never be reached",
            min_go_votes=decide.rule.min_go_votes,
            count=len(decide.by),
        )
        yield (*where, "min_go_votes"), told
    yield from _table_faults(decide.rule, decide.by)


def _row_faults(row: Row, by: Sequence[str]) -> Iterator[tuple[str, str]]:
    if row.then == "escalate":
        yield "then", say("is 'escalate'; nobody is asked after the approvers")
    for field in ("convene", "release"):
        if getattr(row, field) is not None:
            yield field, say("is not possible among approvers, who are asked once")
    for mark in MARKS:
        if mark in variables_in(row.when):
            yield "when", say("reads `{mark}`, which answers of approvers do not have; count their stances", mark=mark)
    for name in roles_in(row.when) or ():
        if name not in by:
            yield "when", say("names {name}{allowed}", name=repr(name), allowed=allowed_names(name, by))


def _table_faults(rule: Rule, by: Sequence[str]) -> Iterator[Fault]:
    """Yield what a table over people may not do: ask somebody above them, or another team."""
    where, table = ("escalate", "decide", "rule", "policy"), rule.policy
    for index, row in enumerate(table.rules):
        for field, told in _row_faults(row, by):
            yield (*where, "rules", index, field), told
    if table.otherwise == "escalate":
        yield (*where, "otherwise"), say("is 'escalate'; nobody is asked after the approvers")
