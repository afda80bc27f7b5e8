"""Facts over TLS: the name that is vouched for stays the host's, whatever address is connected to."""

from pathlib import Path

import pytest

from graph.config.entries import HostEntry
from nodes.voices.wire.endpoint import Route
from tests.facts.authority import Authority
from tests.facts.network import Names
from tests.facts.stage import HOST, at, fetched, refused
from tests.wire.raw import http, raw_server, sends

TAKEN = sends(http(b'{"rate": 1}'))
UNTRUSTED = "its certificate is not trusted ({}); see SSL_CERT_FILE"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


def test_the_name_of_the_host_is_asked_for_and_vouched_for(authority: Authority) -> None:
    context, asked = authority.serves(HOST), list[str]()
    context.sni_callback = lambda _, name, __: asked.append(name)
    with raw_server(TAKEN, tls=context) as server:
        route = Route(ca_file=str(authority.file))
        assert fetched(at(server, scheme="https"), route=route).value == {"rate": 1}
    assert asked == [HOST]
    assert f"host: {HOST}:{server.port}" in server.visits[0].head.decode().lower()


def test_an_address_is_vouched_for_as_an_address(authority: Authority) -> None:
    with raw_server(TAKEN, tls=authority.serves("127.0.0.1")) as server:
        url, route = at(server, host="127.0.0.1", scheme="https"), Route(ca_file=str(authority.file))
        assert fetched(url, route=route, names=Names({})).value == {"rate": 1}


WRONG = {
    "another name": ("other.test", 1, True, "Hostname mismatch, certificate is not valid for 'facts.test'."),
    "an address in place of a name": ("127.0.0.1", 1, True, "Hostname mismatch, certificate is not valid for"),
    "one that has expired": (HOST, -1, True, "certificate has expired"),
    "an authority that is not trusted": (HOST, 1, False, ""),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_certificate_that_is_not_trusted_is_told_and_nothing_is_sent(name: str, authority: Authority) -> None:
    served, days, is_trusted, why = WRONG[name]
    with raw_server(TAKEN, tls=authority.serves(served, days=days)) as server:
        route = Route(ca_file=str(authority.file)) if is_trusted else Route()
        said = refused(at(server, scheme="https"), route=route)
    before, after = UNTRUSTED.split("{}")
    assert said.startswith(f"{at(server, '/prices', scheme='https')}: {before}{why}")
    assert said.endswith(after)
    assert server.visits == []


def test_a_server_without_tls_is_told() -> None:
    with raw_server(TAKEN, reads=False) as server:
        said = refused(at(server, scheme="https"))
    assert said.startswith(f"{at(server, '/prices', scheme='https')}: it does not speak TLS as expected (")
    assert said.endswith("); is it an http:// address?")


def test_authorities_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    url, hosts = "https://facts.test/", {HOST: HostEntry(private=True)}
    missing, empty = tmp_path / "none.pem", tmp_path / "empty.pem"
    empty.write_text("")
    said = refused(url, hosts=hosts, route=Route(ca_file=str(missing)))
    assert said == f"SSL_CERT_FILE: {missing} cannot be read as certificates: No such file or directory"
    said = refused(url, hosts=hosts, route=Route(ca_folder=str(missing)))
    assert said == f"SSL_CERT_DIR: {missing} cannot be read as certificates: Not a directory"
    assert refused(url, hosts=hosts, route=Route(ca_file=str(empty))).startswith(
        f"SSL_CERT_FILE: {empty} cannot be read"
    )
