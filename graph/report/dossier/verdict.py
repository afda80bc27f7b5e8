"""The verdict: what is on top of a page about a thread."""

from collections.abc import Mapping, Sequence
from typing import Any

from graph.past import Past
from graph.report.dossier.changed import Changed
from graph.report.dossier.offices import NO_OFFICES, Titles, offices_of
from graph.report.dossier.people import command_for, counted_by, decided_by, names_in, signed_in_words, waiting_in_words
from graph.report.dossier.timeline import capping
from graph.report.resuming import resume_of
from graph.report.words import (
    joined,
    label_of,
    listed,
    plain_word,
    said_phase,
    said_reason,
    tone_of,
    written,
)
from nodes.rulings import silence_in_words
from policies.decision.table import DECISIONS
from policies.language import phrase, say, say_count
from policies.run.stop import Stop

Plain = dict[str, Any]
State = Mapping[str, Any]

MAX_RAW = 2_000

OPEN = {
    "queued": (phrase("Queued"), phrase("It waits for its turn; nobody works on it yet.")),
    "running": (phrase("In progress"), phrase("Somebody works on this thread now; it has no decision yet.")),
    "interrupted": (
        phrase("Interrupted"),
        phrase("The thread has no decision and no stop reason, and nobody works on it."),
    ),
}


NOT_BEGUN = phrase("Not begun"), phrase("The thread was admitted, and nothing has happened in it yet.")
AHEAD = ("queued", "running")
"""The status of a thread that has not begun, and is about to."""


def verdict_of(record: Mapping[str, Any], state: State, why: Plain | None, work: Plain) -> Plain:
    """Return the decision of a thread, or what takes its place, and how to resume the thread."""
    offices = offices_of(Past.of(state))
    return _verdict(record, work["titles"], offices, *_ruled(record, state, why, work))


def changed_verdict(record: Mapping[str, Any], changed: Changed) -> Plain:
    """Return what is on top of the page of a thread that was changed: no decision, and what differs."""
    return _verdict(
        record, {}, {}, say("Changed"), "stopped", [f"{changed.sentence[0].upper()}{changed.sentence[1:]}."]
    )


def _verdict(
    record: Mapping[str, Any], titles: Titles, offices: Titles, label: str, tone: str, sentences: list[str]
) -> Plain:
    return {
        "label": label,
        "tone": tone,
        "people": by_people_in(record, offices),
        "question": (owning(record) or {}).get("id"),
        "sentences": sentences,
        "status": record["status"],
        "reason": record["stop_reason"],
        "phase": said_phase(record["phase"], titles) if record.get("phase") else None,
        "raw": written(record["raw_contribution"], MAX_RAW) if record.get("raw_contribution") is not None else None,
        "resume": resume_of(record),
        "answer": [command_for({**each, "thread_id": record["thread_id"]}) for each in record.get("waiting", ())],
        "ownership": _ownership(record, offices),
    }


def _ownership(record: Mapping[str, Any], offices: Titles) -> str | None:
    """Return who took a decision, and who put their names to it; None where none was taken."""
    if any(each["kind"] == "sign_off" for each in record.get("waiting", ())):
        return say("the team; not yet signed off")
    if record["status"] != "ok" or not record.get("final_decision"):
        return None
    owned = owning(record)
    if owned is None:
        return say("the team; nobody has signed it")
    if owned["status"] == "expired":
        return say("what the team file says where too few answer in time")
    names = names_in(owned["answers"], offices)
    signed = say("the team, signed off by {names}", names=names) if owned["kind"] == "sign_off" else names
    return joined([f"{signed}{counted_by(owned)}", signed_in_words(owned["answers"])])


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
    if not Past.of(state).has_begun:
        label, sentence = OPEN[record["status"]] if record["status"] in AHEAD else NOT_BEGUN
        return say(label), "open", [say(sentence)]
    done = _last_round(why) if work["pattern"] is None else _done(work)
    if record["status"] == "waiting":
        decided = Past.of(state).final_decision
        return (
            say("Waiting"),
            "human",
            [*_waiting(record, decided, offices_of(Past.of(state))), *([] if decided else done)],
        )
    if record["status"] == "ok":
        return _ended(record, why, work)
    if record["status"] in OPEN:
        label, sentence = OPEN[record["status"]]
        return say(label), "open", [say(sentence), *done]
    asks_human = Stop.parse(record["stop_reason"]).rule.asks_human
    label, tone = (label_of("escalate"), "human") if asks_human else (say("Stopped"), "stopped")
    cause = [_sentence(record["cause"])] if record.get("cause") else []
    return label, tone, [said_reason(record["stop_reason"], work["titles"]), *cause, *done]


def _waiting(record: Mapping[str, Any], decided: str | None, offices: Titles) -> list[str]:
    """Return what a thread waits for; what is to be signed is named."""
    signed = decided and say(
        "The team decided {decision}; it counts once it is signed off.", decision=plain_word(decided)
    )
    waits = [say("It waits for {what}.", what=told) for told in waiting_in_words(record["waiting"], offices)]
    return [*([signed] if signed else []), *waits]


def _sentence(cause: str) -> str:
    """Return a cause as a sentence; an address at its beginning stays as it is."""
    begins = cause[:1] if "://" in cause.partition(" ")[0] else cause[:1].upper()
    return f"{begins}{cause[1:]}."


def _ended(record: Mapping[str, Any], why: Plain | None, work: Plain) -> tuple[str, str, list[str]]:
    decision = record.get("final_decision")
    decided = _decided(why) if why else []
    counts = [_counts(why)] if why and work["pattern"] is None else work["sentences"]
    if not decision:
        label = work["headline"] or say("Answered")
        return label, "done", [sentence for sentence in counts if sentence != f"{label}."]
    return label_of(decision), tone_of(decision), [*counts, *decided]


def by_people_in(record: Mapping[str, Any], offices: Titles = NO_OFFICES) -> list[str]:
    """Return that people took or signed the decision, and what the vote alone gave; nothing otherwise."""
    owned, vote = owning(record), (record.get("outcome") or {}).get("vote")
    if owned is None:
        return []
    if owned["status"] == "expired":
        return [say("People were asked, and {silence}.", silence=silence_in_words(owned["answers"]))]
    alone = [say("The vote alone gave: {vote}.", vote=plain_word(vote))] if vote and owned["kind"] == "decide" else []
    return [f"{decided_by(owned, offices)}.", *alone]


def _done(work: Plain) -> list[str]:
    """Return what another pattern than the rounds has done."""
    return [so_far(work["sentences"])] if work["sentences"] else [say("No stage was finished.")]


def so_far(sentences: Sequence[str]) -> str:
    """Return what an unfinished thread has done."""
    return say("So far: {sentences}", sentences=" ".join(sentences))


def _counts(why: Plain) -> str:
    return say_count(
        "{number} role in round {round}: {casts}.",
        "{number} roles in round {round}: {casts}.",
        len(why["casts"]),
        round=why["round"],
        casts=_casts(why),
    )


def _casts(why: Plain) -> str:
    said = [*why["casts"].values()]
    return ", ".join(f"{said.count(cast)} {cast}" for cast in ("go", "caution", "block", "absent") if cast in said)


def _decided(why: Plain) -> list[str]:
    names = capping(why["vote"], why["final"], why["guards"])
    if not names:
        return []
    return [
        say_count(
            "The vote alone gave {vote}; the guard {guards} allowed no more than {outcome}.",
            "The vote alone gave {vote}; the guards {guards} allowed no more than {outcome}.",
            len(names),
            vote=plain_word(why["vote"]),
            guards=listed(names),
            outcome=plain_word(why["final"]),
        )
    ]


def _last_round(why: Plain | None) -> list[str]:
    if why is None:
        return [say("No round was finished.")]
    if why["final"] in DECISIONS:
        return [
            say(
                "The policy had reached {outcome} in round {round}; it was not announced.",
                outcome=plain_word(why["final"]),
                round=why["round"],
            )
        ]
    return [
        say_count(
            "Last finished round: {number} role in round {round}: {casts}.",
            "Last finished round: {number} roles in round {round}: {casts}.",
            len(why["casts"]),
            round=why["round"],
            casts=_casts(why),
        )
    ]
