"""Threads in which people answer, told by their events alone."""

from pathlib import Path
from typing import Any

from nodes.fingerprint import fingerprint
from nodes.signatures import decision_bytes
from policies.assurance.audit import Event, link
from policies.people.keys import read_key
from tests.signing import openssh

POLICY, FACTS = "a" * 64, "b" * 64
BOUND = {"policy": POLICY, "facts": FACTS, "round": 2, "stances": {"risk": "block"}}
CFO, CTO, STRANGER = "ed25519", "ecdsa-256", "ecdsa-384"
"""The kinds of the keys with which they sign."""


def key_file(kind: str, which: int = 0) -> Path:
    return openssh.keys()[kind][which]


def line(kind: str, which: int = 0) -> str:
    return str(read_key(openssh.public(key_file(kind, which))))


KEYS = {"cfo": CFO, "cto": CTO}


def keys() -> dict[str, str]:
    return {name: line(kind) for name, kind in KEYS.items()}


def chained(*bodies: dict[str, Any]) -> list[Event]:
    events: list[Event] = []
    for body in bodies:
        events.append(link(events[-1] if events else None, body, fingerprint))
    return events


def admitted(**more: Any) -> dict[str, Any]:
    return {"event": "admitted", "thread": "t", "team": "launch", "keys": keys(), **more}


def resumed(**more: Any) -> dict[str, Any]:
    return {"event": "resumed", "moved": "policy", "keys": keys(), **more}


def asked(question: str = "q1", **more: Any) -> dict[str, Any]:
    about = {"question": question, "kind": "decide", "asked": ["cfo", "cto"], "bound": BOUND}
    return {"event": "asked", "role": "human", **about, **more}


def signed_part(**changes: Any) -> dict[str, Any]:
    return {
        "thread": "t",
        "question": "q1",
        "policy": POLICY,
        "facts": FACTS,
        "outcome": "go",
        "because": "Fine – é.",
        **changes,
    }


def answered(by: str = "cfo", kind: str = CFO, which: int = 0, **changes: Any) -> dict[str, Any]:
    """Return the event of an answer that was signed as it should be."""
    signed = signed_part(**changes)
    said = {name: signed[name] for name in ("question", "outcome", "because")}
    signature = openssh.sign(decision_bytes(**signed), key_file(kind, which))
    who = {"role": "human", "kind": "decide", "by": by, "seat_of": by, "identity": None}
    return {"event": "answered", **who, **said, "signed": signed, "signature": signature}


def unsigned(by: str, **changes: Any) -> dict[str, Any]:
    event = answered(by, **changes)
    del event["signed"]
    return {**event, "signature": None}


def ruled(**changes: Any) -> dict[str, Any]:
    """Return the event that counts the answers of the CFO and the CTO, both of whom said go."""
    counted = {"by": ["cfo", "cto"], "casts": {"cfo": "go", "cto": "go"}, "outcome": "go", "how": "answered"}
    return {"event": "ruled", "role": "human", "question": "q1", "kind": "decide", **counted, **changes}
