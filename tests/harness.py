"""What whole-run tests share: settings on a fresh home, teams, the real runner, and a voice that says as told."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from graph.facts import loader
from graph.facts.settings import FactSettings
from graph.facts.source import Reading
from graph.opening import open_runner
from graph.record import Record
from graph.settings import Settings
from graph.teams.loader import Changes, load_team
from graph.teams.voicing import voiced
from nodes.halt import Halt
from nodes.voices.voice import BriefQuestion, Prompt, Question, Utterance, Voice
from policies.run.seats import Failure
from policies.team.team import Team
from policies.team.voices import VoiceName

load_facts = partial(loader.load_facts, reading=Reading(FactSettings()))
"""Loads the facts of a team whose sources may ask no host and no database."""

CHECKOUT_ROLES = ("demand_analyst", "finance_analyst", "risk_analyst")


def settings_at(home: Path, base_url: str | None = None, **changes: Any) -> Settings:
    """Return settings on a data directory; with a base URL also the key that makes the model answer."""
    key = {"openai_api_key": SecretStr("sk-test"), "openai_base_url": base_url} if base_url else {}
    return Settings(**{"accord_home": home, **key, **changes})


def team_of(
    settings: Settings, name: str = "checkout_launch", *sets: str, voice: VoiceName | None = None, **changes: Any
) -> Team:
    """Return a team with `--set` settings and changes (goal, facts, overrides) applied, voiced."""
    return voiced(load_team(name, Changes(settings=sets, **changes)), settings, voice)


def run(
    team: Team, settings: Settings, thread: str = "t", voices: Mapping[str, Voice] | None = None, **options: Any
) -> Record:
    """Run the team on a thread, through the real graph and database, in an event loop of its own."""

    async def main() -> Record:
        async with open_runner(settings, voices, options.pop("halt", None)) as runner:
            return await runner.run(team, thread, **options)

    return asyncio.run(main())


def resume(settings: Settings, thread: str = "t", voices: Mapping[str, Voice] | None = None, **options: Any) -> Record:
    """Resume the thread in an event loop and on connections of its own."""

    async def main() -> Record:
        async with open_runner(settings, voices, options.pop("halt", None)) as runner:
            return await runner.resume(thread, **options)

    return asyncio.run(main())


def show(settings: Settings, thread: str = "t") -> Record:
    """Return the thread's record."""

    async def main() -> Record:
        async with open_runner(settings) as runner:
            return await runner.threads.show(thread)

    return asyncio.run(main())


def without_times(record: Record) -> Record:
    """Return the record without what differs between two equal runs."""
    sources = [{key: value for key, value in each.items() if key != "fetched_at"} for each in record.get("sources", [])]
    kept = {key: value for key, value in record.items() if key != "elapsed_seconds"}
    return {**kept, "sources": sources} if "sources" in record else kept


Speech = Callable[[Question], Any]


@dataclass
class ScriptedVoice:
    """Says what `speech` returns for each question, after its delay; a Failure is a failure. Counts the questions."""

    speech: Speech
    brief: Any = "All agreed.\n1. Start.\n2. Watch."
    delays: Mapping[str, float] = field(default_factory=dict)
    asked: list[tuple[str, Any]] = field(default_factory=list)
    prompts: list[Prompt] = field(default_factory=list)
    halt: Halt | None = None

    async def propose(self, question: Question) -> Utterance:
        question.meter.calls += 1
        self.asked.append((question.name, question.prompt.user))
        self.prompts.append(question.prompt)
        await asyncio.sleep(self.delays.get(question.name, 0.0))
        return _answer(self.speech(question))

    async def write_brief(self, question: BriefQuestion) -> Utterance:
        question.meter.calls += 1
        self.asked.append(("brief", question.prompt.user))
        return _answer(self.brief)


def _answer(said: Any) -> Utterance:
    return Utterance(failure=said) if isinstance(said, Failure) else Utterance(said)


def proposal(role: str, stance: str = "go", **changes: Any) -> dict[str, Any]:
    """Return a valid proposal of a role."""
    plain = {"agent": role, "stance": stance, "summary": "Fine.", "confidence": 0.9, "actions": ["Go on."]}
    return {**plain, **changes}


def scripted(speech: Speech, **options: Any) -> dict[str, Voice]:
    """Return voices in which both `model` and `rules` are one scripted voice."""
    voice = ScriptedVoice(speech, **options)
    return {"model": voice, "rules": voice}


def answer(
    settings: Settings, word: Any, thread: str = "t", voices: Mapping[str, Voice] | None = None, **said: Any
) -> Record:
    """Answer what the thread asks people, in an event loop and on connections of its own."""

    async def main() -> Record:
        async with open_runner(settings, voices) as runner:
            return await runner.answer(thread, {"by": "Ada", "because": "As it stands.", "answer": word, **said})

    return asyncio.run(main())
