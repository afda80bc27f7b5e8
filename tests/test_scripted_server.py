"""The scripted server, driven by the real client over loopback: it must fail in just the ways it is asked to."""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import struct
import threading
import time
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import openai
import pytest
from openai.types.chat import ChatCompletion

from tests.scripted_server import (
    Answer,
    Script,
    ScriptedServer,
    closes,
    delayed,
    drips,
    forever,
    hangs,
    held,
    says,
    serve,
    status,
    text,
    truncated,
    with_usage,
    without_usage,
    wrong_content_type,
)

pytestmark = pytest.mark.slow

ROLE = "risk_analyst"
TRANSPORTS: dict[str, Any] = {"httpx": openai.DefaultAsyncHttpxClient, "aiohttp": openai.DefaultAioHttpClient}


@pytest.fixture(params=TRANSPORTS)
def transport(request: pytest.FixtureRequest) -> Callable[[], Any]:
    return lambda: TRANSPORTS[request.param](verify=False)  # no TLS here, and no time spent on its certificates


@pytest.fixture(autouse=True)
def no_thread_stays() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


@pytest.fixture(autouse=True, scope="module")
def no_socket_stays() -> Iterator[None]:
    """What was left open complains when it is collected."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gc.collect()


def user_message(role: str | None = ROLE, round_: int = 1) -> dict[str, Any]:
    if role is None:
        return {"goal": "g", "history": []}
    return {"goal": "g", "role": role, "round": round_, "shared_context": {}, "recent_rounds": [], "open_conflicts": []}


Ask = Callable[..., ChatCompletion]


@pytest.fixture
def ask(transport: Callable[[], Any]) -> Ask:
    """One call, by a client of its own."""

    async def call(base_url: str, user: dict[str, Any], timeout: float, retries: int) -> ChatCompletion:
        async with openai.AsyncOpenAI(
            api_key="k", base_url=base_url, timeout=timeout, max_retries=retries, http_client=transport()
        ) as client:
            return await client.chat.completions.create(
                model="m-1",
                temperature=0,
                messages=[{"role": "system", "content": "s"}, {"role": "user", "content": json.dumps(user)}],
            )

    def asked(
        server: ScriptedServer, user: dict[str, Any] | None = None, timeout: float = 5.0, retries: int = 0
    ) -> ChatCompletion:
        return asyncio.run(call(server.base_url, user or user_message(), timeout, retries))

    return asked


def content_of(completion: ChatCompletion) -> Any:
    return json.loads(completion.choices[0].message.content or "null")


def test_says_is_a_whole_contribution_by_the_role_asked(ask: Ask) -> None:
    with serve({ROLE: [says("block", "Too many.", 0.5, ["Stop.", "Wait."], evidence=["a"])]}) as server:
        completion = ask(server)
    assert content_of(completion) == {
        "agent": ROLE,
        "stance": "block",
        "summary": "Too many.",
        "confidence": 0.5,
        "actions": ["Stop.", "Wait."],
        "evidence": ["a"],
    }
    assert completion.model == "m-1"
    assert completion.usage is not None
    assert (completion.usage.prompt_tokens, completion.usage.completion_tokens) == (100, 20)
    assert not server.unscripted


def test_says_can_be_wrong_on_purpose(ask: Ask) -> None:
    with serve({ROLE: [says("maybe", None, True, [], agent="")]}) as server:
        said = content_of(ask(server))
    assert said == {"agent": "", "stance": "maybe", "summary": None, "confidence": True, "actions": []}


def test_a_call_is_recorded_as_it_was_made(ask: Ask) -> None:
    with serve({(ROLE, 2): [says("go")]}) as server:
        ask(server, user_message(round_=2))
    (call,) = server.calls
    assert (call.role, call.round, call.path, call.answered) == (ROLE, 2, "/v1/chat/completions", True)
    assert call.headers["authorization"] == "Bearer k"
    assert call.body["temperature"] == 0
    assert call.user == user_message(round_=2)


def test_round_before_role_in_order_and_the_brief(ask: Ask) -> None:
    script: Script = {ROLE: [says("caution"), says("block")], (ROLE, 2): [says("go")], "brief": [text("Ship.")]}
    with serve(script) as server:
        stances = [content_of(ask(server, user_message(round_=n)))["stance"] for n in (1, 2, 3)]
        brief = ask(server, user_message(role=None))
    assert stances == ["caution", "go", "block"]
    assert brief.choices[0].message.content == "Ship."
    assert [call.round for call in server.calls_of(ROLE)] == [1, 2, 3]
    assert len(server.calls_of("brief")) == 1
    assert not server.unscripted


def test_text_may_be_nothing_and_cut_short(ask: Ask) -> None:
    with serve({ROLE: [text(None), text('{"agent"', finish_reason="length")]}) as server:
        empty, cut = ask(server), ask(server)
    assert empty.choices[0].message.content is None
    assert (cut.choices[0].message.content, cut.choices[0].finish_reason) == ('{"agent"', "length")


def test_usage_can_be_set_and_left_out(ask: Ask) -> None:
    with serve({ROLE: [with_usage(says("go"), 7, 3), without_usage(says("go"))]}) as server:
        counted, uncounted = ask(server), ask(server)
    assert counted.usage is not None
    assert counted.usage.total_tokens == 10
    assert uncounted.usage is None


@pytest.mark.parametrize(
    ("code", "error"),
    [
        (401, openai.AuthenticationError),
        (429, openai.RateLimitError),
        (500, openai.InternalServerError),
        (503, openai.InternalServerError),
    ],
)
def test_status(ask: Ask, code: int, error: type[openai.APIStatusError]) -> None:
    with serve({ROLE: [status(code, headers={"Retry-After": "7"})]}) as server, pytest.raises(error) as raised:
        ask(server)
    assert raised.value.status_code == code
    assert raised.value.response.headers["retry-after"] == "7"
    assert raised.value.response.json()["error"]["message"] == f"scripted {code}"
    assert server.calls[0].answered


def test_a_transport_retry_uses_up_the_script(ask: Ask) -> None:
    with serve({ROLE: [status(429, headers={"Retry-After-Ms": "1"}), says("go")]}) as server:
        assert content_of(ask(server, retries=2))["stance"] == "go"
    assert len(server.calls) == 2


@pytest.mark.parametrize(
    "slow", [hangs(30), delayed(says("go"), 30), delayed(says("go"), 0.15)], ids=["hangs", "delayed", "late"]
)
def test_a_client_that_gave_up_is_recorded_and_not_answered(ask: Ask, slow: Answer) -> None:
    with serve({ROLE: [slow]}) as server:
        started = time.monotonic()
        with pytest.raises(openai.APITimeoutError):
            ask(server, timeout=0.1)
        if slow.delay < 1:
            time.sleep(slow.delay)
    assert time.monotonic() - started < 2
    assert [call.answered for call in server.calls] == [False]
    assert not server.unscripted


def test_delayed(ask: Ask) -> None:
    with serve({ROLE: [delayed(says("go"), 0.1)]}) as server:
        started = time.monotonic()
        ask(server)
    assert time.monotonic() - started >= 0.1
    assert server.calls[0].answered


def test_held_until_it_may_go(ask: Ask) -> None:
    looks = iter([False, False, True])
    with serve({ROLE: [held(says("go"), lambda: next(looks))]}) as server:
        ask(server)
    assert server.calls[0].answered
    assert not list(looks)


def test_drips_come_whole_and_later_than_any_read_timeout_notices(ask: Ask) -> None:
    with serve({ROLE: [drips(status(400, "ten bytes."), 0.03)]}) as server:
        started = time.monotonic()
        with pytest.raises(openai.BadRequestError) as raised:
            ask(server, timeout=0.15)
    assert time.monotonic() - started > 0.25
    assert raised.value.response.text == "ten bytes."
    assert server.calls[0].answered


@pytest.mark.parametrize(
    "broken",
    [truncated(says("go")), closes(), closes(says("go")), hangs(0.01), truncated(drips(status(200, "{}"), 0.01))],
    ids=["truncated", "closes", "closes half way", "hangs up", "drips and truncated"],
)
def test_a_broken_connection(ask: Ask, broken: Answer) -> None:
    with serve({ROLE: [broken, says("go")]}) as server:
        with pytest.raises(openai.APIConnectionError):
            ask(server)
        assert content_of(ask(server))["stance"] == "go"
    assert [call.answered for call in server.calls] == [False, True]


def test_wrong_content_type(ask: Ask) -> None:
    with serve({ROLE: [wrong_content_type(says("go")), wrong_content_type(status(502))]}) as server:
        page: object = ask(server)
        with pytest.raises(openai.InternalServerError) as raised:
            ask(server)
    assert isinstance(page, str)
    assert page.startswith("<!doctype html>")
    assert raised.value.status_code == 502
    assert raised.value.response.headers["content-type"].startswith("text/html")


def test_a_script_that_runs_out_fails_loudly_and_at_once(ask: Ask) -> None:
    with serve({ROLE: [says("go")]}) as server:
        ask(server)
        with pytest.raises(openai.InternalServerError, match="the script of 'risk_analyst' ran out: it has 1 answer"):
            ask(server, retries=2)
        with pytest.raises(openai.InternalServerError, match="'demand_analyst' ran out: it has 0"):
            ask(server, user_message("demand_analyst"))
    assert len(server.unscripted) == 2
    assert [call.answered for call in server.calls] == [True, False, False]


def test_forever_repeats_after_the_list_and_alone(ask: Ask) -> None:
    with serve({ROLE: [says("block"), forever(says("go"))], "brief": forever(text("b"))}) as server:
        stances = [content_of(ask(server))["stance"] for _ in range(4)]
        briefs = [ask(server, user_message(role=None)).choices[0].message.content for _ in range(2)]
    assert stances == ["block", "go", "go", "go"]
    assert briefs == ["b", "b"]
    assert not server.unscripted


def test_nothing_may_follow_forever() -> None:
    with pytest.raises(ValueError, match="never given"):
        ScriptedServer({ROLE: [forever(says("go")), says("block")]})


def test_what_is_no_chat_completion_is_not_scripted() -> None:
    with serve({ROLE: forever(says("go"))}) as server:
        for path, data in [("/models", None), ("/chat/completions", b"no json"), ("/chat/completions", b"[1]")]:
            with pytest.raises(urllib.request.HTTPError, match="500") as raised:
                urllib.request.urlopen(urllib.request.Request(server.base_url + path, data))
            raised.value.close()
    assert len(server.unscripted) == 3
    assert [call.role for call in server.calls] == ["", "", ""]


@pytest.mark.parametrize("linger", [struct.pack("ii", 0, 0), struct.pack("ii", 1, 0)], ids=["closed", "reset"])
def test_a_client_that_dies_after_asking_is_recorded(linger: bytes) -> None:
    body = json.dumps({"messages": [{"role": "user", "content": json.dumps(user_message())}]})
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
    with serve({ROLE: forever(delayed(says("go"), 0.05))}) as server:
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", urlsplit(server.base_url).port)) as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                client.sendall(head.encode())
                client.sendall(body.encode())
                if linger[0]:
                    time.sleep(0.005)  # a reset throws away what the server has not read yet
        deadline = time.monotonic() + 2
        while len(server.calls) < 20 and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(0.1)
    assert [(call.role, call.answered) for call in server.calls] == [(ROLE, False)] * 20


def test_in_the_loop_of_the_caller_with_roles_in_parallel(transport: Callable[[], Any]) -> None:
    roles = ["demand_analyst", "finance_analyst", ROLE]

    async def run() -> ScriptedServer:
        script: Script = {role: [delayed(says("go"), 0.01)] for role in roles}
        async with (
            ScriptedServer(script) as server,
            openai.AsyncOpenAI(api_key="k", base_url=server.base_url, max_retries=0, http_client=transport()) as client,
        ):
            await asyncio.gather(
                *(
                    client.chat.completions.create(
                        model="m", messages=[{"role": "user", "content": json.dumps(user_message(role))}]
                    )
                    for role in roles
                )
            )
        return server

    server = asyncio.run(run())
    assert sorted(call.role for call in server.calls) == roles
    assert all(call.answered for call in server.calls)


def test_it_stops_while_a_request_hangs(transport: Callable[[], Any]) -> None:
    async def run() -> None:
        async with openai.AsyncOpenAI(
            api_key="k", base_url="http://x", max_retries=0, http_client=transport()
        ) as client:
            async with ScriptedServer({ROLE: [hangs(60)]}) as server:
                client.base_url = server.base_url
                messages: Any = [{"role": "user", "content": json.dumps(user_message())}]
                call = asyncio.create_task(client.chat.completions.create(model="m", messages=messages))
                while not server.calls:
                    await asyncio.sleep(0.01)
            with pytest.raises(openai.APIConnectionError):
                await call
        assert len(asyncio.all_tasks()) == 1

    started = time.monotonic()
    asyncio.run(run())
    assert time.monotonic() - started < 1
