"""Threads of the gallery in which people are asked: waiting, answered in part, decided, signed, silent, and cut off."""

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from graph.runner import Runner
from graph.settings import Settings
from graph.store.database import open_database
from graph.teams.loader import load_team
from graph.teams.voicing import voiced
from nodes.services import Services
from tests.assurance.random_people import Clock
from tests.harness import load_facts, proposal, scripted
from tests.runs.people import PANEL, STAND, human, team

Act = Mapping[str, Any] | float
"""An answer, or the hours that pass before somebody resumes the thread."""


class KilledError(Exception):
    """Ends a run in the middle, as a kill does: nothing is written of the step that was under way."""


def says(by: str, answer: Any, because: str = "Weighed\n\u00fc and \u201cdone\u201d.") -> Mapping[str, Any]:
    """Return an answer of somebody."""
    return {"by": by, "answer": answer, "because": because}


LATE = {"expires_after": "48h", "on_timeout": "no_go"}
LACKING = {"facts": {"x": 1}, "requires": ["risk.rate"], "escalate": {"supply": {"risk.rate": ["coo"]}}}
SEATS = human("legal", "cfo", sequence=["legal", "risk", "demand"])
SEATS |= {"roles": SEATS["roles"] | {"risk": {"title": "Risk", "mandate": "M.", "voice": "human", "people": ["cto"]}}}
CAUTIOUS = proposal("risk", "caution")
PEOPLE: dict[str, tuple[Mapping[str, Any], list[Act]]] = {
    "asked": (team(escalate=PANEL | LATE), []),
    "asked_heard_one": (team(escalate=PANEL | LATE), [says("vice", "go")]),
    "people_decided": (team(escalate=PANEL), [says("vice", "go"), says("cto", "stop"), says("coo", "go_with_caution")]),
    "people_ended": (team(), [says("Ada", "again"), says("Ada", "stop")]),
    "silent": (team(escalate=PANEL | LATE), [says("cfo", "go"), 49.0]),
    "seats_wait": (SEATS, [says("cto", CAUTIOUS)]),
    "seats_filled": (SEATS, [says("cto", CAUTIOUS), says("cfo", proposal("legal"))]),
    "unsigned": (team(sign_off=["cfo", "cto"], policy="majority"), [says("cto", "go")]),
    "signed": (team(sign_off=["cfo"], policy="majority"), [says("cfo", "go")]),
    "a_fact_is_asked": (team(**LACKING), []),
    "a_fact_came": (team(**LACKING), [says("coo", 0.5), says("Ada", "go")]),
}
CUT: dict[str, str] = {"given_not_taken": "settle", "given_not_kept": "human"}
"""Threads that were killed when somebody had answered: before the answer was taken, and before its step was kept."""


def with_people(settings: Settings) -> None:
    """Make them all."""
    for thread, (raw, acts) in PEOPLE.items():
        asyncio.run(_made(settings, thread, raw, acts))
    for thread, node in CUT.items():
        with suppress(KilledError):
            asyncio.run(_made(settings, thread, team(escalate=PANEL), [says("cfo", "go")], killed_in=node))


@dataclass
class _Dying(Clock):
    """The time, which is asked for once too often by whoever takes an answer."""

    left: Iterator[int] | None = field(default=None)

    def now(self) -> str:
        """Return it."""
        if self.left is not None and next(self.left, None) is None:
            raise KilledError
        return super().now()


async def _made(
    settings: Settings, thread: str, raw: Mapping[str, Any], acts: list[Act], killed_in: str | None = None
) -> None:
    file = Path(settings.database).parent / "people.json"
    file.write_text(json.dumps(raw), encoding="utf-8")
    clock, voices = _Dying(), scripted(_speech(raw))
    async with open_database(settings.database) as database:
        runner = Runner(database, Services(voices, load_facts, now=clock.now), settings.database)
        await runner.run(voiced(load_team(str(file)), settings, "rules"), thread)
        for act in acts:
            if isinstance(act, float):
                clock.later(act)
                await runner.resume(thread)
            elif killed_in == "human":
                with patch("nodes.human.answers_form", side_effect=KilledError):
                    await runner.answer(thread, act)
            else:
                clock.left = iter((1,)) if killed_in else None
                await runner.answer(thread, act)


def _speech(raw: Mapping[str, Any]) -> Callable[[Any], Any]:
    decides_at_once = raw["policy"] == "majority"
    blocks = {} if decides_at_once else STAND
    return lambda asked: proposal(asked.name, blocks.get(asked.round, {}).get(asked.name, "go"))
