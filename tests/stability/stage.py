"""What the tests of stability checks share: a team that is checked, and a voice that flips in some samples."""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from graph.record import Record
from nodes.voices.voice import Question
from policies.team.rules import parse_team
from policies.team.team import Team
from tests.harness import ScriptedVoice, proposal, run, settings_at
from tests.runs.stage import state_of

Plain = dict[str, Any]
ROLES = ("risk", "legal", "sales")
CHECK: Plain = {"samples": 5, "max_flip_rate": 0.2, "max_messages": 15}
POLICY: Plain = {
    "name": "careful",
    "rules": [
        {"when": "block >= 2", "then": "no_go"},
        {"when": "block == 1", "then": "next_round"},
        {"when": "go >= min_go_votes && caution == 0", "then": "go"},
    ],
    "otherwise": "go_with_caution",
}
FACTS: Plain = {"b": {"z": 1, "y": [3, 1, 2], "x": {"n": 1, "m": 2.5}}, "a": "text", "c": None, "d": True}


def raw_team(stability: Plain | None = CHECK, **changes: Any) -> Plain:
    """A team of three, as its file says it."""
    roles = {name: {"title": name.title(), "mandate": "Judge.", "voice": "model"} for name in ROLES}
    raw = {"name": "checked", "title": "Checked", "goal": "Decide.", "sequence": [*ROLES], "roles": roles}
    own = {"stability": stability} if stability else {}
    return {**raw, "policy": POLICY, "facts": FACTS, "budget": {"max_messages": 9}, **own, **changes}


def team_from(raw: Plain) -> Team:
    """The team of a file that has no problems."""
    team = parse_team(raw)
    assert isinstance(team, Team), team
    return team


def sample_in(question: Question) -> int | None:
    """The sample that a question is of; None in a round."""
    _, mark, number = question.task.seat.partition("~")
    return int(number) if mark else None


def saying(flipped: Collection[int] = (), stance: str = "block", **first: str) -> Callable[[Question], Plain]:
    """A speech: everybody goes, and blocks in the samples that flip; in rounds as `first` says."""

    def speech(question: Question) -> Plain:
        sample = sample_in(question)
        if sample is None:
            return proposal(question.name, first.get(question.name, "go"))
        return proposal(question.name, stance if sample in flipped else "go")

    return speech


def play(home: Path, speech: Callable[[Question], Any], team: Team | None = None, **options: Any) -> "Played":
    """Run a team on a thread with a scripted voice."""
    settings, voice = settings_at(home), ScriptedVoice(speech)
    team = team or team_from(raw_team())
    record = run(team, settings, voices={"model": voice, "rules": voice}, **options)
    return Played(home, record, voice)


class Played:
    """A run: its record, and the voice as it was left."""

    def __init__(self, home: Path, record: Record, voice: ScriptedVoice) -> None:
        self.home, self.record, self.voice = home, record, voice

    @property
    def state(self) -> Mapping[str, Any]:
        """The state as it lies in the database."""
        return state_of(settings_at(self.home))

    def events(self, kind: str) -> list[Plain]:
        """The events of a kind."""
        return [event for event in self.state["events"] if event["event"] == kind]
