"""A vote: the proposal, every ballot with its reason, and the tally."""

from graph.report.patterns.work import Given, Plain, Work
from policies.language import say, say_count

TONES = {"approve": "go", "reject": "block", "abstain": "caution", "absent": "absent"}


def ballots_of(work: Work) -> list[Plain]:
    """Return the proposal with the ballots on it."""
    proposed = next(iter(work.of("proposal")), None)
    if proposed is None:
        return []
    cast = [_ballot(work, each) for each in work.outputs if each["seat"] != proposed["seat"]]
    votes = [each["vote"] for each in cast]
    tally = [{"vote": vote, "tone": tone, "count": votes.count(vote)} for vote, tone in TONES.items()]
    votes_told = ", ".join(f"{each['count']} {each['vote']}" for each in tally if each["count"])
    return [
        {
            "kind": "ballots",
            "title": say("Ballots"),
            "headline": None,
            "summary": _summary(len(cast), votes_told),
            "proposer": proposed["agent"],
            "proposer_title": work.title_of(proposed["agent"]),
            "proposal": proposed["answer"]["proposal"],
            "reason": proposed["answer"]["reason"],
            "ballots": cast,
            "tally": tally,
        }
    ]


def _summary(ballots: int, votes: str) -> str:
    if not votes:
        return say("Nobody has voted yet.")
    return say_count("{number} ballot: {votes}.", "{number} ballots: {votes}.", ballots, votes=votes)


def _ballot(work: Work, entry: Given) -> Plain:
    answer = entry["answer"] or {}
    vote = answer.get("vote", "absent")
    return {
        "agent": entry["agent"],
        "title": work.title_of(entry["agent"]),
        "vote": vote,
        "tone": TONES[vote],
        "reason": answer.get("reason") or work.fault_of(entry["absent"]) or say("no answer"),
    }
