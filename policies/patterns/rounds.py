"""Rounds: every role of the sequence says its stance, and the decision table decides, until it does or none is left."""

from collections.abc import Mapping, Sequence
from typing import Any

from policies.contracts.answers import Task
from policies.decision.conflicts import find_conflicts
from policies.decision.guards import examine
from policies.decision.marks import Marks
from policies.decision.outcome import decide
from policies.decision.table import DECISIONS
from policies.decision.vote import Cast, Vote, rounds_blocked
from policies.language import phrase
from policies.patterns.pattern import Counted, Facts, Pattern
from policies.patterns.results import tolerance_of
from policies.patterns.stages import Closed, Count, Entry, Finish, Log, Next, Stage
from policies.run.budgets import Spent
from policies.run.routing import refuse_next_round
from policies.run.seats import open_seats
from policies.run.stop import ESCALATED, Stop
from policies.team.options import Rounds
from policies.team.team import Team

ROUNDS_SHOWN = 2
"""How many finished rounds a role reads where stances are shown."""

SHOWN = ("agent", "stance", "summary", "confidence", "actions")
"""What the history shows of a contribution, in this order."""

Plain = dict[str, Any]


def advance(team: Team, log: Log, _: Facts) -> Next:
    """Return the next round, the end once the policy decided, or the stop where no round may follow.

    A round is asked of the sequence, as the rows of the rounds before changed it.
    """
    last = log[-1] if log else Closed("", ())
    if last.outcome in DECISIONS and not last.set_aside:
        return Finish(decision=last.outcome)
    stop = refuse_next_round(last.outcome, team.budget, Spent(rounds=len(log)))
    if stop:
        return stop
    changes = [change for closed in log for change in closed.changes]
    seats = open_seats(team.sequence, changes, team.joining)
    tasks = _tasks(team, log, [seat.role for seat in seats])
    return Stage(f"round_{len(log) + 1}", tasks, tolerance_of(team, "all"))


def _tasks(team: Team, log: Log, roles: Sequence[str]) -> tuple[Task, ...]:
    """Return what the roles of a round are asked: the same, where the prompts begin alike but for what each said."""
    if not team.rounds.is_shared:
        asks = seen_of(history_of(log, newest=ROUNDS_SHOWN), team.rounds.names)
        return tuple(Task(role, role, "contribution", asks) for role in roles)
    told, signers = [argued_in(closed, team.rounds) for closed in log], _signers(team)
    asks = {"rounds": told}
    return tuple(Task(role, role, "contribution", asks | _own_last(log, role), signers) for role in roles)


def _signers(team: Team) -> tuple[str, ...]:
    """Return the roles that may sign a contribution, in an order that stays the same in every round."""
    return tuple(role for role in team.speaking if role in team.access.enabled)


def count(team: Team, log: Log, facts: Facts, marks: Marks) -> Count | None:
    """Return the vote of the last round, and the ruling of the policy on it."""
    if not log:
        return None
    limits, entries = team.budget, log[-1].entries
    vote = Vote(
        casts={entry.role: _cast(entry) for entry in entries},
        min_go_votes=limits.min_go_votes,
        round=number_of(log[-1]),
        max_rounds=limits.max_rounds,
        rounds_blocked=rounds_blocked([[_cast(entry) for entry in closed.entries] for closed in log[:-1]]),
        marks=marks,
        weights=team.weights,
        vetoers=team.vetoers,
        confidences=tuple(entry.answer["confidence"] for entry in entries if entry.answer),
    )
    findings = examine(team.guards, facts)
    return Count(vote, findings, decide(team.policy, vote, findings))


def stop_after(closed: Closed) -> Stop | None:
    """Return the stop that a finished round leads to: one that was escalated waits for a human.

    >>> stop_after(Closed("round_1", (), "escalate")).reason
    'escalated'
    """
    return ESCALATED if closed.outcome == "escalate" else None


def history_of(log: Log, newest: int | None = None) -> list[Plain]:
    """Return the finished rounds as the history shows them, all or the newest."""
    since = 0 if newest is None else max(len(log) - newest, 0)
    return [entry_of(closed) for closed in log[since:]]


def number_of(closed: Closed) -> int:
    """Return the number of a round, which its label ends with.

    >>> number_of(Closed("round_2", ()))
    2
    """
    return int(closed.label.removeprefix("round_"))


def entry_of(closed: Closed) -> Plain:
    """Return a finished round as the history shows it: {round, contributions, conflicts, decision or null}."""
    said = [entry.answer for entry in closed.entries if entry.answer]
    return {
        "round": number_of(closed),
        "contributions": [{key: each[key] for key in SHOWN} for each in said],  # a database may reorder keys
        "conflicts": find_conflicts([each["stance"] for each in said]),
        "decision": closed.outcome if closed.outcome in DECISIONS else None,
    }


def seen_of(history: Sequence[Mapping[str, Any]], names: bool = True) -> Plain:
    """Return the stances that every role reads of the newest entries of a history; no proposal of the open round.

    Without names, they are in the order of their words.
    """
    return {
        "recent_rounds": [_seen(entry, names) for entry in history],
        "open_conflicts": history[-1]["conflicts"] if history else [],
    }


def _seen(entry: Mapping[str, Any], names: bool) -> Plain:
    keys = ("agent", "stance", "confidence") if names else ("stance", "confidence")
    stances = [{key: said[key] for key in keys} for said in entry["contributions"]]
    return {
        "round": entry["round"],
        "decision": entry["decision"] or "next_round",
        "conflicts": entry["conflicts"],
        "stances": stances if names else sorted(stances, key=lambda each: (each["stance"], each["confidence"])),
    }


def argued_in(closed: Closed, rounds: Rounds) -> Plain:
    """Return what every role reads of a finished round where arguments are shown: never more, however long ago it was.

    The arguments are in the order of their words, so that it says nothing about roles; absent seats leave none.

    >>> said = [{"agent": who, "summary": why, "evidence": None} for who, why in (("ops", "Slow."), ("law", "Fine."))]
    >>> entries = tuple(Entry(each["agent"], each["agent"], "contribution", each) for each in said)
    >>> argued_in(Closed("round_1", entries), Rounds(show="arguments", names=False))["arguments"]
    [{'summary': 'Fine.', 'evidence': []}, {'summary': 'Slow.', 'evidence': []}]
    """
    votes = rounds.show == "both"
    said = [_argument(entry.answer, rounds.names, votes) for entry in closed.entries if entry.answer]
    told = {"round": number_of(closed), "arguments": sorted(said, key=_words)}
    if not votes:
        return told
    entry = entry_of(closed)
    return {**told, "conflicts": entry["conflicts"], "decision": entry["decision"] or "next_round"}


def _argument(said: Mapping[str, Any], names: bool, votes: bool) -> Plain:
    signed = {"agent": said["agent"]} if names else {}
    voted = {key: said[key] for key in ("stance", "confidence")} if votes else {}
    return {**signed, **voted, "summary": said["summary"], "evidence": _cited(said)}


def _words(argument: Plain) -> tuple[Any, ...]:
    """Return what arguments are ordered by: what is shown of them alone, and a name only where all else is equal."""
    return (
        argument["summary"],
        argument["evidence"],
        *(argument.get(key) for key in ("stance", "confidence", "agent")),
    )


def _cited(said: Mapping[str, Any]) -> list[str]:
    """Return the paths that a contribution cites; none where what was offered is not a list of paths."""
    return [*(said.get("evidence") or ())]


def _own_last(log: Log, role: str) -> Plain:
    """Return what a role said last, in whichever round that was."""
    own = [(closed, entry.answer) for closed in log for entry in closed.entries if entry.role == role and entry.answer]
    if not own:
        return {}
    closed, said = own[-1]
    kept = {key: said[key] for key in SHOWN if key != "agent"}
    return {"you_said": {"round": number_of(closed), **kept, "evidence": _cited(said)}}


def _cast(entry: Entry) -> Cast:
    cast: Cast = entry.answer["stance"] if entry.answer else "absent"
    return cast


PATTERN = Pattern(
    phrase("one aligned decision"),
    phrase("structured, through the shared state"),
    "medium",
    advance,
    ("contribution",),
    writes="brief",
    count=count,
    is_rounds=True,
    counted=Counted(phrase("Rounds"), "round"),
)
