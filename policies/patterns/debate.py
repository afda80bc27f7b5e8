"""Debate: opening positions, replies to the others' positions, and a judge."""

from policies.contracts.answers import Task
from policies.language import phrase, say
from policies.patterns.pattern import Counted, Facts, Pattern
from policies.patterns.results import tolerance_of
from policies.patterns.stages import Closed, Finish, Log, Next, Stage, entries_of
from policies.team.team import Team


def advance(team: Team, log: Log, _: Facts) -> Next:
    """Return the opening, the next round of replies, the judge's turn, or the end.

    Replies end after `max_rounds` rounds, or as soon as no debater changed its `position`.
    """
    verdict = next(entries_of(log, "verdict"), None)
    if verdict:
        said = dict(verdict.answer or {})
        is_early = _settled(team, log[:-1]) and len(log) - 2 < team.budget.max_rounds
        return Finish(answer=_told(said), ended_early=is_early, details={"verdict": said, "judge": verdict.role})
    if not log:
        return _round(team, log, "opening")
    if len(log) <= team.budget.max_rounds and not _settled(team, log):
        return _round(team, log, f"reply_{len(log)}")
    asks = {"positions": standing(team, log), "debate": [_round_shown(team, stage) for stage in log]}
    return Stage("verdict", (Task("verdict", team.lead or "", "verdict", asks, team.sequence),))


def standing(team: Team, log: Log) -> list[dict[str, object]]:
    """Return what each debater holds, {agent, position, argument}: the last it said, if anything; in sequence order."""
    last = {entry.role: entry.answer for entry in entries_of(log, "position") if entry.answer}
    return [{"agent": role, **last[role]} for role in team.sequence if role in last]


def _round(team: Team, log: Log, label: str) -> Stage:
    tasks = tuple(Task(role, role, "position", _seen_by(role, team, log)) for role in team.sequence)
    return Stage(label, tasks, tolerance_of(team))


def _seen_by(role: str, team: Team, log: Log) -> dict[str, object]:
    """Return what a debater reads: its own last position, and the others' last ones."""
    if not log:
        return {}
    held = standing(team, log)
    own = next((each for each in held if each["agent"] == role), None)
    return {"your_position": own, "others": [each for each in held if each["agent"] != role]}


def _round_shown(team: Team, stage: Closed) -> dict[str, object]:
    return {"round": stage.label, "positions": standing(team, [stage])}


def _settled(team: Team, log: Log) -> bool:
    """Return whether nobody moved in the last round of replies; there is none right after the opening."""
    return len(log) > 1 and _positions(team, log[:-1]) == _positions(team, log)


def _positions(team: Team, log: Log) -> list[tuple[object, str]]:
    return [(said["agent"], _words(str(said["position"]))) for said in standing(team, log)]


def _words(text: str) -> str:
    return " ".join(text.casefold().split())


def _told(said: dict[str, object]) -> str:
    lines = [say("Winner: {winner}", winner=said["winner"])] if said["winner"] else []
    lines += [say("Verdict: {decision}", decision=said["decision"])] if said["decision"] else []
    reasons = said["reasons"] if isinstance(said["reasons"], list) else []
    return "\n".join([*lines, say("Reasons:"), *(f"- {reason}" for reason in reasons)])


PATTERN = Pattern(
    phrase("verification"),
    phrase("structured"),
    "medium",
    advance,
    ("position", "verdict"),
    lead=phrase("judges the debate"),
    least_roles=2,
    counted=Counted(phrase("Rounds of replies"), "reply"),
    ends_early=phrase("Ended early: nobody moved."),
)
