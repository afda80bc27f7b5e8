"""The practical floor: the same calls with AsyncOpenAI alone; no graph, no contract, nothing kept."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import openai

from benchmarks.case import brief_messages, role_messages, team_of
from benchmarks.job import MODEL, ROLES, TEMPERATURE, Run, closed_round


@asynccontextmanager
async def opened(base_url: str, folder: Path, rounds: int) -> AsyncIterator[Run]:
    team = team_of(rounds)
    async with openai.AsyncOpenAI(base_url=base_url, api_key="sk-test") as client:

        async def said(messages: Any) -> str:
            done = await client.chat.completions.create(model=MODEL, messages=messages, temperature=TEMPERATURE)
            return str(done.choices[0].message.content)

        async def run(thread: str) -> int:
            history: list[dict[str, Any]] = []
            for number in range(1, rounds + 1):
                asked = [said(role_messages(team, role, number, history)) for role in ROLES]
                contributions = [json.loads(each) for each in await asyncio.gather(*asked)]
                history.append(closed_round(number, contributions))
            assert history[-1]["decision"] == "go", history
            await said(brief_messages(team, "go", history))
            return sum(len(each["contributions"]) for each in history)

        yield run
