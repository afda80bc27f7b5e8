"""Agno: a workflow with a parallel step a round, in an environment of its own; keeps nothing.

Accord is not installed there, so the prompts are read from a file. The roles' answers are read as `bare` reads them.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from agno.agent import Agent  # type: ignore[import-not-found]  # installed where this contender runs
from agno.models.openai import OpenAIChat  # type: ignore[import-not-found]
from agno.run import RunContext  # type: ignore[import-not-found]
from agno.workflow import Loop, Parallel, Step, StepInput, StepOutput, Workflow  # type: ignore[import-not-found]

from benchmarks.job import MODEL, PROMPTS, ROLES, TEMPERATURE, Run, closed_round

Messages = list[dict[str, str]]


def build(base_url: str, prompts: dict[str, Any]) -> Any:
    rounds: list[dict[str, Messages]] = prompts["rounds"]

    def agent(name: str, messages: Messages) -> Any:
        # A model each, as in Agno's examples: with many runs at once four small connection pools cost less than one.
        model = OpenAIChat(id=MODEL, base_url=base_url, api_key="sk-test", temperature=TEMPERATURE)
        return Agent(name=name, model=model, system_message=messages[0]["content"], telemetry=False)

    def role(name: str) -> Any:
        speaker = agent(name, rounds[0][name])

        async def ask(step_input: StepInput, run_context: RunContext) -> StepOutput:
            closed = len(run_context.session_state["history"])
            said = await speaker.arun(rounds[closed][name][1]["content"])
            return StepOutput(content=said.content)

        return Step(name=name, executor=ask)

    async def decide(step_input: StepInput, run_context: RunContext) -> StepOutput:
        said = step_input.get_step_content("round")
        history = run_context.session_state["history"]
        history.append(closed_round(len(history) + 1, [json.loads(said[name]) for name in ROLES]))
        return StepOutput(content=history[-1]["decision"] or "next round")

    writer = agent("brief", prompts["brief"])

    async def brief(step_input: StepInput) -> StepOutput:
        said = await writer.arun(prompts["brief"][1]["content"])
        return StepOutput(content=said.content)

    steps = [Parallel(*map(role, ROLES), name="round"), Step(name="decide", executor=decide)]
    loop = Loop(steps, name="rounds", max_iterations=len(rounds), end_condition=lambda said: said[-1].content == "go")
    return Workflow(name="launch", steps=[loop, Step(name="brief", executor=brief)], telemetry=False)


@asynccontextmanager
async def opened(base_url: str, folder: Path, rounds: int) -> AsyncIterator[Run]:
    workflow = build(base_url, json.loads((folder / PROMPTS).read_text(encoding="utf-8")))

    async def run(thread: str) -> int:
        history: list[dict[str, Any]] = []
        done = await workflow.arun(input="launch", session_id=thread, session_state={"history": history})
        assert history[-1]["decision"] == "go", history
        assert done.content, done
        return sum(len(each["contributions"]) for each in history)

    yield run
