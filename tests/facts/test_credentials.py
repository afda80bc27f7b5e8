"""Credentials of hosts: where they are sent, what is said where they are missing, and that nothing gives them back."""

import base64
import logging
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from graph.config.entries import HostEntry
from nodes.voices.wire.endpoint import Route
from tests.facts.authority import Authority
from tests.facts.network import connections
from tests.facts.stage import HERE, HOST, at, fetched, refused
from tests.wire.raw import RawServer, http, raw_server, sends

TOKEN, USER, PASSWORD = "canary-token-7f31c9aa", "canary-header-04be", "canary-password-91d7"
BASIC = f"Basic {base64.b64encode(f'{USER}:{PASSWORD}'.encode()).decode()}"
CANARIES = (TOKEN, USER, PASSWORD, BASIC.split()[1])
FULL = HostEntry(private=True, token_env="FACTS_TOKEN", headers_env={"X-User": "FACTS_USER"})


@pytest.fixture(autouse=True)
def _set(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """The variables are set; no log has a canary, at the finest level."""
    monkeypatch.setenv("FACTS_TOKEN", f"{TOKEN}\n")
    monkeypatch.setenv("FACTS_USER", USER)
    monkeypatch.setenv("FACTS_BASIC", BASIC)
    caplog.set_level(logging.DEBUG)
    logging.getLogger("asyncio").setLevel(logging.DEBUG)
    yield
    assert not [canary for canary in CANARIES if canary in caplog.text]


def listed(server: RawServer, entry: HostEntry = FULL) -> dict[str, HostEntry]:
    return {f"{HOST}:{server.port}": entry}


def test_a_token_and_headers_are_sent_to_their_host() -> None:
    with raw_server(sends(http(b"{}"))) as server:
        fetched(at(server), hosts=listed(server))
        fetched(at(server), hosts=listed(server, HostEntry(private=True, headers_env={"Authorization": "FACTS_BASIC"})))
    heads = [visit.head.decode().lower() for visit in server.visits]
    assert {f"authorization: bearer {TOKEN}", f"x-user: {USER}"} <= {*heads[0].split("\r\n")}
    assert f"authorization: {BASIC.lower()}\r\n" in heads[1]


def test_over_tls_a_token_is_sent_to_a_host_that_is_not_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("graph.facts.wire.peers.range_of", lambda _: None)
    authority = Authority(tmp_path)
    with raw_server(sends(http(b"{}")), tls=authority.serves(HOST)) as server:
        entry = HostEntry(token_env="FACTS_TOKEN")
        fetched(at(server, scheme="https"), hosts=listed(server, entry), route=Route(ca_file=str(authority.file)))
    assert server.visits[0].credentials.decode() == TOKEN


MISSING = {
    "is not set": (None, '{} is not set; [facts.http."facts.test"] in accord.toml takes a credential from it'),
    "is blank": (" ", '{} is not set; [facts.http."facts.test"] in accord.toml takes a credential from it'),
    "has a line break": ("canary-token-7f31c9aa\nX-Evil: 1", "{} has a character that no credential has; allowed: "),
    "is not ASCII": ("canary-token-7f31c9aaü", "{} has a character that no credential has; allowed: "),
}


@pytest.mark.parametrize("name", MISSING)
@pytest.mark.parametrize("variable", ["FACTS_TOKEN", "FACTS_USER"])
def test_a_variable_that_cannot_be_used_is_told_before_anybody_is_asked(
    name: str, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    value, told = MISSING[name]
    monkeypatch.delenv(variable)
    if value is not None:
        monkeypatch.setenv(variable, value)
    with connections() as log:
        said = refused("http://facts.test/", hosts={HOST: FULL}, names=HERE)
        assert said.startswith(told.format(variable))
        assert log == []


def test_a_token_too_short_to_be_cut_out_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACTS_TOKEN", "sesame7")
    said = refused("http://facts.test/", hosts={HOST: FULL}, names=HERE)
    assert said.startswith("FACTS_TOKEN has a credential of fewer than 8 characters")
    assert "sesame7" not in said


@pytest.mark.parametrize("value", ["abc1234", "Token abc1234", f"Basic {base64.b64encode(b'ada:abc1234').decode()}"])
def test_a_credential_of_a_header_too_short_to_be_cut_out_is_refused(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACTS_USER", value)
    with connections() as log:
        said = refused("http://facts.test/", hosts={HOST: FULL}, names=HERE)
        assert log == []
    assert said.startswith("FACTS_USER has a credential of fewer than 8 characters")
    assert "abc1234" not in said


@pytest.mark.parametrize("status", [401, 403])
def test_a_credential_that_is_not_accepted_is_told(status: int) -> None:
    with raw_server(sends(http(b"{}", status=f"HTTP/1.1 {status} No\r\n".encode()))) as server:
        said = refused(at(server), hosts=listed(server))
    assert said == (
        f"{at(server, '/prices')} answered {status}: it does not accept the credentials that "
        f'[facts.http."{HOST}:{server.port}"] in accord.toml names'
    )


# --- a server that gives them back -----------------------------------------------------------------------------------

SPELLED = (TOKEN, TOKEN.encode().hex(), quote(TOKEN, safe=""), TOKEN.replace("c", "\\u0063"), f"x{TOKEN}y", USER)


def canary_in(text: str) -> list[str]:
    hidden = text.replace("\\u0063", "c")
    return [canary for canary in (*CANARIES, TOKEN.encode().hex()) if canary in hidden]


@pytest.mark.parametrize("spelled", SPELLED)
def test_what_a_server_gives_back_is_cut_out_of_facts(spelled: str) -> None:
    body = f'{{"note": "Bearer {spelled}", "{spelled}": 1}}'.encode()
    with raw_server(sends(http(body))) as server:
        raw = fetched(at(server), hosts=listed(server))
    assert canary_in(repr(raw)) == []
    assert "[key]" in repr(raw)


CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("more", ["", "x", "xx"])
def test_a_password_that_base64_hides_is_cut_out_too(more: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = base64.b64encode(f"{USER}:{PASSWORD}{more}".encode()).decode()
    monkeypatch.setenv("FACTS_BASIC", f"Basic {hidden}")
    entry = HostEntry(private=True, headers_env={"Authorization": "FACTS_BASIC"})
    with raw_server(sends(http(f'{{"user": "{USER}", "note": "{PASSWORD}{more} {hidden}"}}'.encode()))) as server:
        raw = fetched(at(server), hosts=listed(server, entry))
    assert canary_in(repr(raw)) == []


ECHOES = {
    "a broken body": http(f"{{'{TOKEN}': 1}}".encode()),
    "a constant": http(f'{{"a": {TOKEN}}}'.encode()),
    "a key twice": http(f'{{"{TOKEN}": 1, "{TOKEN}": 2}}'.encode()),
    "a kind": http(b"{}").replace(b"application/json", f"text/{TOKEN}".encode()),
    "a packing": http(b"{}", more={"Content-Encoding": TOKEN}),
    "a status": http(b"{}", status=f"HTTP/1.1 500 {TOKEN}\r\n".encode()),
    "a status that is none": f"HTTP/1.1 {TOKEN} No\r\n\r\n".encode(),
    "a header that is none": f"HTTP/1.1 200 OK\r\n{TOKEN} {USER}\r\n\r\n".encode(),
    "a length that is none": f"HTTP/1.1 200 OK\r\nContent-Length: {TOKEN}\r\n\r\n".encode(),
    "a chunk that is none": CHUNKED + TOKEN.encode(),
    "a protocol that is none": f"{TOKEN}/1.1 200 OK\r\n\r\n".encode(),
    "a redirect's host": f"HTTP/1.1 302 So\r\nLocation: http://{TOKEN}.test/\r\n\r\n".encode(),
    "a redirect's path": f"HTTP/1.1 302 So\r\nLocation: http://127.0.0.9/{TOKEN}?{USER}\r\n\r\n".encode(),
    "a redirect's user": f"HTTP/1.1 302 So\r\nLocation: http://{TOKEN}@127.0.0.9/\r\n\r\n".encode(),
    "a redirect's scheme": f"HTTP/1.1 302 So\r\nLocation: {TOKEN}://127.0.0.9/\r\n\r\n".encode(),
    "a redirect to itself": f"HTTP/1.1 302 So\r\nLocation: /{TOKEN}?key={USER}\r\nContent-Length: 0\r\n\r\n".encode(),
}


@pytest.mark.parametrize("name", ECHOES)
def test_what_a_server_gives_back_is_in_no_sentence(name: str) -> None:
    with raw_server(sends(ECHOES[name])) as server:
        said = refused(at(server), hosts=listed(server))
    assert canary_in(said) == []


MIXED = "AbCdEfGhIjKlMnOp1234"
LOWERED = {
    "a kind": http(b"{}").replace(b"application/json", f"text/{MIXED}".encode()),
    "a packing": http(b"{}", more={"Content-Encoding": MIXED}),
    "a redirect's host": f"HTTP/1.1 302 So\r\nLocation: http://{MIXED}.test/\r\n\r\n".encode(),
}


@pytest.mark.parametrize("name", LOWERED)
def test_a_credential_in_lower_case_is_in_no_sentence(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FACTS_TOKEN", MIXED)
    with raw_server(sends(LOWERED[name])) as server:
        said = refused(at(server), hosts=listed(server))
    assert MIXED.lower() not in said.lower()
    assert "[key]" in said
