"""What must hold of a run that was killed and finished, against the run of the same team that nobody killed."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nodes.fingerprint import fingerprint
from policies.assurance.audit import find_break
from tests.durability.pattern_teams import Asked
from tests.durability.processes import without
from tests.durability.strikes import KILLED, SHOWN_OPEN, Struck

TIMES = ("seconds", "elapsed_seconds", "at", "fetched_at")
CHAIN = ("hash", "prev_hash", "wrote", "thread", "prompt")
"""What the times and the thread of an event, and the times of the messages in a prompt, change in events."""

CHARGED = ("usage", "recoveries", "recovered")
"""What a recovery changes at the top of a record or a state."""

Read = tuple[str, str]
"""A role, and the message it read."""


def faults(whole: Struck, struck: Sequence[Struck]) -> dict[str, list[str]]:
    """Return the claims that do not hold, each with the points at which it does not."""
    wrong = {
        claim: [each.point for each in struck if not holds(whole, each)] for claim, holds in WHEN_KILLED.items()
    } | {claim: [each.point for each in (whole, *struck) if not holds(each)] for claim, holds in ALWAYS.items()}
    return {claim: points for claim, points in wrong.items() if points}


def _was_killed(whole: Struck, each: Struck) -> bool:
    return each.codes["run"] == KILLED and each.codes["resume"] == whole.codes["run"]


def _is_shown(whole: Struck, each: Struck) -> bool:
    """As interrupted with what was finished, or, where only the last words were missing, as it ended."""
    if each.shown["status"] == "ok":
        return bool(each.codes["show"] == whole.codes["show"] and each.shown == each.record)
    is_open = each.codes["show"] == SHOWN_OPEN and (each.shown["status"], each.shown["stop_reason"]) == (
        "interrupted",
        None,
    )
    parts = [(without(each.shown[key], *TIMES), told(whole.record)[key]) for key in ("trace", "history", "outputs")]
    return is_open and all(shown == whole_one[: len(shown)] for shown, whole_one in parts)


def _same_record(whole: Struck, each: Struck) -> bool:
    return told(each.record) == told(whole.record)


def told(record: dict[str, Any]) -> dict[str, Any]:
    """Return the record without what differs between two equal runs: times, and what a recovery charges."""
    kept: dict[str, Any] = without(record, *TIMES, "thread_id")
    return {key: value for key, value in kept.items() if key not in CHARGED}


def _same_state(whole: Struck, each: Struck) -> bool:
    """More than the record: nothing granted or counted twice, no seat, event or message left behind."""
    return _state(each) == _state(whole)


def _state(each: Struck) -> dict[str, Any]:
    """Return the state without what a recovery adds to it."""
    state: dict[str, Any] = without(each.after["state"], *TIMES, *CHAIN, "seq")
    events = [event for event in state["events"] if event["event"] != "recovered"]
    return {key: value for key, value in state.items() if key not in CHARGED} | {"events": events}


def _charges_what_was_lost(whole: Struck, each: Struck) -> bool:
    """Beyond the run that nobody killed a run is charged what was under way, as reserved, and no second at work."""
    events = [event for event in each.after["state"]["events"] if event["event"] == "recovered"]
    lost = [call for event in events for call in event["lost"]]
    before, used = whole.record["usage"], each.record["usage"]
    more = used["prompt_tokens"] + used["completion_tokens"] - before["prompt_tokens"] - before["completion_tokens"]
    is_known = (used["calls"] - before["calls"], more) == (len(lost), sum(call["tokens"] for call in lost))
    return is_known and len(each.asked) + len(each.asked_again) <= used["calls"]


def _asks_only_what_is_missing(whole: Struck, each: Struck) -> bool:
    """What the journal held is not asked again; what it lacked is asked, each call once."""
    missing = Counter(call.meaning for call in whole.asked)
    missing.subtract(each.journaled)
    return Counter(call.meaning for call in each.asked_again) == missing and missing.total() == len(each.asked_again)


def _journal_held_what_was_asked(whole: Struck, each: Struck) -> bool:
    """Nothing stands in the journal that this thread did not ask; and nobody asked a call twice in one life."""
    asked = Counter(call.prompt for call in each.asked)
    again = Counter(call.prompt for call in each.asked_again)
    is_once = all(count == 1 for count in [*asked.values(), *again.values()])
    return is_once and {*each.before["journal"].values()} <= {*asked}


def _same_journal(whole: Struck, each: Struck) -> bool:
    return bool(each.after["journal"].keys() == whole.after["journal"].keys())


def _same_reading(whole: Struck, each: Struck) -> bool:
    return _turns(each).keys() == _turns(whole).keys()


def _reads_once(each: Struck) -> bool:
    """Whoever reads a message reads it in one turn alone, its repairs and what was asked again after a kill aside."""
    return all(len(turns) == 1 for turns in _turns(each).values())


def _delivers_once(each: Struck) -> bool:
    """What the state calls delivered is what was read, each once; what goes to a team is read by its roles."""
    state, missed = each.after["state"], {role for role, _ in _missed(each)}
    teams = {role: known["team"] for role, known in state["case"]["team"]["roles"].items() if known.get("team")}
    roles = {own: role for role, team in teams.items() for own in team["roles"]}
    within = [call for call in _calls(each) if call.role in roles and roles[call.role] not in missed]
    read = {read for read in _turns(each) if read[0] not in roles}
    read |= {(roles[call.role], message) for call in within for message in call.inbox_above}
    delivered = [(given["role"], given["id"]) for given in state.get("delivered", [])]
    return sorted(delivered) == sorted(read)


def _turns(each: Struck) -> Mapping[Read, set[tuple[int | None, str]]]:
    """Return in which turns each message was read, by anybody; a turn that came to nothing delivers nothing."""
    turns: dict[Read, set[tuple[int | None, str]]] = {}
    for call in _calls(each):
        for message in call.inbox if (call.role, call.round) not in _missed(each) else ():
            turns.setdefault((call.role, message), set()).add((call.round, call.task))
    return turns


def _calls(each: Struck) -> list[Asked]:
    return [*each.asked, *each.asked_again]


def _missed(each: Struck) -> set[tuple[str, int]]:
    """Return who was absent, and in which round or stage."""
    return {(output["agent"], output["round"]) for output in each.record["outputs"] if output["absent"]}


def _chains_are_whole(each: Struck) -> bool:
    state = each.after["state"]
    chains = [state["events"], *_inner_chains(state)]
    return all(chain and find_break(chain, fingerprint) is None for chain in chains)


def _inner_chains(state: Mapping[str, Any]) -> list[list[dict[str, Any]]]:
    entries = [entry for stage in state.get("stages", []) for entry in stage["entries"]]
    return [entry["inner"]["events"] for entry in entries if entry["inner"]]


def _is_archived(each: Struck) -> bool:
    events = each.after["state"]["events"]
    return bool(each.after["archived"]["head"] == {"events": len(events), "hash": events[-1]["hash"]})


WHEN_KILLED: Mapping[str, Callable[[Struck, Struck], bool]] = {
    "it was killed, and resumed to the end": _was_killed,
    "`accord show` tells in between how far it came": _is_shown,
    "it has the record of the run nobody killed": _same_record,
    "it is charged what was under way when it was killed": _charges_what_was_lost,
    "it has the state of the run nobody killed": _same_state,
    "it asks again exactly what the journal lacks": _asks_only_what_is_missing,
    "the journal holds what was asked, and nothing is asked twice": _journal_held_what_was_asked,
    "the journal holds in the end what it holds of the run nobody killed": _same_journal,
    "the same roles read the same messages": _same_reading,
}
ALWAYS: Mapping[str, Callable[[Struck], bool]] = {
    "no role reads a message in two turns": _reads_once,
    "what was delivered is what was read": _delivers_once,
    "its events, and those of the teams within, are unbroken chains": _chains_are_whole,
    "it is archived with the head of its events": _is_archived,
}
