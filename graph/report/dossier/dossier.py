"""The dossier: all that a page about a thread says, worked out once, as one plain value."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from graph.past import Past
from graph.record import is_of_rounds
from graph.report.dossier.answer_lines import speaker
from graph.report.dossier.changed import Changed
from graph.report.dossier.cost import cost_of
from graph.report.dossier.decided import decided_of
from graph.report.dossier.explanation import (
    explanation_of,
)
from graph.report.dossier.facts import facts_of
from graph.report.dossier.look import look_of
from graph.report.dossier.matrix import stances_of
from graph.report.dossier.people import people_of
from graph.report.dossier.prose import blocks_of
from graph.report.dossier.seats import NO_REPLIES, Replies
from graph.report.dossier.speeches import speeches_of, words_by_round
from graph.report.dossier.stability import stability_of
from graph.report.dossier.ties import held_of, reopens_of, watched_of
from graph.report.dossier.timeline import timeline_of, titled_round
from graph.report.dossier.verdict import changed_verdict, so_far, verdict_of
from graph.report.patterns.drawing import drawing_of
from graph.report.texts import cleaned, contradiction
from graph.report.words import (
    said_round,
    said_stage,
    titles_of,
)
from nodes.fingerprint import fingerprint
from policies.assurance.audit import find_break, head_of
from policies.language import in_figures, say, say_count

Plain = dict[str, Any]

NOTHING: Mapping[str, Any] = {}


def dossier_of(
    thread: str,
    record: Mapping[str, Any],
    state: Mapping[str, Any],
    hindsight: Mapping[str, Any] = NOTHING,
    replies: Replies = NO_REPLIES,
) -> Plain:
    """Return the dossier of a thread, from its record and its state; of one that has not begun, the state is its team.

    `hindsight` is what the database knows of the thread that its record does not have, as `graph.hindsight` says;
    `replies` are those of seats that came since the state was written.
    Every text in it is shown as it is: direction characters are written out already, and controls replaced.
    """
    past = Past.of(state)
    found = explanation_of(thread, state) if past.has_begun else None
    changed, why = (found, None) if isinstance(found, Changed) else (None, found if found and "vote" in found else None)
    work, titles, people = drawing_of(record, past), titles_of(past.roles), people_of(past)
    brief = _brief(record, past)
    verdict = changed_verdict(record, changed) if changed else verdict_of(record, state, why, work)
    dossier = {
        "thread": thread,
        "team": _team(record, past),
        "goal": past.case.get("goal"),
        "is_begun": past.has_begun,
        "pattern": work["pattern"],
        "verdict": verdict,
        "dates": _dates(past, record),
        "round": _round(past, why),
        "brief": brief,
        "text": blocks_of(brief or ""),
        "writer": _writer(past),
        "contradiction": contradiction(record),
        "work": work["sections"],
        "is_work_told": _is_told(work["sections"], verdict),
        **decided_of(past, work["pattern"], why, titles, is_changed=changed is not None),
        **stances_of(past, record, replies),
        "rounds": words_by_round(past, record),
        "speeches": speeches_of(past, record),
        **_world(*((Past(), NOTHING) if changed else (past, hindsight)), titles),
        "held": held_of(record),
        "people": people,
        "timeline": timeline_of(past, _titled(record), titles, [said for each in people for said in each["answers"]]),
        "cost": cost_of(record, past),
        "record": _record(record, past),
    }
    tidy: Plain = cleaned(dossier)
    return tidy


def _world(past: Past, hindsight: Mapping[str, Any], titles: Mapping[str, str]) -> Plain:
    """Return what is known of the facts and of how a decision holds; of a thread that was changed nothing is."""
    return {
        "facts": facts_of(past.case.get("facts") or {}, past.sources),
        "stability": stability_of(past, titles),
        "drift": look_of(hindsight.get("look")),
        "reopens": reopens_of(past, hindsight.get("reopened")),
        "watched": watched_of(past),
    }


def _is_told(sections: Sequence[Plain], verdict: Plain) -> bool:
    """Return whether the top of the page says already what the only section says in short."""
    summaries = [section["summary"] for section in sections]
    top = (f"{verdict['label']}.", *verdict["sentences"])
    return len(summaries) == 1 and (summaries[0] in top or so_far(summaries) in top)


def _titled(record: Mapping[str, Any]) -> Callable[[int], str]:
    """Return what a round or a stage is called."""
    if is_of_rounds(record):
        return titled_round
    labels = {output["round"]: said_stage(output["stage"]) for output in record["outputs"]}

    def titled(number: int) -> str:
        if number not in labels:
            return say("Stage {number}", number=number)
        return say("Stage {number}: {name}", number=number, name=labels[number])

    return titled


def _team(record: Mapping[str, Any], past: Past) -> Plain:
    policy = past.team.get("policy", {}) if past.pattern.count else {}
    title = past.team.get("title") or record.get("team") or say("A team")
    rule = policy.get("title") and say(policy["title"])
    return {"name": record.get("team"), "title": title, "policy": policy.get("name"), "rule": rule}


def _dates(past: Past, record: Mapping[str, Any]) -> Plain:
    ended = past.events_of("finished") if past.stop_reason else []
    answered = say("Answered") if record["status"] == "ok" else say("Ended")
    word = say("Decided") if record.get("final_decision") else answered
    return {"begun": _moment(past.events[:1]), "ended": _moment(ended[-1:]), "word": word}


def _round(past: Past, why: Plain | None) -> str | None:
    """Return the round that a thread is in, or was decided in, and how many there may be; None of another pattern."""
    if not past.pattern.is_rounds or not past.round:
        return None
    if why and past.round <= why["round"]:
        return said_round(why["round"], why["max_rounds"], "of at most")
    return said_round(past.round, past.limits["max_rounds"], "of at most")


def _moment(events: Sequence[Mapping[str, Any]]) -> str | None:
    return f"{events[0]['at'][:19].replace('T', ' ')} UTC" if events else None


def _brief(record: Mapping[str, Any], past: Past) -> str | None:
    """Return the answer, without its first line where that is the decision; also one that waits to be signed."""
    answer = past.result["answer"] if past.waiting and past.final_decision else record.get("answer")
    decision = record.get("final_decision") or past.final_decision
    return answer.partition("\n\n")[2] if answer and decision else answer


def _writer(past: Past) -> str:
    """Return who wrote the brief, in words."""
    voices = [speaker(event) for event in past.events_of("asked") if event["role"] == "brief"]
    if not voices or voices[-1] == "rules":
        return say("Put together from the roles' answers by code")
    return say("Written by {voice}; it decides nothing", voice=voices[-1])


def _record(record: Mapping[str, Any], past: Past) -> Plain:
    begun = next(iter(past.events_of("admitted")), {})
    broken = find_break(past.events, fingerprint)
    return {
        "head": str(head_of(past.events)),
        "said": say_count("{number} event", "{number} events", len(past.events)),
        "fault": say("event {number} {fault}", number=broken.place + 1, fault=broken.message) if broken else None,
        "hashes": {name: value for name, value in record.get("hashes", {}).items() if value},
        "prompts": begun.get("prompts", {}),
        "versions": begun.get("versions", {}),
        "revision": past.case.get("revision", 0),
        "roles": _roles(past),
    }


def _roles(past: Past) -> list[Plain]:
    spoke = {event["role"]: speaker(event) for event in past.events_of("asked")}
    names = dict.fromkeys([*past.team.get("sequence", []), *(name for name in spoke if name in past.roles)])
    title = say("The brief")
    brief = [{"role": "brief", "title": title, "voice": spoke["brief"], "weight": None}] if "brief" in spoke else []
    return [_role(name, past.roles[name], spoke.get(name)) for name in names if name in past.roles] + brief


def _role(name: str, role: Mapping[str, Any], voice: str | None) -> Plain:
    extra = [say("weight {number}", number=in_figures(str(role["weight"])))] if role["weight"] != 1 else []
    extra += [say("veto")] if role["veto"] else []
    voice = voice or say("was not asked")
    return {"role": name, "title": role["title"], "voice": voice, "weight": ", ".join(extra) or None}
