"""Vote: one role proposes, all others vote, a policy table decides.

A ballot is counted as the stance it amounts to: approve as go, reject as block, and abstain, which stands in nobody's
way, as caution. So the table, its proof and its explanation are those of the rounds.
"""

from collections.abc import Mapping
from typing import Any

from policies.guards import examine
from policies.outcome import decide
from policies.patterns.stages import Closed, Count, Finish, Log, Next, Stage, Task, entries_of
from policies.stop import Stop, stop_reason
from policies.table import DECISIONS, Decision
from policies.team import Team
from policies.vote import Cast, Vote

CAST: Mapping[str, Cast] = {"approve": "go", "abstain": "caution", "reject": "block"}
TOLD: Mapping[Decision, str] = {"go": "adopted", "go_with_caution": "adopted with reservations", "no_go": "rejected"}


def advance(team: Team, log: Log, facts: Mapping[str, Any]) -> Next:
    """Return the proposal, the ballots, or the end; ballots that decide nothing end with `no_quorum`."""
    proposed = next(entries_of(log, "proposal"), None)
    if proposed is None:
        return Stage("proposal", (Task("proposal", team.lead or "", "proposal"),))
    proposal = {"agent": proposed.role, **(proposed.answer or {})}
    if len(log) == 1:
        tasks = (Task(role, role, "ballot", {"proposal": proposal}) for role in team.sequence)
        return Stage("ballots", tuple(tasks), "all" if team.policy.on_absent == "count" else "none")
    final = count(team, log[1], facts).ruling.final
    if final not in DECISIONS:
        return Stop(stop_reason("no_quorum"), "ballots")
    answer = f"The proposal is {TOLD[final]}.\n\n{proposal['proposal']}"
    return Finish(answer=answer, decision=final, details={"proposal": proposal, "tally": tally(log[1])})


def count(team: Team, ballots: Closed, facts: Mapping[str, Any]) -> Count:
    """Return the vote that the ballots make, and the ruling of the policy on it; there is one round only."""
    casts: dict[str, Cast] = {
        entry.role: CAST[entry.answer["vote"]] if entry.answer else "absent" for entry in ballots.entries
    }
    vote = Vote(casts, team.budget.min_go_votes, 1, 1, weights=team.weights, vetoers=team.vetoers)
    return Count(vote, decide(team.ruling_policy, vote, examine(team.guards, facts)))


def tally(ballots: Closed) -> dict[str, int]:
    """Return how many ballots there are of each kind, absent ones included.

    >>> tally(Closed("ballots", ()))
    {'approve': 0, 'reject': 0, 'abstain': 0, 'absent': 0}
    """
    cast = [entry.answer["vote"] if entry.answer else "absent" for entry in ballots.entries]
    return {word: cast.count(word) for word in ("approve", "reject", "abstain", "absent")}
