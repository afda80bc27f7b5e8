"""A whole run whose facts come over HTTP, by a real `accord.toml`: decided, with provenance, without a credential."""

import json
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.facts.network import connections
from tests.hostile.command import Captured, Done, accord, refused
from tests.hostile.test_secrets import stored
from tests.wire.raw import Behaviour, RawServer, http, in_turn, raw_server, sends

TOKEN = "canary-token-7f31c9aa-5e"
TEAM = """\
name: small
title: Small
language: en
goal: Decide.
sequence: [risk, sales]
policy: launch
budget: {min_go_votes: 1}
facts:
  - inline: {region: US}
  - {http: "URL", into: market, expect: {margin: number}}
roles:
  risk:
    title: Risk
    mandate: Judge.
    checks: [{when: facts.market.margin < 3, stance: block, summary: Thin., actions: [Wait.]}]
    otherwise: {stance: go, summary: Fine., actions: [Go.]}
  sales:
    title: Sales
    mandate: Sell.
    otherwise: {stance: go, summary: Fine., actions: [Go.]}
"""
READING = (
    *(["show", "t"], ["show", "t", "--full"], ["show", "t", "--json"], ["why", "t"], ["show", "t", "--html", "-"]),
    *(["show", "t", "--markdown", "-"], ["audit", "export", "t"], ["audit", "verify", "t"], ["list", "--json"]),
)


@pytest.fixture(autouse=True)
def _settled(accord_home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """The token is set; no log has it, at the finest level."""
    accord_home.mkdir()
    monkeypatch.setenv("MARKET_TOKEN", TOKEN)
    caplog.set_level(logging.DEBUG)
    yield
    assert TOKEN not in caplog.text


def written(folder: Path, home: Path, server: RawServer, path: str = "/market?day=secret-day", **changes: str) -> Path:
    """The team file, and an accord.toml that lists the server."""
    table = f'[facts.http."127.0.0.1:{server.port}"]\nprivate = true\ntoken_env = "MARKET_TOKEN"\n'
    (home / "accord.toml").write_text(changes.get("toml", table))
    team = TEAM.replace("URL", f"http://127.0.0.1:{server.port}{path}")
    team = team.replace("language: en", f"language: {changes.get('language', 'en')}")
    (folder / "team.yaml").write_text(team)
    return folder / "team.yaml"


def assert_clean(home: Path, done: Sequence[Done]) -> None:
    files = stored(home)
    assert "accord.sqlite" in files
    assert [name for name, data in files.items() if TOKEN.encode() in data] == []
    assert not [each for each in done if TOKEN in each.out + each.err]


def read(capsys: Captured) -> list[Done]:
    done = [accord(capsys, *command) for command in READING]
    assert {each.code for each in done} <= {0, 2, 3}, done
    assert not [each for each in done if "unexpected" in each.err]
    return done


def test_facts_of_a_server_are_decided_on_and_the_record_says_where_they_come_from(
    accord_home: Path, tmp_path: Path, capsys: Captured
) -> None:
    body = json.dumps({"margin": 5, "note": f"Bearer {TOKEN}"}).encode()
    modified = {"Last-Modified": "Mon, 02 Mar 2026 10:00:00 GMT", "X-Echo": TOKEN}
    with raw_server(sends(http(body, more=modified))) as server, connections() as log:
        team = written(tmp_path, accord_home, server)
        ran = accord(capsys, "run", team, "--thread", "t", "--json")
        assert set(log) == {("127.0.0.1", server.port)}
    assert ran.code == 0, ran
    assert [visit.credentials.decode() for visit in server.visits] == [TOKEN]
    record = json.loads(ran.out)
    assert record["outcome"]["final"] == "go"
    inline, market = record["sources"]
    assert (inline["kind"], market["kind"], market["source"]) == ("inline", "http", "127.0.0.1")
    assert (market["as_of"][:19], market["places"], market["cause"]) == ("2026-03-02T10:00:00", ["market"], None)
    assert_clean(accord_home, [ran, *read(capsys)])


FAILING: dict[str, tuple[Behaviour, str]] = {
    "a 500": (sends(http(b"{}", status=b"HTTP/1.1 500 No\r\n")), "answered 500: the server has a fault of its own"),
    "a page": (
        sends(http(b"<p>").replace(b"application/json", b"text/html")),
        "answered with text/html; allowed: application/json",
    ),
    "an echo": (sends(http(f"{{'{TOKEN}'}}".encode())), "cannot be read as JSON"),
    "a redirect to a private address": (
        sends(f"HTTP/1.1 302 So\r\nLocation: http://10.0.0.7/{TOKEN}\r\nContent-Length: 0\r\n\r\n".encode()),
        "redirects to http://10.0.0.7, which accord.toml does not list",
    ),
    "a fact that is not there": (sends(http(b'{"other": 1}')), "market.margin"),
}


@pytest.mark.parametrize("name", FAILING)
def test_a_source_that_fails_stops_the_run_with_its_cause_and_a_resumed_run_asks_again(
    name: str, accord_home: Path, tmp_path: Path, capsys: Captured
) -> None:
    behaviour, told = FAILING[name]
    with raw_server(in_turn(behaviour, sends(http(b'{"margin": 5}')))) as server:
        team = written(tmp_path, accord_home, server)
        ran = accord(capsys, "run", team, "--thread", "t", "--json")
        record = json.loads(ran.out)
        assert (ran.code, record["stop_reason"]) == (3, "facts_unavailable:127.0.0.1")
        assert told in record["cause"]
        assert "secret-day" not in record["cause"]
        done = [ran, *read(capsys)]
        resumed = accord(capsys, "resume", "t", "--json")
    assert (resumed.code, json.loads(resumed.out)["outcome"]["final"]) == (0, "go"), resumed
    assert_clean(accord_home, [*done, resumed, *read(capsys)])


def test_without_the_variable_or_the_table_nobody_is_asked(
    accord_home: Path, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MARKET_TOKEN")
    with raw_server(sends(http(b"{}"))) as server, connections() as log:
        for thread, changes, told in (
            ("a", {}, "MARKET_TOKEN is not set; [facts.http."),
            ("b", {"toml": ""}, f'if it may be asked, add the line [facts.http."127.0.0.1:{server.port}"]'),
            ("c", {"toml": "", "language": "fr"}, "son hôte n'est pas dans accord.toml"),
        ):
            ran = accord(capsys, "run", written(tmp_path, accord_home, server, **changes), "--thread", thread, "--json")
            assert (ran.code, told in json.loads(ran.out)["cause"]) == (3, True), ran
        assert log == []
    assert server.connections == 0


WRONG = {
    "https://user:secret@h/": "names a user; credentials belong in accord.toml",
    "https://h/?api_key=0123456789": "has `api_key` in its query, and a team file is kept with every run",
    "http://2130706433/": "has an IPv4 address in another spelling",
    "file:///etc/passwd": "is not an address of facts; allowed: http(s)://HOST[:PORT]/PATH?QUERY",
}


@pytest.mark.parametrize("url", WRONG)
def test_an_address_that_may_not_be_named_is_told_with_its_line(url: str, tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "team.yaml").write_text(TEAM.replace("URL", url))
    (told,) = refused(capsys, "run", tmp_path / "team.yaml")
    assert told.startswith(f"{tmp_path / 'team.yaml'}:10: ")
    assert WRONG[url] in told
    assert "secret" not in told


def test_a_refreshed_run_asks_again_and_another_resume_does_not(
    accord_home: Path, tmp_path: Path, capsys: Captured
) -> None:
    answers: list[Behaviour] = [sends(http(json.dumps({"margin": each}).encode())) for each in (5, 1)]
    with raw_server(in_turn(*answers)) as server:
        team = written(tmp_path, accord_home, server)
        stopped = accord(capsys, "run", team, "--thread", "t", "--set", "budget.max_messages=1", "--json")
        assert (stopped.code, len(server.visits)) == (3, 1), stopped
        moved = accord(capsys, "resume", "t", "--refresh", "--budget", "max_messages=9", "--json")
        assert (moved.code, json.loads(moved.out)["stop_reason"]) == (3, "stale_thread:facts"), moved
        assert (len(server.visits), "market.margin" in json.loads(moved.out)["cause"]) == (2, True)
        resumed = accord(capsys, "resume", "t", "--budget", "max_messages=9", "--json")
        assert (json.loads(resumed.out)["outcome"]["final"], len(server.visits)) == ("go", 2), resumed


def test_a_watch_asks_the_server_again_with_its_token(accord_home: Path, tmp_path: Path, capsys: Captured) -> None:
    with raw_server(in_turn(sends(http(b'{"margin": 5}')), sends(http(b'{"margin": 2}')))) as server:
        accord(capsys, "run", written(tmp_path, accord_home, server), "--thread", "t")
        watched = accord(capsys, "watch", "--all", "--reopen", "--json")
        new = accord(capsys, "show", "t.r1", "--json")
    assert [visit.credentials.decode() for visit in server.visits] == [TOKEN, TOKEN]
    found = json.loads(watched.out.splitlines()[0])
    assert (watched.code, found["verdict"], found["reopened_as"], found["cause"]) == (1, "reopen", "t.r1", None)
    assert found["changed"] == [{"path": "market.margin", "then": 5, "now": 2}]
    assert [each["kind"] for each in json.loads(new.out)["sources"]] == ["inline", "http"]
    assert_clean(accord_home, [watched, new, *read(capsys)])


def test_a_finished_run_that_is_refreshed_asks_nobody_and_names_what_does(
    accord_home: Path, tmp_path: Path, capsys: Captured
) -> None:
    with raw_server(sends(http(json.dumps({"margin": 5}).encode()))) as server:
        team = written(tmp_path, accord_home, server)
        assert accord(capsys, "run", team, "--thread", "t").code == 0
        again = accord(capsys, "resume", "t", "--refresh")
        assert (again.code, len(server.visits)) == (0, 1), again
    assert "`accord watch t` checks a decision against current facts" in again.err
    assert "accord watch" not in accord(capsys, "resume", "t").err


def test_a_run_whose_source_failed_is_resumed_without_a_file(
    accord_home: Path, tmp_path: Path, capsys: Captured
) -> None:
    answers: list[Behaviour] = [
        sends(http(b"{}", b"HTTP/1.1 500 Oops\r\n")),
        sends(http(json.dumps({"margin": 5}).encode())),
    ]
    with raw_server(in_turn(*answers)) as server:
        team = written(tmp_path, accord_home, server)
        stopped = accord(capsys, "run", team, "--thread", "t")
        assert stopped.code == 3, stopped
        assert "Resume it with: accord resume t\n" in stopped.out
        assert "Or give the facts yourself: accord resume t --facts FILE\n" in stopped.out
        assert accord(capsys, "resume", "t").code == 0
