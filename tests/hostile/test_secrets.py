"""The key is in no record, no database, no output: also where a provider sends it back in its errors."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import SecretStr

from graph.opening import open_runner
from tests.harness import CHECKOUT_ROLES, settings_at, team_of
from tests.hostile.command import Captured, accord, process
from tests.scripted_server import Answer, Script, forever, says, serve, status

CANARY = "sk-canary-81b2e6aa-0d4f"
ECHO = {"error": {"message": f"Incorrect API key provided: {CANARY}.", "param": CANARY, "code": CANARY, "type": CANARY}}
HEADERS = {"retry-after": "0", "x-request-id": CANARY, "www-authenticate": f"Bearer {CANARY}"}
PAGE = f"<html>Authorization: Bearer {CANARY}</html>"
ANSWERS: dict[str, tuple[Answer, str]] = {
    "400": (status(400, ECHO, HEADERS), "llm_error:400"),
    "401": (status(401, ECHO, HEADERS), "llm_auth"),
    "401 as a page": (status(401, PAGE, HEADERS), "llm_auth"),
    "403": (status(403, ECHO, HEADERS), "llm_auth"),
    "404": (status(404, PAGE, HEADERS), "llm_error:404"),
    "429": (status(429, ECHO, HEADERS), "llm_rate_limited"),
    "500": (status(500, ECHO, HEADERS), "llm_error:500"),
    "500 as text": (status(500, CANARY, HEADERS), "llm_error:500"),
    "200 as a page": (status(200, PAGE, HEADERS), "llm_error:200"),
    "200 as an error": (status(200, ECHO, HEADERS), "llm_error:200"),
    "200 with wrong choices": (status(200, {"choices": [{"message": CANARY}]}, HEADERS), "llm_error:200"),
}
assert all(CANARY in str(answer.body) for answer, _ in ANSWERS.values())


def stored(folder: Path) -> Mapping[str, bytes]:
    """Return every file below the folder by name: database, log of changes, locks."""
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def script(answer: Answer) -> Script:
    return {role: forever(answer) for role in CHECKOUT_ROLES}


@pytest.mark.slow
@pytest.mark.parametrize("name", ANSWERS)
def test_a_key_that_a_provider_sends_back_is_kept_nowhere(name: str, accord_home: Path) -> None:
    answer, reason = ANSWERS[name]

    async def run_and_look(base_url: str) -> tuple[str, Mapping[str, bytes]]:
        settings = settings_at(accord_home, base_url, openai_api_key=SecretStr(CANARY))
        events: list[object] = []
        async with open_runner(settings) as runner:
            record = await runner.run(team_of(settings), "t", on_event=events.append)
            assert record["stop_reason"] == reason
            told = [record, events, await runner.threads.show("t"), await runner.threads.newest(9)]
            return json.dumps(told), stored(accord_home)

    with serve(script(answer)) as server:
        told, while_open = asyncio.run(run_and_look(server.base_url))

    assert server.calls[0].headers["authorization"] == f"Bearer {CANARY}"
    assert CANARY not in told
    assert {"accord.sqlite", "accord.sqlite-wal"} <= while_open.keys()
    assert any(reason.encode() in data for data in while_open.values())
    assert not [file for file, data in {**while_open, **stored(accord_home)}.items() if CANARY.encode() in data]


@pytest.mark.slow
def test_a_key_is_kept_nowhere_when_the_brief_fails_and_when_all_goes_well(accord_home: Path) -> None:
    settings = settings_at(accord_home, openai_api_key=SecretStr(CANARY))
    answers: Script = {**script(says("go")), "brief": [ANSWERS["400"][0], says("go")]}

    async def run_twice(base_url: str) -> tuple[str, Mapping[str, bytes]]:
        async with open_runner(settings.model_copy(update={"openai_base_url": base_url})) as runner:
            records = [await runner.run(team_of(settings), "t"), await runner.resume("t")]
            assert [record["stop_reason"] for record in records] == ["llm_error:400", "success"]
            return json.dumps(records), stored(accord_home)

    with serve(answers) as server:
        told, while_open = asyncio.run(run_twice(server.base_url))

    assert CANARY not in told
    assert not [file for file, data in while_open.items() if CANARY.encode() in data]


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["401", *(pytest.param(name, marks=pytest.mark.system) for name in ("500 as text", "200 as a page"))]
)
def test_a_process_never_writes_the_key(name: str, tmp_path: Path) -> None:
    answer, reason = ANSWERS[name]
    (tmp_path / ".env").write_text(f"OPENAI_API_KEY={CANARY}\n")

    with serve(script(answer)) as server:
        env = {"OPENAI_BASE_URL": server.base_url}
        done = process(tmp_path, "run", "--thread", "t", env=env)

    assert (done.code, f"Stopped: {reason}" in done.out) == (3, True), done
    assert CANARY not in done.out + done.err
    assert not [file for file, data in stored(tmp_path).items() if CANARY.encode() in data and file != ".env"]


def test_the_doctor_says_that_a_key_is_set_and_not_which(
    accord_home: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)

    done = accord(capsys, "doctor")

    assert (done.code, "voice: model: " in done.out) == (0, True)
    assert CANARY not in done.out + done.err
