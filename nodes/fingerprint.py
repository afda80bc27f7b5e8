"""Fingerprints: SHA-256 over RFC 8785 canonical JSON of what a thread is pinned to, and digests of what it keeps."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import rfc8785

from policies.team.team import Budget, Team, pinned


def fingerprint(value: Any) -> str:
    """Return the SHA-256 of a plain value in hexadecimal."""
    return hashlib.sha256(rfc8785.dumps(value)).hexdigest()


def canonical(value: Any) -> str:
    """Return a plain value as RFC 8785 canonical JSON: the same text whatever order its keys are in."""
    return rfc8785.dumps(value).decode("utf-8")


def in_order(value: Mapping[str, Any], kept: str) -> str:
    """Return an object as canonical JSON, but what lies under the key `kept` with its keys in the order they are in.

    >>> in_order({"b": {"d": 1.0, "c": 2}, "a": {"d": 1, "c": 2}}, "b")
    '{"a":{"c":2,"d":1},"b":{"d":1,"c":2}}'
    """
    parts = (f"{canonical(name)}:{(_in_order if name == kept else canonical)(value[name])}" for name in sorted(value))
    return f"{{{','.join(parts)}}}"


def _in_order(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{{{','.join(f'{canonical(name)}:{_in_order(each)}' for name, each in value.items())}}}"
    if isinstance(value, list):
        return f"[{','.join(map(_in_order, value))}]"
    return canonical(value)


_WRITER = json.JSONEncoder(allow_nan=False, separators=(",", ":"))


def digest(value: Any) -> str:
    """Return the SHA-256 of a plain value as JSON without spaces, in hexadecimal.

    It tells apart what commands print differently and canonical JSON does not: 1.0 from 1, one order of keys from
    another.
    """
    return hashlib.sha256(_WRITER.encode(value).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Pin:
    """A team as threads are pinned to it: its plain form, its policy and its hash, worked out once."""

    plain: dict[str, Any]
    policy: dict[str, Any]
    team_hash: str

    @classmethod
    def of(cls, team: Team) -> Self:
        """Return the pin of a team; its hash covers roles, mandates, voices, the sequence and the pattern."""
        return cls.kept(pinned(team))

    @classmethod
    def kept(cls, plain: dict[str, Any]) -> Self:
        """Return the pin of a team as a thread keeps it."""
        rules = {"rules": plain["policy"], "guards": plain["guards"], **_beside(plain)}
        return cls(plain, rules, fingerprint(hashed(plain)))


def hashed(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the hash of a team covers, of its plain form."""
    course = ("sequence", "pattern", "lead", "options", "messages")
    said = ("language", "rounds", "ground", "derive", "require_evidence")
    kept = ("name", "roles", "brief", *said, *course)
    return {key: plain[key] for key in kept} | {"roles": _without_budgets(plain["roles"])}


def rules_of(plain: Mapping[str, Any], limits: Budget) -> dict[str, Any]:
    """Return what the hash of a policy covers, of a team's plain form and the limits in force."""
    budget = {"min_go_votes": limits.min_go_votes}
    return {"policy": plain["policy"], "guards": plain["guards"], **_beside(plain), "budget": budget}


def _beside(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Return who decides what the team may not, who signs, and how a decision is checked: parts of its policy."""
    checked = {"stability": plain["stability"]} if plain.get("stability") else {}
    return {name: plain[name] for name in ("approvers", "escalate", "sign_off")} | checked


def _without_budgets(roles: dict[str, Any]) -> dict[str, Any]:
    """Return the roles, the teams that answer for some without their budgets: those are in no hash."""
    return {name: {**role, "team": _without_budget(role["team"])} for name, role in roles.items()}


def _without_budget(inner: dict[str, Any] | None) -> dict[str, Any] | None:
    if inner is None:
        return None
    return {**inner, "budget": None, "roles": _without_budgets(inner["roles"])}


def fingerprints(pin: Pin, limits: Budget, goal: str, facts: dict[str, Any] | None) -> dict[str, str | None]:
    """Return the hashes of team, policy, facts and goal; null for facts that are not there yet.

    `policy` covers the rules, the guards and `min_go_votes`; budgets are in none.
    """
    return {
        "team": pin.team_hash,
        "policy": fingerprint({**pin.policy, "min_go_votes": limits.min_go_votes}),
        "facts": None if facts is None else fingerprint(facts),
        "goal": fingerprint(goal),
    }
