"""Drift: what `accord watch` says of a decision, as plain values, from what the archive or the thread itself keeps."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from graph.past import Past
from graph.store.tripwires import watched_from, watched_in
from policies.assurance.tripwires import Drift, find_drift
from policies.language import say

Plain = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """What was found of a decision, the language of its team, and whether it had been taken again before."""

    finding: Plain
    language: str | None = None
    was_reopened: bool = False
    has_source: bool = True
    """Whether there was anything to ask for its facts."""

    @property
    def is_sourceless(self) -> bool:
        """Whether nothing can be said of it, since there is nothing to ask."""
        return self.finding["verdict"] == "unknown" and not self.has_source


def drift_of(row: Mapping[str, Any], past: Past) -> Plain | None:
    """Return what was found of a thread's decision, worked out again from a row of `Watches`; None without a decision.

    {thread_id, team, decision, decided_at, owner, expires_at, verdict, expired, cause, reopened_as, changed: [{path,
    then, now}], tripwires: [{kind, name, role, title, fact, comparison, then, now, verdict}]}. Of a tripwire, `then`
    and `now` are {answer, value, limit, distance, check, fault}; `now` is null where the facts could not be had.
    """
    kept = watched_in(past)
    if kept["decided_at"] is None:
        return None
    about = {"thread_id": row["thread_id"], "team": past.team["name"], "ended": past.final_decision}
    entry = {**about, **kept, "facts": past.facts or {}, "guards": past.team["guards"]}
    return finding_of(entry, drift_from(entry, row["facts"], row["at"]), row["cause"], row["reopened_as"])


def drift_from(entry: Mapping[str, Any], facts: Mapping[str, Any] | None, at: str) -> Drift:
    """Return how far the facts have moved away from the decision that an entry of the archive keeps, at a time."""
    return find_drift(watched_from(entry), facts, at)


def finding_of(
    entry: Mapping[str, Any], drift: Drift, cause: str | None = None, reopened_as: str | None = None
) -> Plain:
    """Return what was found as plain values, as `drift_of` does; `cause` is why the facts could not be had."""
    found = asdict(drift)
    return {
        "thread_id": entry["thread_id"],
        "team": entry["team"],
        "decision": entry["ended"],
        "decided_at": entry["decided_at"],
        "owner": entry["watch"]["owner"],
        **{key: found[key] for key in ("expires_at", "verdict", "expired")},
        **{key: [*found[key]] for key in ("tripwires", "changed")},
        "cause": cause,
        "reopened_as": reopened_as,
    }


def causes_in(finding: Mapping[str, Any]) -> list[list[str]]:
    """Return what of a finding asks for another decision: the kind and the name of each tripwire, and the time.

    >>> causes_in({"tripwires": [{"kind": "check", "role": "risk", "verdict": "reopen"}], "expired": True})
    [['check', 'risk'], ['expired']]
    """
    changed = [each for each in finding["tripwires"] if each["verdict"] == "reopen"]
    named = sorted([each["kind"], each["role"] or each["name"]] for each in changed)
    return [*named, *([["expired"]] if finding["expired"] else [])]


def causes_in_words(finding: Mapping[str, Any]) -> list[str]:
    """Return the same as people read it."""
    changed = [name_of_tripwire(each) for each in finding["tripwires"] if each["verdict"] == "reopen"]
    return [*changed, *([say("its time is over")] if finding["expired"] else [])]


def name_of_tripwire(tripwire: Mapping[str, Any]) -> str:
    """Return what a tripwire is called in a sentence."""
    if tripwire["kind"] == "guard":
        return say("guard {name}", name=tripwire["name"])
    return say("the checks of {role}", role=tripwire["title"])
