"""Prefixes: how much of a request an earlier call had already, so that a provider may have kept it.

Whole runs through the real runner and the voice `model`, against an endpoint on loopback that keeps what it is sent. A
request counts as its schema and then its messages, which is the order in which providers cache. Calls of one round are
made at once, so only calls of earlier rounds are earlier.
"""

import asyncio
import json
import random
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web
from pydantic import SecretStr

from graph.opening import open_runner
from graph.settings import Settings
from graph.teams.loader import Changes, load_team
from graph.teams.policies import with_policy
from graph.teams.voicing import voiced
from policies.team.options import Rounds
from policies.team.team import Team

Figures = dict[str, Any]

ROLES, ROUNDS, FACT_TOKENS = 5, 3, 20_000
BYTES_PER_TOKEN = 4
"""About as many as a tokenizer takes together in English and JSON."""

DISCOUNT = 0.75
"""How much less a provider asks for a token of the prompt that it had kept."""

LEAST_TOKENS = 1_024
"""A prefix that is shorter is not kept; some providers keep shorter ones."""

SHOWN = {
    "stances": Rounds(),
    "arguments, no names": Rounds(show="arguments", names=False),
    "both": Rounds(show="both"),
}


@dataclass(frozen=True)
class Request:
    """One request of a role: its round, and its bytes in the order in which they are cached."""

    round: int
    sent: bytes


WORKLOAD = f"{ROLES} roles × {ROUNDS} rounds × 20k tokens of facts"


def measure(discount: float = DISCOUNT) -> Figures:
    """Return the figures of the workload and of the shipped team, for each way to show rounds."""
    shipped = load_team("checkout_launch", Changes(overrides={"budget": {"max_rounds": ROUNDS}}))
    teams = {WORKLOAD: workload(), "checkout_launch": shipped}
    return {
        f"{name}: {shown}": figures_of(requests_of(team.model_copy(update={"rounds": rounds})), discount)
        for name, team in teams.items()
        for shown, rounds in SHOWN.items()
    }


def figures_of(requests: Sequence[Request], discount: float) -> Figures:
    """Return what of the requests earlier ones had, and what that saves at this discount."""
    later = [each for each in requests if each.round > 1]
    first = [each for each in requests if each.round == 1]
    known = [_known(each, [other for other in requests if other.round < each.round]) for each in later]
    beside = [_known(each, [other for other in first if other is not each]) for each in first]
    tokens = sum(len(each.sent) for each in requests) / BYTES_PER_TOKEN
    kept = sum(each for each in known if each >= LEAST_TOKENS * BYTES_PER_TOKEN) / BYTES_PER_TOKEN
    return {
        "requests": len(requests),
        "share": sum(known) / sum(len(each.sent) for each in later),
        "share_within_round_1": sum(beside) / sum(len(each.sent) for each in first),
        "prompt_tokens": round(tokens),
        "kept_tokens": round(kept),
        "discount": discount,
        "saved_tokens": round(kept * discount),
        "saved_share": kept * discount / tokens,
        "left_tokens": round(tokens - kept * discount),
    }


def _known(request: Request, others: Sequence[Request]) -> int:
    """Return how many bytes at its beginning a request has in common with the one of the others that has most."""
    return max((_shared(request.sent, other.sent) for other in others), default=0)


def _shared(one: bytes, other: bytes) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (left, right) in pairs if left != right), min(len(one), len(other)))


# --- what is sent ----------------------------------------------------------------------------------------------------


def requests_of(team: Team) -> list[Request]:
    """Return what the roles of a team are sent, whose first role blocks until the last round."""
    return asyncio.run(_run(team))


async def _run(team: Team) -> list[Request]:
    requests: list[Request] = []
    async with _endpoint(team, requests) as base_url:
        with tempfile.TemporaryDirectory() as folder:
            settings = Settings(
                accord_home=Path(folder), openai_api_key=SecretStr("sk-bench"), openai_base_url=base_url
            )
            async with open_runner(settings) as runner:
                record = await runner.run(voiced(team, settings), "t")
    assert record["rounds_used"] == ROUNDS, record["stop_reason"]
    return requests


@asynccontextmanager
async def _endpoint(team: Team, requests: list[Request]) -> Any:
    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        body = json.loads(await request.read())
        return web.json_response(_completion(_said(body, team, requests)))

    runner = web.ServerRunner(web.Server(answer, access_log=None))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
    finally:
        await runner.cleanup()


def _said(body: Mapping[str, Any], team: Team, requests: list[Request]) -> str:
    asked = json.loads(body["messages"][-1]["content"])
    if "role" not in asked:
        return "All agreed.\n1. Start.\n2. Watch."
    requests.append(Request(asked["round"], _in_order(body)))
    place, number = team.sequence.index(asked["role"]), asked["round"]
    words = f"In round {number}, reading the facts again, the order book and the refunds point the same way. " * 4
    said = {
        "agent": asked["role"],
        "stance": "block" if place == 0 and number < ROUNDS else "go",
        "summary": f"{words}This is the view from seat {place}.",
        "confidence": 0.8,
        "actions": ["Watch the refunds by the hour.", "Report after the first day."],
        "evidence": [f"area_{place}.series_{number}", "area_0.series_0"],
    }
    return json.dumps(said)


def _in_order(body: Mapping[str, Any]) -> bytes:
    """Return the schema and the messages of a request as they go over the wire."""
    return json.dumps([body["response_format"], body["messages"]], ensure_ascii=False, separators=(",", ":")).encode()


def _completion(content: str) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
    return {"id": "c", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]}


# --- the workload ----------------------------------------------------------------------------------------------------


def workload() -> Team:
    """Return the team of five with facts of 20,000 tokens."""
    otherwise = {"stance": "go", "summary": "Fine.", "actions": ["Go on."]}
    names = [f"analyst_{number}" for number in range(1, ROLES + 1)]
    mandate = "You look at one part of the launch, and judge whether it may begin as planned. "
    roles = {name: {"title": name, "mandate": mandate * 2, "otherwise": otherwise} for name in names}
    raw = {
        **{"name": "workload", "title": "Workload", "goal": "Shall the launch begin on Monday in all shops?"},
        **{"facts": facts_of(FACT_TOKENS * BYTES_PER_TOKEN), "policy": "classic", "sequence": names, "roles": roles},
        "budget": {"max_rounds": ROUNDS, "max_messages": ROLES * ROUNDS, "max_seconds": 3600.0},
    }
    return Team.model_validate(with_policy(raw))


def facts_of(size: int) -> dict[str, Any]:
    """Return facts of about as many bytes: areas of series of figures with a note on each."""
    draw, facts, written = random.Random(18), dict[str, Any](), 0
    while written < size:
        series = {
            f"series_{number}": {
                "values": [round(draw.uniform(0, 1_000), 2) for _ in range(12)],
                "note": f"Counted on day {draw.randint(1, 28)} of the month, checked by desk {draw.randint(1, 9)}.",
            }
            for number in range(6)
        }
        facts[f"area_{len(facts)}"] = series
        written += len(json.dumps(series, separators=(",", ":")))
    return facts
