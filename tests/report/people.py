"""Runs in which people are asked, each as it is told: decisions, seats, facts, names, silence, and hostile answers."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from graph.driver import kept_team
from graph.past import Past
from graph.record import record_of
from tests.report.stage import HOSTILE, Told, told
from tests.runs.desk import Desk
from tests.runs.people import PANEL, STAND, human, team

LIMIT = {"name": "alerts", "fact": "rate", "at_least": 1, "cap": "go_with_caution"}
ONE = {"decide": {"by": ["cfo"]}, "expires_after": "48h", "on_timeout": "no_go"}
NAME = "evil<b>|@octocat"


class Counter(Desk):
    """A desk at which an answer also comes through the graph alone, as from a server, and is then judged there."""

    def give(self, **said: Any) -> None:
        team = kept_team(Past.of(self.state()))
        self.with_runner(lambda runner: runner._hold("t", lambda: runner._driver.give("t", team, said, None)))


def at(folder: Path, stances: Any = STAND, **changes: Any) -> Counter:
    """Return a desk at which the team has run."""
    desk = Counter(folder, human(*changes.pop("human"), **changes) if "human" in changes else team(**changes), stances)
    desk.run()
    return desk


def shown(desk: Desk) -> Told:
    """Return how the thread of a desk is told."""
    return shown_state(desk.state())


def shown_state(state: dict[str, Any]) -> Told:
    """Return how a thread is told whose state this is."""
    return told("t", record_of("t", state), state)


def _waiting(folder: Path) -> Told:
    desk = at(folder, escalate={**PANEL, "expires_after": "48h", "on_timeout": "no_go"})
    desk.give(by="intern", answer="go", because="I may.")
    desk.answer("vice", "go_with_caution", "The secret reason of the deputy.")
    return shown(desk)


def _decided(folder: Path) -> Told:
    desk = at(folder, escalate=PANEL)
    desk.answer("vice", "go_with_caution", "The refund buffer covers it.")
    desk.answer("coo", "no_go", "Not in my shops.")
    desk.answer("cto", "go", "It is tested.")
    return shown(desk)


def _again(folder: Path) -> Told:
    desk = at(folder, escalate=ONE, policy="launch", guards=[LIMIT])
    desk.answer("cfo", "again", "What does the fraud team say?")
    return shown(desk)


def _stopped(folder: Path) -> Told:
    desk = at(folder)
    desk.answer("Ada", "stop", "We have no right to do this.")
    return shown(desk)


def _expired(folder: Path) -> Told:
    desk = at(folder, escalate=ONE)
    desk.later(hours=49)
    desk.resume()
    return shown(desk)


def _half_expired(folder: Path) -> Told:
    desk = at(folder, escalate={**PANEL, "expires_after": "1h", "on_timeout": "no_go"})
    desk.answer("cfo", "go", "Go while it is hot.")
    desk.later(hours=2)
    desk.resume()
    return shown(desk)


def _unsigned(folder: Path) -> Told:
    desk = at(folder, {}, sign_off=["cfo"], escalate={"expires_after": "1h", "on_timeout": "no_go"})
    desk.later(hours=2)
    desk.resume()
    return shown(desk)


def _to_sign(folder: Path) -> Told:
    return shown(at(folder, {}, sign_off=["cfo", "cto"]))


def _signed(folder: Path) -> Told:
    desk = at(folder, {}, sign_off=["cfo"])
    desk.answer("cfo", "go", "My name to it.")
    return shown(desk)


def _seat(folder: Path) -> Told:
    desk = at(folder, {}, human=("legal", "cfo"), policy="classic", sequence=["demand", "legal"])
    desk.answer("cfo", {"stance": "caution", "summary": "Ask Bremen.", "confidence": 0.7, "actions": ["Ask."]})
    return shown(desk)


def _supplied(folder: Path) -> Told:
    desk = at(folder, {}, requires=["risk.alerts"], escalate={"supply": {"risk.alerts": ["cto"]}})
    desk.answer("cto", 3, "Counted this morning.")
    return shown(desk)


def _hostile(folder: Path) -> Told:
    desk = at(folder, approvers={"cfo": {"title": HOSTILE[:2_000]}}, goal=HOSTILE)
    desk.give(by=HOSTILE[:150], answer=HOSTILE, because=HOSTILE)
    desk.answer(NAME, "go", HOSTILE)
    return shown(desk)


def _hostile_waiting(folder: Path) -> Told:
    desk = at(folder, {}, approvers={"cfo": {"title": HOSTILE}, "cto": {"title": "CTO"}}, sign_off=["cfo", "cto"])
    desk.answer("cfo", "go", HOSTILE)
    return shown(desk)


PEOPLE: Mapping[str, Callable[[Path], Told]] = {
    "people_waiting": _waiting,
    "people_decided": _decided,
    "people_again": _again,
    "people_stopped": _stopped,
    "people_expired": _expired,
    "people_half_expired": _half_expired,
    "people_unsigned": _unsigned,
    "people_to_sign": _to_sign,
    "people_signed": _signed,
    "people_seat": _seat,
    "people_supplied": _supplied,
    "hostile_people": _hostile,
    "hostile_people_waiting": _hostile_waiting,
}
"""A run of every kind in which people are asked."""
