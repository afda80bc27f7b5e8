"""The verdict: what is on top of a page about a thread."""

from collections.abc import Mapping
from typing import Any

from graph.past import Past
from graph.report.dossier.changed import Changed
from graph.report.dossier.people import command_for, decided_by, signed_in_words, waiting_in_words
from graph.report.dossier.timeline import capping
from graph.report.words import (
    counted,
    label_of,
    listed,
    plain_word,
    resume_of,
    said_phase,
    said_reason,
    tone_of,
    written,
)
from nodes.rulings import silence_in_words
from policies.decision.table import DECISIONS
from policies.run.stop import Stop

Plain = dict[str, Any]
State = Mapping[str, Any]

MAX_RAW = 2_000

OPEN = {
    "running": ("In progress", "Somebody works on this thread now; it has no decision yet."),
    "interrupted": ("Interrupted", "The thread has no decision and no stop reason, and nobody works on it."),
}


def verdict_of(record: Mapping[str, Any], state: State, why: Plain | None, work: Plain) -> Plain:
    """Return the decision of a thread, or what takes its place, and how to resume the thread."""
    return _verdict(record, work["titles"], *_ruled(record, state, why, work))


def changed_verdict(record: Mapping[str, Any], changed: Changed) -> Plain:
    """Return what is on top of the page of a thread that was changed: no decision, and what differs."""
    return _verdict(record, {}, "Changed", "stopped", [f"{changed.sentence[0].upper()}{changed.sentence[1:]}."])


def _verdict(
    record: Mapping[str, Any], titles: Mapping[str, str], label: str, tone: str, sentences: list[str]
) -> Plain:
    return {
        "label": label,
        "tone": tone,
        "people": by_people_in(record),
        "question": (owning(record) or {}).get("id"),
        "sentences": sentences,
        "status": record["status"],
        "reason": record["stop_reason"],
        "phase": said_phase(record["phase"], titles) if record.get("phase") else None,
        "raw": written(record["raw_contribution"], MAX_RAW) if record.get("raw_contribution") is not None else None,
        "resume": resume_of(record),
        "answer": [command_for({**each, "thread_id": record["thread_id"]}) for each in record.get("waiting", ())],
        "ownership": _ownership(record),
    }


def _ownership(record: Mapping[str, Any]) -> str | None:
    """Return who owns a decision: those who took it or signed it off, else nobody yet; None where none was taken."""
    if any(each["kind"] == "sign_off" for each in record.get("waiting", ())):
        return "Not yet signed"
    if record["status"] != "ok" or not record.get("final_decision"):
        return None
    owned = owning(record)
    if owned is None or owned["status"] == "expired":
        return "Not yet signed"
    return f"{decided_by(owned)}; {signed_in_words(owned['answers'])}"


def owning(record: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the question by which people took a decision or put their names to it; None where the team alone did.

    >>> owning({"people": [{"kind": "decide", "outcome": "again"}]}) is None
    True
    """
    asked = [each for each in record.get("people", ()) if each["kind"] != "supply"]
    taken = [each for each in asked if each["outcome"] == record.get("final_decision") and each["outcome"]]
    return taken[-1] if taken and taken[-1] is asked[-1] else None


def _ruled(record: Mapping[str, Any], state: State, why: Plain | None, work: Plain) -> tuple[str, str, list[str]]:
    """Return the decision, or what takes its place, its tone, and the sentences below it."""
    if not state:
        return "Not begun", "open", ["The thread was admitted, and nothing has happened in it yet."]
    so_far = _so_far(why) if work["pattern"] is None else _done(work)
    if record["status"] == "waiting":
        decided = Past.of(state).final_decision
        return "Waiting", "human", [*_waiting(record, decided), *([] if decided else so_far)]
    if record["status"] == "ok":
        return _ended(record, why, work)
    if record["status"] in OPEN:
        label, sentence = OPEN[record["status"]]
        return label, "open", [sentence, *so_far]
    asks_human = Stop.parse(record["stop_reason"]).rule.asks_human
    label, tone = ("A human decides", "human") if asks_human else ("Stopped", "stopped")
    cause = [_sentence(record["cause"])] if record.get("cause") else []
    return label, tone, [said_reason(record["stop_reason"], work["titles"]), *cause, *so_far]


def _waiting(record: Mapping[str, Any], decided: str | None) -> list[str]:
    """Return what a thread waits for; what is to be signed is named."""
    signing = [f"The team decided {plain_word(decided)}; it counts once it is signed off."] if decided else []
    return [*signing, *(f"It waits for {told}." for told in waiting_in_words(record["waiting"]))]


def _sentence(cause: str) -> str:
    """Return a cause as a sentence; an address at its beginning stays as it is."""
    begins = cause[:1] if "://" in cause.partition(" ")[0] else cause[:1].upper()
    return f"{begins}{cause[1:]}."


def _ended(record: Mapping[str, Any], why: Plain | None, work: Plain) -> tuple[str, str, list[str]]:
    decision = record.get("final_decision")
    decided = _decided(why) if why else []
    counts = [_counts(why)] if why and work["pattern"] is None else work["sentences"]
    if not decision:
        label = work["headline"] or "Answered"
        return label, "done", [sentence for sentence in counts if sentence != f"{label}."]
    return label_of(decision), tone_of(decision), [*counts, *decided]


def by_people_in(record: Mapping[str, Any]) -> list[str]:
    """Return that people took or signed the decision, and what the vote alone gave; nothing otherwise."""
    owned, vote = owning(record), (record.get("outcome") or {}).get("vote")
    if owned is None:
        return []
    if owned["status"] == "expired":
        return [f"People were asked, and {silence_in_words(owned['answers'])}."]
    alone = [f"The vote alone gave {vote}."] if vote and owned["kind"] == "decide" else []
    return [f"{decided_by(owned)}.", *alone]


def _done(work: Plain) -> list[str]:
    """Return what another pattern than the rounds has done."""
    return [f"So far: {' '.join(work['sentences'])}"] if work["sentences"] else ["No stage was finished."]


def _counts(why: Plain) -> str:
    said = [*why["casts"].values()]
    parts = [f"{said.count(cast)} {cast}" for cast in ("go", "caution", "block", "absent") if cast in said]
    return f"{counted(len(said), 'role')} in round {why['round']}: {', '.join(parts)}."


def _decided(why: Plain) -> list[str]:
    names = capping(why["vote"], why["final"], why["guards"])
    if not names:
        return []
    noun = "guard" if len(names) == 1 else "guards"
    vote, final = plain_word(why["vote"]), plain_word(why["final"])
    return [f"The vote alone gave {vote}; the {noun} {listed(names)} allowed no more than {final}."]


def _so_far(why: Plain | None) -> list[str]:
    if why is None:
        return ["No round was finished."]
    if why["final"] in DECISIONS:
        return [f"The policy had reached {plain_word(why['final'])} in round {why['round']}; it was not announced."]
    return [f"Last finished round: {_counts(why)}"]
