"""The way to an endpoint: proxies, certificate authorities, variables without effect, and what the doctor says."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hostile.command import Captured, accord, process, refused
from tests.runs.stage import script
from tests.scripted_server import ScriptedServer, forever, serve, text
from tests.wire.proxies import Proxy
from tests.wire.raw import completion, http, in_turn, keeps, raw_server, sends
from tests.wire.stage import certificate_in, server_context

KEY = "sk-test-0123456789"
NOWHERE = "http://endpoint.invalid/v1"
"""An address that only a proxy can make something of."""

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture(autouse=True)
def _settled(accord_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("OPENAI_TIMEOUT_SECONDS", "5")


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with serve(script(brief=forever(text("Ship it.")))) as scripted:
        yield scripted


def port_of(url: str) -> int:
    return int(re.findall(r":(\d+)/", url)[0])


def ran(capsys: Captured) -> dict[str, str]:
    """Run the team with one attempt a call."""
    return dict(json.loads(accord(capsys, "run", "--json", "--set", "budget.max_seconds=20").out))


# --- proxies ---------------------------------------------------------------------------------------------------------

WAYS = {
    "HTTP_PROXY": ("http", "http://endpoint.invalid/v1/chat/completions"),
    "http_proxy": ("http", "http://endpoint.invalid/v1/chat/completions"),
    "ALL_PROXY": ("http", "http://endpoint.invalid/v1/chat/completions"),
    "ALL_PROXY by SOCKS": ("socks5", "endpoint.invalid"),
    "HTTP_PROXY by SOCKS": ("socks5h", "endpoint.invalid"),
}


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_a_proxy_is_used(way: str, server: ScriptedServer, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    scheme, target = WAYS[way]
    proxy = Proxy(port_of(server.base_url))
    with raw_server(proxy, reads=False) as listening:
        monkeypatch.setenv(way.split(" ")[0], f"{scheme}://127.0.0.1:{listening.port}")
        monkeypatch.setenv("OPENAI_BASE_URL", NOWHERE)
        record = ran(capsys)
    assert record["status"] == "ok"
    assert set(proxy.targets) == {target}
    assert len(server.calls) == 4


@pytest.mark.slow
def test_a_proxy_tunnels_to_https(capsys: Captured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with raw_server(sends(http(completion('{"ready": true}')), then=keeps), tls=server_context(tmp_path)) as there:
        proxy = Proxy(there.port)
        with raw_server(proxy, reads=False) as listening:
            monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{listening.port}")
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate_in(tmp_path)[0]))
            monkeypatch.setenv("OPENAI_BASE_URL", "https://localhost:4433/v1")
            done = accord(capsys, "doctor", "--ask")
    assert (done.code, proxy.targets) == (0, ["localhost:4433"]), done


@pytest.mark.parametrize("host", ["[::1]:8080", "foo:bar", "\u00fc.de", "10.0.0.0/8"])
def test_what_is_no_host_that_needs_no_proxy_is_refused(
    host: str, accord_home: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-0123456789")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("NO_PROXY", host)
    (said,) = refused(capsys, "run")
    assert said == f"NO_PROXY: {host!r} is not a host; allowed: names and addresses, separated by commas, or *"


@pytest.mark.slow
@pytest.mark.parametrize("hosts", ["127.0.0.1", "*", "example.org, 127.0.0.1", "localhost 127.0.0.1"])
def test_hosts_that_need_no_proxy_are_reached_without(
    hosts: str, server: ScriptedServer, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = Proxy(port_of(server.base_url))
    with raw_server(proxy, reads=False) as listening:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{listening.port}")
        monkeypatch.setenv("NO_PROXY", hosts)
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        record = ran(capsys)
    assert (record["status"], proxy.targets, listening.connections) == ("ok", [], 0)


@pytest.mark.slow
def test_a_host_that_is_not_listed_needs_the_proxy(
    server: ScriptedServer, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = Proxy(port_of(server.base_url))
    with raw_server(proxy, reads=False) as listening:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{listening.port}")
        monkeypatch.setenv("NO_PROXY", "example.org")
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        assert (ran(capsys)["status"], len(proxy.targets) > 0) == ("ok", True)


ALLOWED = "is not the address of a proxy; allowed: HOST:PORT after one of http, https, socks5, socks5h, and `://`"


@pytest.mark.parametrize("name", ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"])
@pytest.mark.parametrize("value", ["ftp://127.0.0.1:1", "http://", "http://h:99999", "http://h h:1", "http://[::1:80"])
def test_what_is_no_address_of_a_proxy_is_refused(
    name: str, value: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    assert refused(capsys, "run") == [f"{name} {ALLOWED}"]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*encode_basic_auth:DeprecationWarning")  # between two libraries
@pytest.mark.parametrize(
    ("answer", "cause"),
    [
        (b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", "407"),
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "403"),
        (b"garbage\r\n\r\n", "not an HTTP answer"),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_what_a_proxy_refuses_is_told(
    scheme: str, answer: bytes, cause: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    with raw_server(Proxy(0, answer), reads=False) as listening:
        monkeypatch.setenv("ALL_PROXY", f"http://user:{KEY}@127.0.0.1:{listening.port}")
        monkeypatch.setenv("OPENAI_BASE_URL", f"{scheme}://endpoint.invalid/v1")
        done = accord(capsys, "run", "--json")
    assert done.out, done
    record = json.loads(done.out)
    assert (done.code, cause in record["cause"]) == (3, True), record["cause"]
    assert KEY not in done.out + done.err


@pytest.mark.slow
def test_a_proxy_that_is_not_there_is_told(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    for scheme in ("http", "socks5"):
        monkeypatch.setenv("ALL_PROXY", f"{scheme}://127.0.0.1:1")
        monkeypatch.setenv("OPENAI_BASE_URL", NOWHERE)
        done = accord(capsys, "run", "--json", "--thread", scheme)
        record = json.loads(done.out)
        assert (done.code, record["stop_reason"]) == (3, "llm_timeout")
        assert "proxy cannot be reached" in record["cause"] or "refused the connection" in record["cause"], record[
            "cause"
        ]


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["http", "socks5"])
@pytest.mark.parametrize(("answer", "reason"), [(b"SSH-2.0-x\r\n\r\n", "llm_error:protocol"), (b"", "llm_timeout")])
def test_what_is_behind_a_proxy_and_speaks_no_http_is_told_as_without_one(
    scheme: str, answer: bytes, reason: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    with raw_server(sends(answer)) as there, raw_server(Proxy(there.port), reads=False) as listening:
        monkeypatch.setenv("HTTP_PROXY", f"{scheme}://127.0.0.1:{listening.port}")
        monkeypatch.setenv("OPENAI_BASE_URL", NOWHERE)
        record = json.loads(accord(capsys, "run", "--json").out)
    assert record["stop_reason"] == reason, record["cause"]


# --- whom TLS trusts -------------------------------------------------------------------------------------------------


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[str]:
    """An endpoint with a certificate that nobody knows."""
    with raw_server(sends(http(completion('{"ready": true}')), then=keeps), tls=server_context(tmp_path)) as listening:
        yield listening.url("https")


@pytest.mark.slow
def test_an_authority_of_our_own_is_trusted_where_it_is_named(
    secure: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", secure)
    told = accord(capsys, "doctor", "--ask")
    assert (told.code, "its certificate is not trusted" in told.out, "SSL_CERT_FILE" in told.out) == (1, True, True)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate_in(tmp_path)[0]))
    assert accord(capsys, "doctor", "--ask").code == 0


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSL_CERT_DIR"])
@pytest.mark.parametrize("content", [None, b"", b"no certificate", b"-----BEGIN CERTIFICATE-----\nx\n"])
def test_a_file_that_holds_no_authority_is_refused(
    name: str, content: bytes | None, capsys: Captured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    monkeypatch.setenv(name, str(path))
    for command in (("run",), ("doctor", "--ask")):
        done = accord(capsys, *command)
        said = done.out + done.err
        assert done.code in (1, 2), done
        assert f"{name}: {path} cannot be read as certificates" in said


# --- what has no effect ----------------------------------------------------------------------------------------------

NO_EFFECT = {
    "OPENAI_API_BASE": NOWHERE,
    "OPENAI_PROXY": "http://proxy.invalid:1",
    "OPENAI_ORG_ID": "org-canary",
    "OPENAI_ORGANIZATION": "org-canary",
    "OPENAI_PROJECT_ID": "project-canary",
    "OPENAI_API_TYPE": "azure",
    "OPENAI_API_VERSION": "canary",
    "OPENAI_CUSTOM_HEADERS": "x-canary: canary",
    "OPENAI_ADMIN_KEY": "canary",
    "OPENAI_LOG": "debug",
    "REQUESTS_CA_BUNDLE": "canary.pem",
    "NETRC": "netrc",
}


@pytest.mark.slow
def test_variables_of_other_programs_have_no_effect(server: ScriptedServer, tmp_path: Path) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login canary password canary\n")
    env = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": server.base_url}
    done = process(tmp_path, "run", "--json", env=env | NO_EFFECT)
    assert (done.code, json.loads(done.out)["status"]) == (0, "ok")
    assert {call.headers["authorization"] for call in server.calls} == {f"Bearer {KEY}"}
    assert "canary" not in json.dumps([[call.headers, call.body, call.query] for call in server.calls])
    assert not {"openai-organization", "openai-project"} & {name for call in server.calls for name in call.headers}
    assert [line for line in done.err.splitlines() if "openai" in line.lower() or "http" in line.lower()] == []


def test_the_page_names_what_has_no_effect() -> None:
    page = (Path(__file__).parents[2] / "docs" / "models.md").read_text()
    assert not [name for name in NO_EFFECT if f"`{name}`" not in page.partition("have no effect")[2]]


# --- the doctor ------------------------------------------------------------------------------------------------------


def test_the_doctor_calls_nothing_good_that_it_has_not_reached(
    server: ScriptedServer, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
    done = accord(capsys, "doctor")
    (line,) = [line for line in done.out.splitlines() if "voice" in line]
    assert (done.code, line[:4], server.calls) == (0, "-   ", [])
    assert "`accord doctor --ask` asks" in line


@pytest.mark.slow
def test_the_doctor_asks_each_endpoint(accord_home: Path, capsys: Captured) -> None:
    ready = http(completion('{"ready": true}'))
    uncounted = http(completion('{"ready": true}', usage=None))
    no_schema = http(b'{"error": {"message": "json_schema is unknown"}}', b"HTTP/1.1 400 No\r\n")
    wrong_key = http(b'{"error": {"message": "Wrong key."}}', b"HTTP/1.1 401 No\r\n")
    accord_home.mkdir()

    learning = in_turn(sends(no_schema, then=keeps), sends(uncounted))
    with raw_server(sends(ready)) as good, raw_server(learning) as there, raw_server(sends(wrong_key)) as bad:
        urls = {"default": good.url(), "plain": there.url(), "bad": bad.url(), "gone": "http://127.0.0.1:1/v1"}
        entries = [f'[endpoints.{name}]\nbase_url = "{url}"\nmax_retries = 0\n' for name, url in urls.items()]
        (accord_home / "accord.toml").write_text("".join(entries))
        done = accord(capsys, "doctor", "--ask", "--json")
    found = {each["name"]: (each["is_good"], each["message"]) for each in json.loads(done.out)}
    assert done.code == 1
    assert found["endpoint default"][0]
    assert "it takes" not in found["endpoint default"][1]
    assert found["endpoint plain"][0]
    assert (
        "; it takes schema json_object; it reports no usage, so calls count as reserved" in found["endpoint plain"][1]
    )
    assert found["endpoint bad"] == (False, f"llm_auth: {bad.url()}: 401 AuthenticationError: Wrong key.")
    assert found["endpoint gone"] == (False, "llm_timeout: http://127.0.0.1:1/v1: refused the connection")
    assert [len(each.visits) for each in (good, there, bad)] == [1, 2, 1]
