"""The explanation of a thread's last finished round, as plain values whose keys never change."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from graph.past import Past
from graph.record import outputs_of, row_name
from graph.report.dossier.basis import basis_of
from graph.report.dossier.changed import Changed, find_change
from graph.report.dossier.facts import Origin, origin_in
from graph.report.dossier.ruling import people_explained
from graph.report.dossier.stability import check_explained
from graph.report.words import titles_of
from nodes.events import standing_outcomes
from policies.assurance.limits import LimitFlip, distance_of
from policies.assurance.power import Power
from policies.assurance.why import Explanation, GuardReading, explain
from policies.decision.guards import Guard, examine
from policies.decision.marks import MARKS
from policies.language import phrase, say
from policies.patterns.course import pattern_named

Plain = dict[str, Any]

POWER_MEANS = phrase(
    "How often the role's own stance changes the outcome, over all votes that the others could cast; "
    "guards are left out."
)
"""What the share of a role's power is."""


def explanation_of(thread: str, state: Mapping[str, Any]) -> Plain | Changed | None:
    """Return why the last finished round was decided as it was; None where none was finished as things are now.

    After changes were accepted, what an earlier round was decided on is not kept. Where what the thread keeps differs
    from its record, it is not explained.

    Keys: {thread_id, team, policy, titles, round, max_rounds, casts, vote, final, row, because, rounds_ended, fault,
    when, values, guards, stance_flips {flips, searched}, mark_flips, limit_flips, powers, stability, people, waiting};
    `stability` as `check_explained` says, and the last two as `people_explained`. Where no round was finished and
    people are or were asked, {thread_id, people, waiting}.
    """
    changed = find_change(thread, state)
    if changed:
        return changed
    past = Past.of(state)
    people = people_explained(past)
    if not standing_outcomes(state):
        return {"thread_id": thread, **people} if any(people.values()) else None
    team, basis = past.team, basis_of(past)
    found = explain(basis.policy, basis.vote, basis.guards, basis.facts, team["ground"])
    place = {"round": basis.vote.round, **{key: basis.event[key] for key in ("max_rounds", "casts")}}
    named = {"thread_id": thread, "team": team["name"], "policy": team["policy"]["name"]}
    titles = titles_of(past.roles)
    named["titles"] = {role: titles[role] for role in basis.vote.casts}
    plain = _plain(found, origin_in(past.sources))
    return {**named, **place, **plain, "stability": check_explained(past), **people}


def guards_before(past: Past) -> list[Plain]:
    """Return what the guards of an open thread say of its facts before a round was finished; they need no vote."""
    if not (past.has_begun and past.is_open and past.pattern.count and past.has_facts):
        return []
    guards = [Guard.model_validate(guard) for guard in past.team["guards"]]
    origin = origin_in(past.sources)
    return [_guard(GuardReading(found, distance_of(found)), origin) for found in examine(guards, past.facts)]


def unexplained(thread: str, state: Mapping[str, Any]) -> str:
    """Return the sentence on a thread that has no explanation: why not, and which teams within it decided."""
    past = Past.of(state)
    if past.pattern.count:
        return say(
            "the thread `{thread}` has finished no round under its policy and facts, so there is nothing to explain",
            thread=thread,
        )
    told = [
        say("the team `{team}` decided {decision}", team=name, decision=decision)
        for name, decision in _decided_within(outputs_of(past))
    ]
    pattern = past.team["pattern"]
    if not told:
        return say(
            "the thread `{thread}` has nothing to explain: no policy decides its pattern `{pattern}`",
            thread=thread,
            pattern=pattern,
        )
    return say(
        "the thread `{thread}` has nothing to explain: no policy decides its pattern `{pattern}`; within it {teams}, "
        "as `accord show {thread}` shows",
        thread=thread,
        pattern=pattern,
        teams=", ".join(told),
    )


def _decided_within(outputs: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield the name and the decision of each team within that its policy decided."""
    for inner in (output["inner"] for output in outputs if output["inner"]):
        if pattern_named(inner["pattern"]).count and inner["decision"]:
            yield inner["team"], inner["decision"]
        yield from _decided_within(inner["outputs"])


def _plain(found: Explanation, origin: Origin) -> Plain:
    ruling = found.ruling
    return {
        "vote": ruling.vote,
        "final": ruling.final,
        "row": row_name(ruling.row),
        "because": ruling.because,
        "rounds_ended": ruling.rounds_ended,
        "fault": ruling.fault,
        "when": found.when,
        "values": dict(found.values),
        "guards": [_guard(reading, origin) for reading in found.guards],
        "stance_flips": {
            "flips": [asdict(flip) for flip in found.stance_flips.flips],
            "searched": found.stance_flips.searched,
        },
        "mark_flips": [asdict(flip) for flip in found.mark_flips],
        "limit_flips": [_limits(flip) for flip in found.limit_flips],
        "powers": [_power(power) for power in found.powers],
    }


def _guard(reading: GuardReading, origin: Origin) -> Plain:
    finding, guard = reading.finding, reading.finding.guard
    return {
        "name": guard.name,
        "fact": guard.fact,
        "comparison": guard.comparison,
        "limit_path": guard.limit_path,
        "value": finding.value,
        "limit": finding.limit,
        "tripped": finding.tripped,
        "fault": finding.told,
        "unread": finding.unread.path if finding.unread else None,
        "cap": guard.cap,
        "distance": reading.distance,
        "source": origin(guard.fact),
        "limit_source": origin(guard.limit_path),
    }


def _limits(flip: LimitFlip) -> Plain:
    changes = {"facts": _values(flip.facts), "limits": _values(flip.limits)}
    return {**changes, "outcome": flip.outcome, "stays_at": list(flip.stays_at)}


def _values(changes: Mapping[str, Mapping[str, Any]]) -> Plain:
    return {name: dict(values) for name, values in changes.items()}


def _power(power: Power) -> Plain:
    kinds = {
        "dummy": power.is_dummy,
        "hold_up": power.can_hold_up,
        "refuse": power.can_refuse,
        "veto": power.has_veto,
    }
    holding = [kind for kind, holds in kinds.items() if holds]
    return {"role": power.role, "share": round(power.share, 4), "kinds": holding}


def said_marks(values: Mapping[str, Any]) -> str | None:
    """Return that other stances were tried with the marks as they were; None where the rows read none.

    >>> said_marks({"go": 2, "moved": 1, "ungrounded": 0})
    'Other stances were tried, and power was counted, with moved = 1, ungrounded = 0 as they were.'
    """
    marks = ", ".join(f"{name} = {value}" for name, value in values.items() if name in MARKS)
    told = phrase("Other stances were tried, and power was counted, with {marks} as they were.")
    return say(told, marks=marks) if marks else None


def said_power(kinds: Sequence[str]) -> str | None:
    """Return what a role can bring about alone, in words; None where there is nothing to say.

    >>> said_power(["hold_up", "veto"])
    'can hold up a go alone, has a veto'
    """
    if "dummy" in kinds:
        return say("never matters")
    words = {
        "hold_up": say("can hold up a go alone"),
        "refuse": say("can refuse alone"),
        "veto": say("has a veto"),
    }
    return ", ".join(words[kind] for kind in kinds) or None
