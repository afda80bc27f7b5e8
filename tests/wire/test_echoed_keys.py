"""An endpoint that sends the key back, in whatever place, gets it into nothing that is kept or shown."""

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.hostile.command import Captured, accord
from tests.runs.stage import script
from tests.scripted_server import forever, serve, text
from tests.wire.raw import SEAT, Behaviour, Visit, completion, http, keeps, raw_server

pytestmark = pytest.mark.slow

KEY = "sk-canary-5f3a/9Q+b1_e77"


def _escaped(key: str) -> str:
    return "".join(f"\\u{ord(each):04x}" for each in key)


def _says(summary: str) -> str:
    said = {"agent": SEAT, "stance": "go", "summary": "KEY", "confidence": 0.9, "actions": ["Send KEY."]}
    return json.dumps(said).replace("KEY", summary)


def error(status: int, *, more: str = "") -> Callable[[str], bytes]:
    line = f"HTTP/1.1 {status} {more or 'No'}\r\n"
    return lambda key: http(
        json.dumps({"error": {"message": f"Bearer {key} is wrong", "code": key, "param": key}}).encode(),
        line.replace("KEY", key).encode(),
        {"X-Key": key, "WWW-Authenticate": f"Bearer {key}", "Set-Cookie": f"k={key}"},
    )


ECHOES: dict[str, tuple[Callable[[str], bytes], str]] = {
    "in an error": (error(400), "llm_error:400"),
    "in a refusal of the key": (error(401), "llm_auth"),
    "in the reason of a status": (error(418, more="KEY"), "llm_error:418"),
    "in an error inside 200": (lambda key: http(json.dumps({"error": {"message": key}}).encode()), "llm_error:200"),
    "in a page": (lambda key: http(f"<p>{key}</p>".encode()), "llm_error:200"),
    "in an answer": (lambda key: http(completion(_says(key))), "success"),
    "in an answer, escaped": (lambda key: http(completion(_says(_escaped(key)))), "success"),
    "in an answer, with escaped slashes": (lambda key: http(completion(_says(key.replace("/", "\\/")))), "success"),
    "in an error, escaped": (
        lambda key: http(b'{"error": {"message": "%s"}}' % _escaped(key).encode(), b"HTTP/1.1 400 No\r\n"),
        "llm_error:400",
    ),
    "in an answer, with NULs in between": (lambda key: http(completion(_says("\\u0000".join(key)))), "success"),
    "in an answer, escaped twice": (
        lambda key: http(completion(_says(_escaped(key).replace("\\", "\\\\")))),
        "success",
    ),
    "in an answer, percent-encoded": (
        lambda key: http(completion(_says("".join(f"%{ord(char):02X}" for char in key)))),
        "success",
    ),
    "in an error, in Base64, where it is cut": (
        lambda key: http(
            b'{"error": {"message": "%s %s"}}' % (b"x" * 262, base64.b64encode(key.encode())), b"HTTP/1.1 400 No\r\n"
        ),
        "llm_error:400",
    ),
    "in an answer, as HTML": (
        lambda key: http(completion(_says("".join(f"&#{ord(char)};" for char in key)))),
        "success",
    ),
    "in an answer that breaks the contract": (lambda key: http(completion(key)), "invalid_contribution:missing_keys"),
    "in what is no HTTP": (lambda key: f"{key} {key}\r\n\r\n".encode(), "llm_error:protocol"),
    "in a header that is none": (
        lambda key: f"HTTP/1.1 200 OK\r\n{key}\x00: {key}\r\n\r\n".encode(),
        "llm_error:protocol",
    ),
    "in an encoding": (lambda key: http(b"{}", more={"Content-Encoding": key}), "llm_error:protocol"),
    "in a charset": (
        lambda key: http(b"{}").replace(b"application/json", f"application/json; charset={key}".encode()),
        "llm_error:200",
    ),
    "in a chunk size": (
        lambda key: f"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{key}\r\n".encode(),
        "llm_error:protocol",
    ),
    "in a redirect": (
        lambda key: http(b"", b"HTTP/1.1 302 Found\r\n", {"Location": f"/?key={key}"}),
        "llm_error:302",
    ),
    "as a tool": (
        lambda key: http(
            completion()
            .replace(
                b'"role": "assistant"',
                b'"role": "assistant", "tool_calls": '
                + json.dumps([{"id": key, "type": "function", "function": {"name": key, "arguments": "{}"}}]).encode(),
            )
            .replace(b'"content": "', b'"content": "", "x": "')
        ),
        "llm_refused",
    ),
    "at the end of what is kept of a refusal": (
        lambda key: http(
            completion().replace(
                b'"role": "assistant"', b'"role": "assistant", "refusal": "%s"' % f"{'x' * 290}{_escaped(key)}".encode()
            )
        ),
        "llm_refused",
    ),
    "at the end of what is kept of an error": (
        lambda key: http(b'{"error": {"message": "%s"}}' % f"{'x' * 285}{key}".encode(), b"HTTP/1.1 400 No\r\n"),
        "llm_error:400",
    ),
    "over and over, without its end": (
        lambda key: http(completion("I say " + f"{key[:-1]} " * 40_000)),
        "invalid_contribution:missing_keys",
    ),
    "as a refusal": (
        lambda key: http(
            completion().replace(b'"role": "assistant"', f'"role": "assistant", "refusal": "{key}"'.encode())
        ),
        "llm_refused",
    ),
}


def echoing(answer: Callable[[str], bytes]) -> Behaviour:
    async def behave(visit: Visit) -> bool:
        await visit.send(answer(visit.credentials.decode()))
        return await keeps(visit)

    return behave


@pytest.mark.parametrize("name", ECHOES)
def test_the_key_is_neither_kept_nor_shown(
    name: str, accord_home: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, reason = ECHOES[name]
    accord_home.mkdir()
    with serve(script(brief=forever(text("Ship it.")))) as calm, raw_server(echoing(answer)) as server:
        (accord_home / "accord.toml").write_text(
            f'[endpoints.odd]\nbase_url = "{server.url()}"\nkey_env = "ODD_KEY"\nmax_retries = 0\n'
        )
        monkeypatch.setenv("ODD_KEY", KEY)
        monkeypatch.setenv("OPENAI_API_KEY", "sk-calm-0123456789")
        monkeypatch.setenv("OPENAI_BASE_URL", calm.base_url)
        sets = ("--set", f"roles.{SEAT}.model=odd/m", "--set", "max_repairs=0")
        done = accord(capsys, "run", "--json", "--thread", "t", *sets)
        assert {visit.credentials for visit in server.visits} == {KEY.encode()}
    assert json.loads(done.out)["stop_reason"] == reason, done
    page = accord_home / "page.html"
    shown = [
        accord(capsys, *arguments)
        for arguments in (
            ("show", "t"),
            ("show", "t", "--html", page),
            ("show", "t", "--markdown"),
            ("audit", "export", "t"),
            ("why", "t"),
        )
    ]
    said = "".join(each.out + each.err for each in (done, *shown))
    for key in (KEY, _escaped(KEY), json.dumps(KEY)[1:-1], KEY.replace("/", "\\/")):
        assert key not in said
        assert not [
            path.name for path in accord_home.rglob("*") if path.is_file() and key.encode() in path.read_bytes()
        ]
    assert page.exists()
