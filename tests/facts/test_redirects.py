"""Redirects are checked like the first address, and names are looked up once: no connection goes elsewhere."""

import ipaddress
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from graph.config.entries import HostEntry
from graph.facts.wire import connection, peers, ranges
from nodes.voices.wire.endpoint import Route
from tests.facts.authority import Authority
from tests.facts.network import Names, connections
from tests.facts.stage import HERE, HOST, at, fetched, refused
from tests.wire.raw import Behaviour, http, in_turn, raw_server, sends

TAKEN = sends(http(b'{"rate": 1}'))
OPEN = HostEntry(private=True)


def to(location: str, status: int = 302) -> Behaviour:
    """Redirects to a location, on a connection that is closed."""
    return sends(f"HTTP/1.1 {status} So\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n".encode())


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_within_a_host_is_followed(status: int) -> None:
    with raw_server(in_turn(to("../rates?day=2#top", status), TAKEN)) as server:
        assert fetched(at(server, "/a/b")).value == {"rate": 1}
    assert [visit.head.split(b" HTTP")[0] for visit in server.visits] == [b"GET /a/b", b"GET /rates?day=2"]


def test_five_redirects_are_followed_and_six_are_not() -> None:
    for count in (5, 6):
        with raw_server(in_turn(*[to("/next")] * count, TAKEN)) as server:
            if count == 5:
                assert fetched(at(server)).value == {"rate": 1}
            else:
                assert refused(at(server)) == f"{at(server, '/prices')} redirects more than 5 times"
        assert len(server.visits) == 6


REFUSED = {
    "a private address": ("http://10.0.0.7/", "which accord.toml does not list"),
    "the metadata of a cloud": ("http://169.254.169.254/latest/meta-data/", "which accord.toml does not list"),
    "a decimal number": ("http://2130706433/", "redirects to what cannot be asked: it has an IPv4 address in another"),
    "an octal number": ("http://0177.0.0.1/", "redirects to what cannot be asked: it has an IPv4 address in another"),
    "a mapped address": ("http://[::ffff:127.0.0.1]/", "which accord.toml does not list"),
    "a host that is not listed": ("http://stranger.test/", "which accord.toml does not list"),
    "a port that is not listed": (f"http://{HOST}:1/", "which accord.toml does not list"),
    "a listed host that is private": ("http://inner.test/", "since 10.0.0.7 is a private address"),
    "a listed address that is private": ("http://127.0.0.9/", "since 127.0.0.9 is a loopback address"),
    "a listed host that is nowhere": ("http://gone.test/", "the name of the host was not found"),
    "a user": (f"http://u:p@{HOST}/", "redirects to what cannot be asked: it names a user"),
    "another scheme": ("file:///etc/passwd", "redirects to what cannot be asked: it is not an address of facts"),
    "no scheme that is known": ("gopher://127.0.0.1:70/_", "redirects to what cannot be asked: it is not an address"),
    "a host without a scheme": ("//stranger.test/a", "which accord.toml does not list"),
    "a backslash": ("http://127.0.0.1\\\\@facts.test/", "redirects to what cannot be asked: it "),
    "what cannot be read": ("http://[::1", "redirects to what cannot be asked: it has no host and port that can be"),
    "letters that look alike": ("http://\u2100.test/", "redirects to what cannot be asked: it has a host that is not"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_redirect_elsewhere_is_refused_without_a_connection(name: str) -> None:
    location, told = REFUSED[name]
    names = Names({HOST: [["127.0.0.1"]], "inner.test": [["10.0.0.7"]]})
    with raw_server(to(location)) as server, connections() as log:
        listed = {f"{HOST}:{server.port}": OPEN, **dict.fromkeys(("inner.test", "127.0.0.9", "gone.test"), HostEntry())}
        said = refused(at(server), hosts=listed, names=names)
        assert told in said
        assert said.startswith(at(server, "/prices"))
        assert set(log) == {("127.0.0.1", server.port)}
    assert "stranger.test" not in names.asked


def test_a_redirect_to_a_port_of_this_machine_is_refused_and_nobody_is_asked() -> None:
    with raw_server(TAKEN) as inner, raw_server(to(f"http://127.0.0.1:{inner.port}/")) as server:
        said = refused(at(server))
        assert said.endswith(f'if it may be, add the line [facts.http."127.0.0.1:{inner.port}"]')
    assert inner.connections == 0


# --- a resolver that changes its answer ------------------------------------------------------------------------------


def test_a_name_is_looked_up_once_and_its_address_is_pinned() -> None:
    names = Names({HOST: [["127.0.0.1"], ["127.0.0.2"]]})
    with raw_server(TAKEN) as server, connections() as log:
        assert fetched(at(server), names=names).value == {"rate": 1}
        assert log == [("127.0.0.1", server.port)]
    assert names.asked == [HOST]


def test_a_name_that_turns_to_a_private_address_is_caught_at_the_next_redirect(monkeypatch: pytest.MonkeyPatch) -> None:
    public(monkeypatch, "127.0.0.1")
    for bad in ("127.0.0.2", "10.0.0.7", "169.254.169.254", "::ffff:127.0.0.1", "::1"):
        names = Names({HOST: [["127.0.0.1"], [bad, "127.0.0.1"]]})
        with raw_server(in_turn(to("/again"), TAKEN)) as server, connections() as log:
            said = refused(at(server), hosts={f"{HOST}:{server.port}": HostEntry()}, names=names)
            assert f"since {ipaddress.ip_address(bad)} is " in said
            assert log == [("127.0.0.1", server.port)]
        assert (len(server.visits), names.asked) == (1, [HOST, HOST])


def test_a_host_that_is_not_private_is_never_connected_to_at_a_private_address() -> None:
    with raw_server(TAKEN) as server, connections() as log:
        said = refused(at(server), hosts={f"{HOST}:{server.port}": HostEntry()})
        assert "since 127.0.0.1 is a loopback address" in said
        assert refused(at(server, host="127.0.0.1"), hosts={f"127.0.0.1:{server.port}": HostEntry()})
        assert refused(at(server), hosts={HOST: OPEN})  # the port is not listed
        assert log == []
    assert server.connections == 0


def test_the_second_address_is_tried_where_the_first_refuses() -> None:
    names = Names({HOST: [["127.0.0.3", "127.0.0.1"]]})
    with raw_server(TAKEN) as server, connections() as log:
        assert fetched(at(server), names=names).value == {"rate": 1}
        assert log == [("127.0.0.3", server.port), ("127.0.0.1", server.port)]


def test_an_ipv6_address_is_connected_to_as_it_is_written() -> None:
    with connections() as log:
        for host, names in (("[::1]", Names({})), ("six.test", Names({"six.test": [["::1"]]}))):
            assert "HTTP answer" not in refused(f"http://{host}:9/", names=names)
        assert log == [("::1", 9)] * 2


def public(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Have these addresses of this machine pass for public ones."""
    real = ranges.range_of
    monkeypatch.setattr(peers, "range_of", lambda each: None if str(each) in addresses else real(each))


# --- credentials stay with their host --------------------------------------------------------------------------------


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("FACTS_TOKEN", "canary-token-5512-aa")
    return "canary-token-5512-aa"


WITH_TOKEN = HostEntry(private=True, token_env="FACTS_TOKEN")


def test_a_token_goes_to_no_other_host_and_does_not_come_back(token: str) -> None:
    with raw_server(TAKEN) as home, raw_server(TAKEN) as other:
        there, back = at(other, "/b", host="other.test"), at(home, "/c")
        home.behaviour, other.behaviour = in_turn(to("/a2"), to(there), TAKEN), in_turn(to(back))
        listed = {f"{HOST}:{home.port}": WITH_TOKEN, f"other.test:{other.port}": WITH_TOKEN}
        assert fetched(at(home, "/a"), hosts=listed).value == {"rate": 1}
    assert [visit.credentials.decode() for visit in home.visits] == [token, token, ""]
    assert [visit.credentials for visit in other.visits] == [b""]


def test_a_redirect_from_https_to_http_is_refused(token: str, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    route = Route(ca_file=str(authority.file))
    with raw_server(TAKEN) as clear, raw_server(to(at(clear)), tls=authority.serves(HOST)) as server:
        listed = {f"{HOST}:{clear.port}": WITH_TOKEN, f"{HOST}:{server.port}": WITH_TOKEN}
        said = refused(at(server, scheme="https"), hosts=listed, route=route)
        assert "redirects from https to http, where others could change the answer" in said
    assert clear.connections == 0


def test_a_token_goes_over_http_to_private_hosts_alone(token: str) -> None:
    with connections() as log:
        said = refused("http://facts.test/a?b=c", hosts={HOST: HostEntry(token_env="FACTS_TOKEN")}, names=HERE)
        assert log == []
    assert said == (
        "http://facts.test/a was not asked: the credentials of a host that is not private are sent over https alone; "
        "write https:// in the team file"
    )


def test_proxies_and_netrc_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text(f"machine {HOST} login someone password canary\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with raw_server(TAKEN) as server, raw_server(TAKEN) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        changes: dict[str, Any] = {"route": Route(proxies={"http": f"http://127.0.0.1:{proxy.port}"})}
        assert fetched(at(server), **changes).value == {"rate": 1}
    assert (proxy.connections, server.visits[0].credentials) == (0, b"")


# --- were the client to connect elsewhere ----------------------------------------------------------------------------


def test_a_connection_to_an_address_that_was_not_checked_is_never_made(monkeypatch: pytest.MonkeyPatch) -> None:
    real = connection._answer
    monkeypatch.setattr(
        connection, "_answer", lambda host, _, port: real(host, ipaddress.ip_address("127.0.0.2"), port)
    )
    with raw_server(TAKEN) as server, connections() as log:
        assert "an address that was not looked up" in refused(at(server))
        assert log == []


def test_nothing_is_sent_over_a_connection_whose_other_end_was_not_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection._Pinned, "_make_socket", lambda _, info: socket.socket(*info[:3]))
    monkeypatch.setattr(socket.socket, "getpeername", lambda _: ("127.0.0.2", 80))
    with raw_server(TAKEN) as server:
        assert "an address that was not looked up" in refused(at(server))
        while server.connections == 0:  # it has yet to see the connection that was given up
            time.sleep(0.01)
    assert server.visits == []
