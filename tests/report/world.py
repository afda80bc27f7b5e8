"""Threads with fetched facts, with a round that was asked again, reopened, held, and looked at later, as each is told.

A run that ended is given one more step, in which what it knows of the world is written and committed to.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from graph.record import record_of
from graph.report.dossier.dossier import dossier_of
from graph.report.html.page import page_of
from graph.report.markdown.report import markdown_of
from nodes.events import CHANNELS
from nodes.fingerprint import digest, fingerprint
from policies.assurance.audit import link
from policies.assurance.commitments import commit, sealed
from policies.run.seats import Failure
from tests.harness import proposal
from tests.report.stage import FACTS, GUARDS, HOSTILE, Told, tell, told, with_facts
from tests.stability.stage import CHECK, play, raw_team, sample_in, saying, team_from

LATER = "2026-06-01T08:00:00.000+00:00"
FETCHED = "2026-03-02T09:59:00.000+00:00"
DIGEST = "3f9a" * 16


def source(name: str, kind: str, *places: str, **changes: Any) -> dict[str, Any]:
    """Return where facts came from, as the record keeps it."""
    plain = {"source": name, "kind": kind, "fetched_at": FETCHED, "as_of": None, "digest": DIGEST, "cause": None}
    return {**plain, "places": [*places], **changes}


SOURCES = (
    source("risk desk", "http", "risk_signals", as_of="2026-03-02T09:47:00+00:00"),
    source("limits.csv", "file", "policy_limits", as_of="2026-02-26T09:59:00+00:00"),
    source("warehouse", "sql", "demand_signals", "finance_signals"),
    source("team", "inline", "report_date", "region"),
)


def reading(answer: str, value: Any, limit: Any = None, distance: float | None = None, **more: Any) -> dict[str, Any]:
    """Return what a tripwire reads on some facts."""
    return {"answer": answer, "value": value, "limit": limit, "distance": distance, "fault": None, **more}


TRIPWIRES = (
    {
        **{"kind": "guard", "name": "payment failures", "role": None, "fact": "risk_signals.failed_payment_rate"},
        **{"comparison": "at_least", "then": reading("clear", 0.028, 0.03, 0.002)},
        **{"now": reading("tripped", 0.034, 0.03, 0.004), "verdict": "reopen"},
    },
    {
        **{"kind": "guard", "name": "margin floor", "role": None, "fact": "finance_signals.expected_margin_pct"},
        **{"comparison": "below", "then": reading("clear", 19.2, 15, 4.2)},
        **{"now": reading("clear", 16, 15, 1), "verdict": "weakened"},
    },
    {
        **{
            "kind": "check",
            "name": "facts.risk_signals.critical_incidents > 0",
            "role": "risk_analyst",
            "title": "Risk analyst",
        },
        **{"fact": "risk_signals.critical_incidents", "comparison": "above", "then": reading("go", 0, 0, 0)},
        **{"now": reading("go", 0, 0, 0), "verdict": "holds"},
    },
    {
        **{"kind": "check", "name": 'facts.region == "EU"', "role": "demand_analyst", "title": "Demand analyst"},
        **{"fact": "region", "comparison": None, "then": reading("go", "US"), "now": None, "verdict": "unknown"},
    },
)


UNREADABLE = {**TRIPWIRES[0], "now": reading("unreadable", None, 0.03, fault="could not be read: a.b")}


def look(verdict: str = "reopen", **changes: Any) -> dict[str, Any]:
    """Return what a later look found."""
    moved = [{"path": "risk_signals.failed_payment_rate", "then": 0.028, "now": 0.034}]
    plain = {
        "thread_id": "t",
        "at": LATER,
        "sources": [*SOURCES],
        "verdict": verdict,
        "owner": None,
        "expires_at": None,
        "expired": False,
    }
    found = {"tripwires": list(TRIPWIRES), "changed": moved, "cause": None, "reopened_as": None}
    return {**plain, **found, **changes}


def with_step(state: Mapping[str, Any], bodies: Sequence[Mapping[str, Any]] = (), **case: Any) -> dict[str, Any]:
    """Return a state with one more step: events, and parts of its case that are other ones now."""
    update = {"case": {**state["case"], **case}}
    wrote = commit(state, update, CHANNELS, digest)
    events = list(state["events"])
    for body in sealed([{"at": LATER, **body} for body in bodies or [{"event": "noted"}]], wrote, digest):
        events.append(link(events[-1], body, fingerprint))
    return {**state, **update, "events": events}


def later(
    home: Path,
    *bodies: Mapping[str, Any],
    look: Mapping[str, Any] | None = None,
    reopened: Mapping[str, Any] | None = None,
    base: Told | None = None,
    **case: Any,
) -> Told:
    """Return how a run is told that has one more step, and of which more is known than its record has."""
    state = with_step((base or tell(home, "go", GUARDS, "policy=launch")).state, bodies, **case)
    record, hindsight = record_of("t", state), {"look": look, "reopened": reopened}
    dossier = dossier_of("t", record, state, hindsight)
    return Told(record, state, dossier, page_of(dossier), markdown_of(dossier), hindsight)


def checked(home: Path, speech: Any, **changes: Any) -> Told:
    """Return how a run is told whose last round was asked again."""
    played = play(home, speech, team_from(raw_team({**CHECK, **changes})))
    return told("t", played.record, played.state)


def _silent(question: Any) -> Any:
    return Failure("llm_timeout") if sample_in(question) else proposal(question.name)


def _hostile(home: Path) -> Told:
    name, place = HOSTILE[:100], "a|b<i>`x`"
    bad = source(name, HOSTILE[:40], place, place * 4, cause=HOSTILE)
    wires = [{**each, "name": HOSTILE, "fact": place, "then": reading(HOSTILE, HOSTILE)} for each in TRIPWIRES]
    changed = [{"path": place, "then": HOSTILE, "now": {HOSTILE: [HOSTILE]}}]
    seen = look(owner=HOSTILE, cause=HOSTILE, tripwires=wires, changed=changed, reopened_as=HOSTILE)
    old = {"thread": HOSTILE, "decision": "go", "decided_at": LATER, "look": seen, "lost": HOSTILE}
    reopens = {"thread": HOSTILE, "head": {}, "record": DIGEST}
    sources = [bad, {**bad, "source": "b"}]
    return later(home, look=seen, reopened=old, sources=sources, reopens=reopens)


def _capped(home: Path) -> Told:
    return tell(home, "go", GUARDS, "policy=launch", facts=with_facts(failed_payment_rate=0.034))


REOPENS = {"thread": "old", "head": {"events": 9, "hash": DIGEST}, "record": DIGEST}
LOST: dict[str, Any] = {"thread": "old", "decision": None, "decided_at": None, "look": None}
PURGED = {**LOST, "lost": "the thread `old` was purged"}
REOPENED = {**LOST, "decision": "go_with_caution", "decided_at": FETCHED, "look": look(expired=True), "lost": None}
FAILED = (
    SOURCES[0],
    source("warehouse", "sql", fetched_at=None, digest=None, cause="the query took longer than 10 seconds"),
)
MANY = [source(f"source {number}", "http", *(f"f{number}.n{place}" for place in range(30))) for number in range(20)]

WORLD: Mapping[str, Callable[[Path], Told]] = {
    "sources": lambda home: later(home, base=_capped(home), sources=[*SOURCES]),
    "source_failed": lambda home: later(home, sources=[*FAILED]),
    "many_sources": lambda home: later(home, sources=MANY),
    "given_facts": lambda home: later(home, sources=[source("given", "given", *FACTS)]),
    "steady": lambda home: checked(home, saying([4])),
    "unsteady": lambda home: checked(home, saying([1, 3, 5])),
    "unstable": lambda home: checked(home, saying([1, 3, 5], stance="caution"), otherwise="stop"),
    "unsampled": lambda home: checked(home, _silent),
    "drifted": lambda home: later(
        home, look=look(owner="Head of launches", expires_at="2026-05-31T09:00:00.000+00:00", expired=True)
    ),
    "drift_reopened": lambda home: later(home, look=look(reopened_as="t.r1")),
    "drift_unknown": lambda home: later(home, look=look("unknown", tripwires=[], changed=[], cause="HTTP 500")),
    "drift_unreadable": lambda home: later(home, look=look(tripwires=[UNREADABLE])),
    "drift_holds": lambda home: later(home, look=look("holds", tripwires=[TRIPWIRES[2]], changed=[])),
    
    "reopens": lambda home: later(home, reopened=REOPENED, reopens=REOPENS),
    "reopens_purged": lambda home: later(home, reopened=PURGED, reopens=REOPENS),
    "reopens_unasked": lambda home: later(home, reopens=REOPENS),
    "hostile_world": _hostile,
}  # fmt: skip
"""What is known of the world, of every kind."""
