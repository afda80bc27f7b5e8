"""What the tests of assurance share: rules written a second time, policy files, and real runs of the runner."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from graph.record import Record
from graph.settings import Settings
from nodes.voices.voice import Question
from policies.run.seats import Failure
from tests.harness import CHECKOUT_ROLES, proposal, run, scripted, team_of

GO, CAUTION, BLOCK = "go", "caution", "block"
BROKEN: dict[str, tuple[str, str]] = {
    "monotone": (
        "rules: [{when: caution >= 2, then: go}, {when: block >= 1, then: no_go}]\notherwise: go_with_caution",
        "not monotone",
    ),
    "total": ("rules: [{when: go >= 2, then: go}, {when: block >= 2, then: no_go}]", "not total"),
    "a row that errs": ("rules: [{when: 6 / block > 9, then: no_go}]\notherwise: no_go", "not total"),
}
"""Policies that no run may start under, and what is said of them."""


def classic(stances: Sequence[str], min_go_votes: int = 2) -> str:
    """Return what the reference rule gives, as its specification writes it."""
    blocks, goes = stances.count(BLOCK), stances.count(GO)
    if blocks >= 2:
        return "no_go"
    if blocks == 1 or goes < min_go_votes:
        return "next_round"
    return "go_with_caution" if CAUTION in stances else "go"


def policy_file(text: str, name: str = "mine", path: str = "mine.yaml") -> str:
    """Write a policy's file."""
    Path(path).write_text(f"name: {name}\n{text}\n", encoding="utf-8")
    return path


def team_file(policy: str, path: str = "team.yaml", more: str = "", roles: Sequence[str] = ("risk", "legal")) -> str:
    """Write the file of a team whose roles always say go."""
    said = "{stance: go, summary: Fine., actions: [Go on.]}"
    seats = "".join(f"\n  {role}: {{title: {role}, mandate: Judge., otherwise: {said}}}" for role in roles)
    indented = policy.replace("\n", "\n  ")
    table = policy if ":" not in policy else f"\n  name: mine\n  {indented}"
    head = f"name: small\ntitle: Small\ngoal: Decide.\nfacts: {{rate: 1, region: US}}\nsequence: [{', '.join(roles)}]"
    Path(path).write_text(f"{head}\npolicy: {table}\n{more}\nroles:{seats}\n", encoding="utf-8")
    return path


Rounds = Sequence[Sequence[str] | str]
"""The stances of each round in the order of the roles; or the reason for which the last role fails in it."""


def play(
    settings: Settings, thread: str, rounds: Rounds, *sets: str, name: str = "checkout_launch", **options: Any
) -> Record:
    """Run the team on a thread: everybody says what stands there."""

    def speech(question: Question) -> Any:
        said = rounds[question.round - 1]
        place = CHECKOUT_ROLES.index(question.name)
        if isinstance(said, str):
            return Failure(said) if question.name == CHECKOUT_ROLES[-1] else proposal(question.name)
        return proposal(question.name, said[place])

    return run(team_of(settings, name, *sets), settings, thread, scripted(speech), **options)


def casts(stances: Sequence[str], roles: Sequence[str] = CHECKOUT_ROLES) -> Mapping[str, str]:
    """Return the stances by role."""
    return dict(zip(roles, stances, strict=True))
