"""What `accord estimate` foretells is what a run does: the same calls, stage by stage, prompt by prompt, at once."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web

from graph.opening import open_runner
from graph.patterns.estimate import COURSES, Outlook, expenses_of, look_ahead, tokens_of
from graph.record import Record
from graph.teams.voicing import voiced
from policies.rehearsal.timeline import Rehearsal
from policies.team.team import Team
from tests.harness import settings_at
from tests.patterns.stage import answering, team_of
from tests.runs.stage import prompt_tokens_reserved
from tests.scripted_server import Answer, Call, ScriptedServer, text

HOLD_SECONDS = 0.08
PATIENCE_SECONDS = 10.0
ROOMY = {"max_messages": 200, "max_seconds": 600.0}


class Gate(ScriptedServer):
    """Lets calls through moment by moment: once as many are under way as foretold, and no other comes in meanwhile.

    Each call is answered by its prompt; one that was not foretold to the last byte is not scripted.
    """

    def __init__(self, course: Rehearsal) -> None:
        super().__init__({})
        self._waves, self._opened = list(course.waves), asyncio.Event()
        prompts = [each.prompt.text for each in expenses_of(course)]
        self._said = dict(zip(prompts, said_in(course), strict=True))
        self._waiting = 0
        self.moments: list[int] = []

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        expected = (self._waves[len(self.moments) :] or [0])[0]
        opened, self._waiting = self._opened, self._waiting + 1
        if self._waiting == expected:
            asyncio.get_running_loop().call_later(HOLD_SECONDS, self._open)
        await asyncio.wait_for(opened.wait(), PATIENCE_SECONDS)
        return await super()._handle(request)

    def _open(self) -> None:
        self.moments.append(self._waiting)
        self._waiting = 0
        self._opened.set()
        self._opened = asyncio.Event()

    def _next(self, method: str, call: Call) -> Answer | str:
        prompt = "".join(message["content"] for message in call.body["messages"])
        said = self._said.get(prompt)
        return f"not foretold: {prompt}" if said is None else text(said)


def said_in(course: Rehearsal) -> Iterator[str]:
    """What is said on a course, in the order of its expenses."""
    for stage in course.stages:
        for asked in stage.asked:
            yield from said_in(asked.within) if asked.within else [json.dumps(asked.answer)]
    if course.brief is not None:
        yield course.brief


def run_as_foretold(home: Path, team: Team, course: Rehearsal) -> tuple[Record, Gate]:
    async def main() -> tuple[Record, Gate]:
        async with Gate(course) as gate:
            settings = settings_at(home, gate.base_url)
            async with open_runner(settings) as runner:
                return await runner.run(voiced(team, settings), "t"), gate

    return asyncio.run(main())


def foretold(team: Team) -> Outlook:
    return look_ahead(voiced(team, settings_at(Path(), "http://127.0.0.1:1")))


ANALYSTS = answering("parallel", "analyst", "auditor", goal="Look into it.")
COUNCIL = answering("rounds", "risk", "legal", goal="Go or no go?")
COURT = answering(
    "debate", "yes", "no", goal="Which one?", budget={"max_rounds": 2, "max_messages": 20}, roles={"judge": {}}
)
CHAIN = {
    "steps": [{"agent": "a", "task": "One.", "dependencies": []}, {"agent": "b", "task": "Two.", "dependencies": [1]}]
}
PLANNED = {"planner": {"otherwise": {"stance": "go", "summary": "Plan.", "actions": ["Plan."], "reply": CHAIN}}}

TEAMS: dict[str, Team] = {
    **{
        pattern: team_of(pattern, "a", "b", "c", budget=ROOMY)
        for pattern in ("rounds", "orchestrator", "pipeline", "parallel", "debate", "manager", "workspace", "vote")
    },
    "conversation": team_of("conversation", "a", "b", budget=ROOMY, options={"max_turns": 5}),
    "named conversation": team_of(
        "conversation", "a", "b", budget=ROOMY, options={"max_turns": 3, "speakers": "named", "synthesis": False}
    ),
    "side by side": team_of("parallel", "a", "b", budget=ROOMY, options={"synthesis": False}),
    "a planned chain": team_of("orchestrator", "a", "b", "c", budget=ROOMY, roles=PLANNED),
    "with messages": team_of("workspace", "a", "b", budget=ROOMY, messages={}),
    "hierarchy": team_of("hierarchy", "field", "council", budget=ROOMY, roles={"field": ANALYSTS, "council": COUNCIL}),
    "a council at the end of a pipeline": team_of("pipeline", "a", "council", budget=ROOMY, roles={"council": COUNCIL}),
    "a plan with teams": team_of(
        "orchestrator", "a", "court", "field", budget=ROOMY, roles={"court": COURT, "field": ANALYSTS}
    ),
    "teams that wait for each other": team_of(
        "hierarchy", "field", "council", roles={"field": ANALYSTS, "council": COUNCIL}
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("course", COURSES)
@pytest.mark.parametrize("name", TEAMS)
def test_a_run_makes_the_calls_that_were_foretold(name: str, course: str, tmp_path: Path) -> None:
    team, outlook = TEAMS[name], foretold(TEAMS[name])
    ahead, expenses = outlook.courses[course], outlook.expenses[course]

    record, gate = run_as_foretold(tmp_path, team, ahead)

    assert gate.unscripted == []
    assert (record["stop_reason"], record["usage"]["calls"]) == ("success", ahead.calls)
    assert gate.moments == [*ahead.waves]
    assert stages_of(record) == [stage.label for stage in ahead.stages]
    reserved = sum(map(prompt_tokens_reserved, gate.calls)) + len(gate.calls) * team.max_output_tokens
    assert tokens_of(expenses) == reserved
    assert ahead.calls <= outlook.at_most


def stages_of(record: Record) -> list[str]:
    if record["history"]:
        return [f"round {entry['round']}" for entry in record["history"]]
    return [stage for _, stage in dict.fromkeys((each["round"], each["stage"]) for each in record["outputs"])]
