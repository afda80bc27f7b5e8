"""What if: a past run decided again under other rules, without asking anybody, and answered honestly.

Two laws hold. Under its own rules a run is always `same`. Whatever is not `undetermined` is what a true run gives when
its seats are answered from the recorded answers.
"""

from collections.abc import Collection, Mapping
from functools import lru_cache

from policies.assurance.past import PastRun, Rules, Verdict
from policies.assurance.people import heard, waits
from policies.assurance.reenactment import Reenactment, Talk
from policies.assurance.samples import check, is_due
from policies.assurance.tape import RoundEnd
from policies.conditions.reading import roles_in
from policies.decision.guards import examine
from policies.decision.marks import FLAG_MARKS, MARKS, Marks
from policies.decision.table import DECISIONS, for_ballots
from policies.decision.vote import Cast, Vote, rounds_blocked
from policies.language import phrase, say
from policies.patterns.vote import BALLOTS, NO_QUORUM, PROPOSAL, asks_people, vote_of
from policies.run.routing import refuse_next_round
from policies.run.seats import Seat, casts_of, open_seats
from policies.run.stop import Stop

_ballot_table = lru_cache(maxsize=64)(for_ballots)


def decide_again(run: PastRun, rules: Rules) -> Verdict:
    """Return what the run would have decided; an answer that was never given is never made up.

    >>> from policies.team.access import Access
    >>> from policies.assurance.tape import Exchange, RoundEnd, Tape
    >>> from policies.contracts.answers import Accepted
    >>> from policies.decision.table import Policy
    >>> said = Accepted("risk", "contribution", {"stance": "caution", "confidence": 1.0})
    >>> tape = Tape(steps=(Exchange(1, {"risk": said}), RoundEnd(1, {"risk": "caution"}, "no_go")))
    >>> everybody = Access(frozenset({"risk"}), frozenset({"risk"}))
    >>> run = PastRun("t", "no_go", tape, ("risk",), everybody)
    >>> decide_again(run, Rules(Policy(name="x", rules=[], otherwise="go"))).answer
    'flipped'
    """
    refusal = find_refusal(run, rules)
    if refusal is not None:
        return Verdict(run.thread, "refused", run.ended, None, reason=refusal)
    now, verdict = _begun(run, rules), None
    while verdict is None:
        verdict = check(now) if is_due(now) else heard(now) if waits(now) else now.turn()
    return verdict


def find_refusal(run: PastRun, rules: Rules) -> str | None:
    """Return why a run cannot be decided by these rules, or None: they name a role, or count flags, it does not have.

    A role that the policy reads must be in the sequence, or one that the policy may convene and the run's team enables.
    To convene a role that the team does not know brings nobody in, and to release one lets nobody go, as in a run.
    """
    has = {*run.sequence, *run.joining(rules.policy)}
    read = (role for row in rules.policy.rules for role in roles_in(row.when) or ())
    for role in read:
        if role not in has:
            return say(
                "the policy reads `stances.{role}`; the roles of the run: {sequence}",
                role=role,
                sequence=", ".join(run.sequence),
            )
    for role in rules.roles:
        if role not in run.sequence and role not in run.access.enabled:
            return say(
                "the team has the role `{role}`; the roles of the run: {sequence}",
                role=role,
                sequence=", ".join(run.sequence),
            )
    return _unmarked(run, rules.policy.variables)


def _unmarked(run: PastRun, reads: Collection[str]) -> str | None:
    """Return which flags the policy counts that the run could not have, or None."""
    if run.proposer is not None:
        marks = (mark for mark in FLAG_MARKS if mark in reads)
        return next((say("the policy reads `{mark}`; ballots carry no flags", mark=mark) for mark in marks), None)
    if "ungrounded" in reads and not run.grounds:
        return say("the policy reads `ungrounded`; the team of the run did not ground its numbers (`ground: true`)")
    return None


def _begun(run: PastRun, rules: Rules) -> Reenactment:
    """Return the reenactment before its first step."""
    start, is_vote = run.tape.start, run.proposer is not None
    now = Reenactment(
        run,
        rules,
        course=BallotsTalk() if is_vote else RoundsTalk(),
        max_repairs=start.max_repairs,
        limits=start.limits,
        spent=start.spent,
        round=start.first - 1 if is_vote else start.round,
        outcome="next_round" if is_vote else start.outcome,
        changes=[*start.changes],
        earlier=[["block"]] * start.rounds_blocked,
        questions=None if run.has_messages and start.round else 0,
        findings=examine(run.guards if rules.guards is None else rules.guards, run.facts),
    )
    now.seats = now.course.seats(now) if now.is_open else ()
    return now


class RoundsTalk(Talk):
    """A talk in rounds: whoever sits at the table says a stance, and the policy decides."""

    def where(self, now: Reenactment) -> int:
        """Return the number of the round."""
        return now.round

    def refuses(self, now: Reenactment) -> Stop | None:
        """Return the stop where the limits allow no more rounds."""
        return refuse_next_round(now.outcome, now.limits, now.spent)

    def seats(self, now: Reenactment) -> tuple[Seat, ...]:
        """Return the seats of the sequence, as the policy has changed it so far."""
        return open_seats(now.run.sequence, now.changes, now.run.joining(now.rules.policy))

    def counts_absent(self, now: Reenactment) -> bool:
        """Return whether the policy counts absences."""
        return now.rules.counts_absent

    def closes(self, now: Reenactment) -> Verdict | None:
        """Decide the round; what follows it is another one, or people."""
        run, rules, casts = now.run, now.rules, casts_of(now.seats)
        known = _known_marks(now, now.known_end(casts), casts)
        unknown = [mark for mark in MARKS if mark not in known and mark in rules.policy.variables]
        if unknown:
            return now.unknown(say(_UNKNOWN[unknown[0]], number=now.round))
        said = [seat.accepted.answer for seat in now.seats if seat.accepted]
        vote = Vote(
            casts,
            rules.votes_needed(now.limits),
            now.round,
            now.limits.max_rounds,
            rounds_blocked(now.earlier),
            Marks(**known),
            *rules.electorate(run),
            tuple(each["confidence"] for each in said),
        )
        now.rule(rules.policy, vote)
        now.earlier.append([each["stance"] for each in said])
        return None


_UNKNOWN = {
    "open_questions": phrase("which questions were open after round {number} is not known"),
    "ungrounded": phrase("which roles were ungrounded after round {number} is not known"),
    "moved": phrase("which roles had moved without a reason after round {number} is not known"),
}


def _known_marks(now: Reenactment, end: RoundEnd | None, casts: Mapping[str, Cast]) -> dict[str, int]:
    """Return the marks of the round that are known: those of the run's own, where it had the same casts.

    Elsewhere no role is ungrounded where the team did not ground its numbers or nobody spoke, and none moved where all
    that spoke keep the stance they had.
    """
    questions = _open_questions(now, end)
    known = {} if questions is None else {"open_questions": questions}
    if end is not None:
        return {"ungrounded": end.marks.ungrounded, "moved": end.marks.moved, **known}
    said = {role: cast for role, cast in casts.items() if cast != "absent"}
    before = now.run.tape.stances_before(now.round)
    if not said or not now.run.grounds:
        known["ungrounded"] = 0
    if not any(before.get(role, cast) != cast for role, cast in said.items() if role not in now.run.human):
        known["moved"] = 0
    return known


def _open_questions(now: Reenactment, end: RoundEnd | None) -> int | None:
    """Return how many questions are open after the round; None where nobody can know.

    That is where answers sent messages that the run's did not, or where some came from outside: what those ask and
    answer is counted in the run's own ends of rounds alone. `end` is how the round ended in the run, where it had the
    same casts.
    """
    tape = now.run.tape
    found = tape.end_of(now.round)
    if end is None and found is not None and now.offering == tape.offering(now.round):
        end = found[1]
    if end is not None:
        now.questions = end.marks.open_questions
    elif now.offering or tape.heard(now.round):
        now.questions = None
    return now.questions


class BallotsTalk(Talk):
    """A vote: one role proposes, all others cast their ballots, the policy counts them once."""

    def _is_proposal(self, now: Reenactment) -> bool:
        return now.round == now.run.tape.start.first

    def where(self, now: Reenactment) -> str:
        """Return the label of the stage."""
        return PROPOSAL if self._is_proposal(now) else BALLOTS

    def refuses(self, now: Reenactment) -> None:
        """Return None: no limit on rounds binds a vote."""

    def seats(self, now: Reenactment) -> tuple[Seat, ...]:
        """Return the seat of the proposal, or those of the ballots."""
        if self._is_proposal(now):
            return (Seat(now.run.proposer or "", label=PROPOSAL),)
        return open_seats(now.run.sequence)

    def counts_absent(self, now: Reenactment) -> bool:
        """Return whether a ballot may be absent; the proposal may not."""
        return now.rules.counts_absent and not self._is_proposal(now)

    def closes(self, now: Reenactment) -> Verdict | None:
        """Move on to the ballots, or count them."""
        if self._is_proposal(now):
            now.outcome = "next_round"
            return None
        run, rules, casts = now.run, now.rules, casts_of(now.seats)
        now.known_end(casts)
        vote = vote_of(casts, rules.votes_needed(now.limits), *rules.electorate(run))
        final = now.rule(_ballot_table(rules.policy), vote)
        is_asked = now.ruling is not None and asks_people(now.ruling)
        return None if final in DECISIONS or is_asked else now.stopped(NO_QUORUM)
