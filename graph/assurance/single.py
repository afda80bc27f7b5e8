"""One vote, decided: `accord policy decide` names the roles' stances and the place of the run."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from graph.assurance.subject import Subject, electorates_on, is_policy, load_subject, seated_by_name
from graph.problems import UsageError
from graph.teams.policies import load_policy
from policies.assurance.ballots import CASTS, Ballots, TooManyVotesError, vote_at
from policies.assurance.electorate import Electorate, Place, Seating
from policies.assurance.lens import LONGEST, lens_of
from policies.assurance.rulings import Rulings, change_of
from policies.assurance.walk import find_way
from policies.decision.guards import Finding, Guard
from policies.decision.marks import UNMARKED, Marks, find_excess
from policies.decision.outcome import Ruling, decide
from policies.decision.table import Policy
from policies.decision.variables import VARIABLES, Variables
from policies.decision.vote import Cast
from policies.language import phrase, say
from policies.nearest import allowed_names
from policies.run.seats import Reseating

Problems = list[str]

PANEL_ONCE = phrase("--max-rounds {limit}: the approvers are asked once; allowed: 1")
VOTE_ONCE = phrase("--max-rounds {limit}: the team's pattern is a vote; allowed: 1")
LAST_ROUND = phrase("--round {round}: there are {limit}; allowed: 1 to {limit}")
PAST_LIMIT = phrase("--round {round}: there are {limit}; allowed: 1 to {limit}, or name more with --max-rounds")
LONG_STREAK = phrase("--streak {streak}: {before} came before round {round}; allowed: 0 to {before}")
MANY_JOINED = phrase(
    "--joined {roles}: one may join after each round, and {before} came before round {round}; allowed: {before}"
)
MANY_RELEASED = phrase(
    "--released {roles}: one may leave after each round, and {before} came before round {round}; allowed: {before}"
)


@dataclass(frozen=True)
class SingleVote:
    """What a user asks to be decided: who casts what, as ROLE=STANCE, and where in a run."""

    name: str
    votes: Sequence[str]
    round: int = 1
    streak: int = 0
    joined: Sequence[str] = ()
    released: Sequence[str] = ()
    max_rounds: int | None = None
    marks: Marks = UNMARKED
    confidence: float | None = None
    tripped: Sequence[str] = ()
    settings: Sequence[str] = ()
    within: str | None = None


@dataclass(frozen=True)
class Single:
    """One vote and its ruling: `values` are the variables that rows read, `way` says whether a run gets there."""

    subject: Subject
    place: Place
    casts: Mapping[str, Cast]
    ruling: Ruling
    values: Mapping[str, Any]
    tripped: tuple[Guard, ...]
    change: Reseating
    """Who joins from the next round on, and who leaves."""
    way: str | None


def decide_single(asked: SingleVote) -> Single:
    """Return the ruling on one vote at one place of a run.

    Raises:
        UsageError: there is no such team or policy, or a vote, a place or a guard does not fit it; all at once.
    """
    problems: Problems = []
    said = _said(asked.votes, problems)
    subject = _subject(asked, said)
    seating = Seating(_joined(asked, subject, problems), _released(asked, subject, problems))
    place = _place(asked, subject, seating, problems)
    casts = _casts(subject, said, seating, problems)
    tripped = [_guard(name, subject, problems) for name in asked.tripped]
    if problems:
        raise UsageError(*problems)
    return _decided(subject, place, casts, [guard for guard in tripped if guard])


def _said(votes: Sequence[str], problems: Problems) -> dict[str, str]:
    said: dict[str, str] = {}
    for text in votes:
        role, equals, stance = text.partition("=")
        if not (role and equals):
            problems.append(say("`{text}` is not ROLE=STANCE, for example risk=block", text=text))
        elif role in said:
            problems.append(say("`{role}` is named twice; name each role once", role=role))
        else:
            said[role] = stance
    return said


def _subject(asked: SingleVote, said: Mapping[str, str]) -> Subject:
    """Return the team; a policy alone is asked about the roles that are named, those that joined left out."""
    if not is_policy(asked.name) or asked.settings or asked.within:
        return load_subject(asked.name, settings=asked.settings, within=asked.within)
    policy = load_policy(asked.name)
    there = {*said, *asked.released}
    named = sorted(role for role in seated_by_name(policy) if role in there and role not in policy.joining)
    sequence = [role for role in dict.fromkeys([*named, *said, *asked.released]) if role not in asked.joined]
    if not sequence:
        raise UsageError(say("no role votes; name the stance of each, for example role_1=go role_2=block"))
    return Subject(asked.name, policy, electorates_on(sequence, [policy])[0])


def _joined(asked: SingleVote, subject: Subject, problems: Problems) -> tuple[str, ...]:
    joining = subject.electorate.joining
    for role in dict.fromkeys(asked.joined):
        if role in subject.electorate.roles:
            problems.append(say("--joined {role}: it is in the sequence from the start; leave it out here", role=role))
        elif role not in joining:
            told = say("--joined {role}: no row of this policy brings it in", role=role)
            problems.append(f"{told}{allowed_names(role, joining)}")
    return tuple(role for role in joining if role in asked.joined)


def _released(asked: SingleVote, subject: Subject, problems: Problems) -> tuple[str, ...]:
    sequence, leaving = subject.electorate.roles, subject.policy.leaving
    for role in dict.fromkeys(asked.released):
        if role in subject.electorate.joining:
            told = say("--released {role}: it sits only where --joined names it; leave it out here", role=role)
            problems.append(told)
        elif role not in leaving:
            may_leave = [role for role in leaving if role in sequence]
            problems.append(_never_released(role, may_leave))
        elif role not in sequence:
            problems.append(say("--released {role}: it never sits in this team; leave it out here", role=role))
    return tuple(role for role in sequence if role in asked.released)


def _never_released(role: str, may_leave: Sequence[str]) -> str:
    if not may_leave:
        return say("--released {role}: no row of this policy lets it go; leave it out here", role=role)
    told = say("--released {role}: no row of this policy lets it go", role=role)
    return f"{told}{allowed_names(role, may_leave)}"


def _place(asked: SingleVote, subject: Subject, seating: Seating, problems: Problems) -> Place:
    limit = asked.max_rounds or subject.electorate.max_rounds
    place = Place(asked.round, asked.streak, seating.joined, limit, asked.marks, released=seating.released)
    if subject.electorate.is_vote and limit > 1:
        problems.append(say(PANEL_ONCE if subject.is_of_people else VOTE_ONCE, limit=limit))
    if place.round > limit:
        problems.append(say(LAST_ROUND if limit == LONGEST else PAST_LIMIT, round=place.round, limit=limit))
    before = place.round - 1
    if place.rounds_blocked >= place.round:
        problems.append(say(LONG_STREAK, streak=asked.streak, before=before, round=place.round))
    for told, roles in ((MANY_JOINED, place.joined), (MANY_RELEASED, place.released)):
        if len(roles) >= place.round:
            problems.append(say(told, roles=",".join(roles), before=before, round=place.round))
    problems += _excess(asked.marks, place, len(subject.electorate.seated(seating)), subject)
    return replace(place, confidence=_confidence(asked, subject, problems))


def _excess(marks: Marks, place: Place, seats: int, subject: Subject) -> Iterator[str]:
    for each in find_excess(marks, place.round, seats, subject.grounds):
        told = phrase("--{mark} {count}: {why}; allowed: {allowed}")
        yield say(told, mark=each.mark, count=each.count, why=each.why, allowed=each.allowed)


def _confidence(asked: SingleVote, subject: Subject, problems: Problems) -> float | None:
    """Return the confidence of every role, where rows may read it; 1 where none is named."""
    given = asked.confidence
    if not subject.policy.trust_confidence and given is not None:
        told = say("--confidence {number}: this policy reads none; leave it out", number=f"{given:g}")
        problems.append(told)
    elif given is not None and not 0 <= given <= 1:
        problems.append(say("--confidence {number}: allowed: 0 to 1", number=f"{given:g}"))
    return (1.0 if given is None else given) if subject.policy.trust_confidence else None


def _casts(subject: Subject, said: Mapping[str, str], seating: Seating, problems: Problems) -> dict[str, Cast]:
    seats = subject.electorate.seated(seating)
    for role, stance in said.items():
        problems += _wrong(subject, seats, role, stance)
    needed = seats if subject.is_team else _needed(subject.policy, subject.electorate, seats, seating)
    missing = [role for role in needed if role not in said]
    if missing:
        problems.append(
            say(
                "{roles}: no stance; name each role that votes once, for example {first}=go",
                roles=", ".join(missing),
                first=missing[0],
            )
        )
    stances: dict[str, Cast] = {cast: cast for cast in CASTS}
    return {role: stances[said[role]] for role in seats if said.get(role) in stances}


def _wrong(subject: Subject, seats: Sequence[str], role: str, stance: str) -> Iterator[str]:
    """Yield what is wrong with one role's stance."""
    if role not in seats and role in subject.electorate.roles:
        yield say(
            "`{role}` does not vote here, since it has left; leave out its stance, or --released {role}", role=role
        )
    elif role not in seats and role in subject.electorate.joining:
        yield say("`{role}` does not vote here; it votes once it has joined: --joined {role}", role=role)
    elif role not in seats:
        yield f"{say('`{role}` does not vote here', role=role)}{allowed_names(role, seats)}"
    if stance == "absent" and subject.policy.on_absent == "stop":
        yield say("`{vote}`: this policy stops at an absent role; allowed: go, caution, block", vote=f"{role}={stance}")
    elif stance not in CASTS:
        told = say("`{vote}`: `{stance}` is not a stance", vote=f"{role}={stance}", stance=stance)
        yield f"{told}{allowed_names(stance, CASTS)}"


def _needed(policy: Policy, electorate: Electorate, seats: Sequence[str], seating: Seating) -> list[str]:
    """Return the roles that must be there: whoever sits, and whom a row names, unless it has left."""
    away = (*electorate.joining, *seating.released)
    named = sorted(role for role in policy.named_roles or () if role not in away)
    return list(dict.fromkeys([*seats, *named]))


def _guard(name: str, subject: Subject, problems: Problems) -> Guard | None:
    named = {guard.name: guard for guard in subject.guards}
    if name not in named and not subject.is_team:
        problems.append(say("--tripped {name}: there is no such guard; a policy has none", name=name))
    elif name not in named and not named:
        problems.append(say("--tripped {name}: there is no such guard; this team has none", name=name))
    elif name not in named:
        told = say("--tripped {name}: there is no such guard", name=name)
        problems.append(f"{told}{allowed_names(name, [*named])}")
    return named.get(name)


def _decided(subject: Subject, place: Place, casts: Mapping[str, Cast], tripped: Sequence[Guard]) -> Single:
    vote = vote_at(subject.electorate, casts, place)
    ruling = decide(subject.policy, vote, [Finding(guard, True) for guard in tripped])
    names = tuple(name for name in VARIABLES if name in subject.policy.variables)
    rulings = Rulings(
        subject.policy, Ballots(subject.policy, subject.electorate), lens=lens_of([subject.policy]).onto(place)
    )
    change = change_of(subject.electorate, ruling, place)
    values = Variables(vote).take(names)
    return Single(subject, place, casts, ruling, values, tuple(tripped), change, _way(rulings, place))


def _way(rulings: Rulings, place: Place) -> str | None:
    try:
        reached = find_way(rulings, place)
    except TooManyVotesError as error:
        return say("Whether a run gets to this place was not worked out: {error}", error=error)
    if reached is None:
        return say("No run can get to this place")
    return say("A run gets to this place only {how}", how=reached.how) if reached.how else None
