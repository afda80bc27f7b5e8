"""Vote: one role proposes, all others vote, a policy table decides.

A ballot is counted as the stance it amounts to: approve as go, reject as block, and abstain, which is in nobody's
way, as caution. So the table, its proof and its explanation are those of the rounds.
"""

from collections.abc import Mapping

from policies.contracts.answers import Task
from policies.decision.guards import examine
from policies.decision.marks import Marks
from policies.decision.outcome import Ruling, decide
from policies.decision.table import DECISIONS, Decision, for_ballots
from policies.decision.vote import Cast, Vote
from policies.language import phrase, say
from policies.patterns.pattern import Facts, Pattern
from policies.patterns.results import tolerance_of
from policies.patterns.stages import Closed, Count, Finish, Log, Next, Stage, entries_of
from policies.run.stop import ESCALATED, Stop, stop_reason
from policies.team.team import Team

PROPOSAL, BALLOTS = "proposal", "ballots"
"""The stages, in order."""

NO_QUORUM = Stop(stop_reason("no_quorum"), BALLOTS)
"""Ballots that decide nothing."""

CAST: Mapping[str, Cast] = {"approve": "go", "abstain": "caution", "reject": "block"}
TOLD: Mapping[Decision, str] = {
    "go": phrase("The proposal is adopted."),
    "go_with_caution": phrase("The proposal is adopted with reservations."),
    "no_go": phrase("The proposal is rejected."),
}


def advance(team: Team, log: Log, facts: Facts) -> Next:
    """Return the proposal, the ballots, or the end.

    Ballots that decide nothing end with `no_quorum`; a row that says `escalate` asks a human.
    """
    proposed = next(entries_of(log, "proposal"), None)
    if proposed is None:
        return Stage(PROPOSAL, (Task(PROPOSAL, team.lead or "", "proposal"),))
    proposal = {"agent": proposed.role, **(proposed.answer or {})}
    if len(log) == 1:
        tasks = (Task(role, role, "ballot", {"proposal": proposal}) for role in team.sequence)
        return Stage(BALLOTS, tuple(tasks), tolerance_of(team, "all"))
    ruling = _count(team, log[1], facts).ruling
    final = log[1].outcome or ruling.final
    if final not in DECISIONS:
        return ESCALATED if asks_people(ruling) else NO_QUORUM
    answer = f"{say(TOLD[final])}\n\n{proposal['proposal']}"
    return Finish(answer=answer, decision=final, details={"proposal": proposal, "tally": tally(log[1])})


def asks_people(ruling: Ruling) -> bool:
    """Return whether the table leaves a vote to a human; one that only the end of the rounds does decided nothing.

    >>> asks_people(Ruling("escalate", "escalate")), asks_people(Ruling("escalate", "escalate", rounds_ended=True))
    (True, False)
    """
    return ruling.final == "escalate" and not ruling.rounds_ended


def count(team: Team, log: Log, facts: Facts, _: Marks) -> Count | None:
    """Return the vote that the ballots make, and the ruling of the policy on it; None where there are none yet."""
    return _count(team, log[1], facts) if len(log) > 1 else None


def _count(team: Team, ballots: Closed, facts: Facts) -> Count:
    casts: dict[str, Cast] = {
        entry.role: CAST[entry.answer["vote"]] if entry.answer else "absent" for entry in ballots.entries
    }
    vote = vote_of(casts, team.budget.min_go_votes, team.weights, team.vetoers)
    findings = examine(team.guards, facts)
    return Count(vote, findings, decide(for_ballots(team.policy), vote, findings))


def vote_of(casts: Mapping[str, Cast], min_go_votes: int, weights: Mapping[str, int], vetoers: frozenset[str]) -> Vote:
    """Return the vote that ballots make; there is one round only.

    >>> vote_of({"risk": "go"}, 1, {}, frozenset()).is_last
    True
    """
    return Vote(casts, min_go_votes, round=1, max_rounds=1, weights=weights, vetoers=vetoers)


def tally(ballots: Closed) -> dict[str, int]:
    """Return how many ballots there are of each kind, absent ones included.

    >>> tally(Closed("ballots", ()))
    {'approve': 0, 'reject': 0, 'abstain': 0, 'absent': 0}
    """
    cast = [entry.answer["vote"] if entry.answer else "absent" for entry in ballots.entries]
    return {word: cast.count(word) for word in ("approve", "reject", "abstain", "absent")}


PATTERN = Pattern(
    phrase("a yes/no on a proposal"),
    phrase("ballots"),
    "low",
    advance,
    ("proposal", "ballot"),
    count=count,
    lead=phrase("makes the proposal"),
    may_fail="ballot",
    ruling=for_ballots,
    is_ballot=True,
)
