"""Debate: opening positions, replies to the others' positions, and a judge."""

from collections.abc import Sequence

from policies.patterns.results import tolerance_of
from policies.patterns.stages import Closed, Finish, Log, Next, Stage, Task, entries_of
from policies.team import Team


def advance(team: Team, log: Log) -> Next:
    """Return the opening, the next round of replies, the judge's turn, or the end.

    Replies end after `max_rounds` rounds, or as soon as no debater changed its `position`.
    """
    verdict = next(entries_of(log, "verdict"), None)
    if verdict:
        said = dict(verdict.answer or {})
        return Finish(answer=_told(said), ended_early=_settled(log[:-1]) and len(log) - 2 < team.budget.max_rounds,
                      details={"verdict": said, "judge": verdict.role})  # fmt: skip
    if not log:
        return _round(team, log, "opening")
    if len(log) <= team.budget.max_rounds and not _settled(log):
        return _round(team, log, f"reply {len(log)}")
    asks = {"positions": _positions(log[-1]), "debate": [_round_shown(stage) for stage in log]}
    return Stage("verdict", (Task("verdict", team.lead or "", "verdict", asks, team.sequence),))


def positions_of(stage: Closed) -> dict[str, str]:
    """Return the position each debater took in a round."""
    return {entry.role: entry.answer["position"] for entry in stage.entries if entry.answer}


def _round(team: Team, log: Log, label: str) -> Stage:
    tasks = tuple(Task(role, role, "position", _seen_by(role, log)) for role in team.sequence)
    return Stage(label, tasks, tolerance_of(team))


def _seen_by(role: str, log: Log) -> dict[str, object]:
    """Return what a debater reads: its own last position, and the others' last ones."""
    if not log:
        return {}
    said = _positions(log[-1])
    own = next((each for each in said if each["agent"] == role), None)
    return {"your_position": own, "others": [each for each in said if each["agent"] != role]}


def _positions(stage: Closed) -> list[dict[str, object]]:
    return [{"agent": entry.role, **entry.answer} for entry in stage.entries if entry.answer]


def _round_shown(stage: Closed) -> dict[str, object]:
    return {"round": stage.label, "positions": _positions(stage)}


def _settled(log: Sequence[Closed]) -> bool:
    """Tell whether nobody moved in the last round of replies; there is none right after the opening."""
    if len(log) < 2:
        return False
    before, after = positions_of(log[-2]), positions_of(log[-1])
    return all(_words(before.get(role, "")) == _words(position) for role, position in after.items())


def _words(text: str) -> str:
    return " ".join(text.casefold().split())


def _told(said: dict[str, object]) -> str:
    lines = [f"Winner: {said['winner']}"] if said["winner"] else []
    lines += [f"Verdict: {said['decision']}"] if said["decision"] else []
    reasons = said["reasons"] if isinstance(said["reasons"], list) else []
    return "\n".join([*lines, "Reasons:", *(f"- {reason}" for reason in reasons)])
