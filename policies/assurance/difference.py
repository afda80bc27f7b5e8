"""The difference of two policies: every vote that they act on differently, wherever a run of either can cast it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from policies.assurance.ballots import Ballots, size_of, vote_at
from policies.assurance.electorate import Electorate, Place
from policies.assurance.lens import Lens, lens_of
from policies.assurance.places import Counterexample
from policies.assurance.rulings import Rulings, change_of
from policies.assurance.walk import Reached, walk
from policies.decision.outcome import decide
from policies.decision.table import DECISIONS, Policy
from policies.decision.vote import Cast
from policies.language import say
from policies.patterns.vote import asks_people
from policies.run.seats import Reseating


@dataclass(frozen=True)
class Change:
    """Votes of one kind at one place that are acted on differently: how many, one of them, and both actions in words.

    An action is an outcome; `next_round, NAME joins, NAME leaves`; or a stop, with its reason. Where both go to a
    human, and only one of the two runs has a round left to ask for, the actions say which.
    """

    source: str
    target: str
    votes: int
    example: Counterexample


def find_changes(
    first: Policy, second: Policy, electorate: Electorate, other: Electorate | None = None
) -> Iterator[Change]:
    """Yield every kind of vote that is acted on differently; none at all means that no run can tell the two apart.

    `other` is the team under the second policy, where its limits, weights, vetoes or joining roles differ; its roles
    are the same. Where their `max_rounds` differ, each has its own until a resume raises both to the same.

    Raises:
        TooManyVotesError: the team casts more kinds of votes, or has more rulings, than can be gone through.
    """
    pair = _Pair(first, second, electorate, other or electorate)
    absent = "count" if "count" in (first.on_absent, second.on_absent) else "stop"
    ballots = pair.ballots(absent)
    for reached, here, there in pair.places():
        for ballot in ballots.kinds(here.seating):
            casts = ballots.spell(ballot, here.seating)
            one, two = action(first, electorate, casts, here), action(second, pair.other, casts, there)
            if one == two == "escalate" and _is_last(here) != _is_last(there):
                # A human who asks for another round gets it from the one alone.
                one, two = (
                    say("{action} (no round is left)", action=one)
                    if _is_last(place)
                    else say("{action} (a round is left)", action=one)
                    for place in (here, there)
                )
            if one != two:
                example = Counterexample((casts,), (one, two), here, reached.how)
                yield Change(one, two, size_of(ballot), example)


def action(policy: Policy, electorate: Electorate, casts: Mapping[str, Cast], place: Place) -> str:
    """Return what a run does after a vote, in words.

    >>> policy = Policy(name="x", rules=[{"when": "block > 0", "then": "next_round", "convene": "legal"}])
    >>> action(policy, Electorate(("risk",), joining=("legal",)), {"risk": "block"}, Place(1))
    'next_round, legal joins'
    """
    if policy.on_absent == "stop" and "absent" in casts.values():
        return say("stop (a role is absent)")
    vote = vote_at(electorate, casts, place)
    ruling = decide(policy, vote)
    if electorate.is_vote and ruling.final not in DECISIONS and not asks_people(ruling):
        return "stop (no_quorum)"
    if ruling.final != "next_round":
        return ruling.final
    changed = [*_changes(change_of(electorate, ruling, place))]
    if vote.is_last:
        later = [say("{changes} if a resume raises max_rounds", changes=say(" and ").join(changed))] if changed else []
        return ", ".join(["stop (max_rounds_reached)", *later])
    return ", ".join(["next_round", *changed])


def _changes(change: Reseating) -> Iterator[str]:
    yield from [say("{role} joins", role=change.convene)] if change.convene else []
    yield from [say("{role} leaves", role=change.release)] if change.release else []


def _is_last(place: Place) -> bool:
    return place.round == place.max_rounds


@dataclass(frozen=True)
class _Pair:
    first: Policy
    second: Policy
    electorate: Electorate
    other: Electorate

    @cached_property
    def lens(self) -> Lens:
        """What either of the two can tell apart."""
        return lens_of((self.first, self.second), ends=True)

    def ballots(self, on_absent: str) -> Ballots:
        """Return the ballots that either of the two can tell apart."""
        rules = (*self.first.rules, *self.second.rules)
        both = self.first.model_copy(update={"rules": rules, "on_absent": on_absent})
        return Ballots(both, self.electorate, self.other)

    def places(self) -> Iterator[tuple[Reached, Place, Place]]:
        """Yield every place that a run of either can reach, as it is under the first one's limit and the second one's.

        A round that only one of them may have, and a role that only one may bring in or let go, follow on a difference
        before.
        """
        seen: set[object] = set()
        joining = {*self.electorate.joining} & {*self.other.joining}
        leaving = {*self.first.leaving} & {*self.second.leaving}
        for reached in self._walks():
            here, there = (self._limited(team, reached) for team in (self.electorate, self.other))
            is_seated = joining.issuperset(reached.place.joined) and leaving.issuperset(reached.place.released)
            can_both = is_seated and here.round <= min(here.max_rounds, there.max_rounds)
            key = (self.lens.key(here), self.lens.key(there))
            if can_both and key not in seen:
                seen.add(key)
                seats = len(self.electorate.seated(here.seating))
                variants = (self.lens.variants(place, seats) for place in (here, there))
                for here_so, there_so in zip(*variants, strict=True):
                    yield reached, here_so, there_so

    def _walks(self) -> Iterator[Reached]:
        limits = {self.electorate.max_rounds, self.other.max_rounds}
        floor = max(limits) if len(limits) > 1 else 0
        sides = ((self.first, self.electorate, self.other), (self.second, self.other, self.electorate))
        walks = []
        for policy, team, against in sides:
            ballots = replace(self.ballots(policy.on_absent), electorate=team, other=against)
            walks.append([*walk(Rulings(policy, ballots, lens=self.lens), floor)])
        common = (each for found in walks for each in found if not each.raised or each.place.max_rounds >= floor)
        yield from sorted(common, key=lambda each: each.is_resumed)

    def _limited(self, team: Electorate, reached: Reached) -> Place:
        """Return the place under the limit of a team, or under that to which a resume raised both."""
        joined = tuple(role for role in self.electorate.joining if role in reached.place.joined)
        released = tuple(role for role in self.electorate.roles if role in reached.place.released)
        limit = reached.place.max_rounds if reached.raised else team.max_rounds
        return replace(reached.place, joined=joined, released=released, max_rounds=limit)
