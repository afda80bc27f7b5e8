"""For which host a request is meant, and from which page it comes: each attack that is known, and oracles by hand."""

from ipaddress import ip_address
from random import Random
from urllib.parse import urlsplit

import pytest

from policies.access.places import Place, is_loopback, is_own_page, is_served, place_in, read_place

NO_PLACES = (
    *("", " ", ":", ":80", "a:", "a:b", "a:0", "a:65536", "a:999999", "a:-1", "a b", "a,b", "a/b", "a?b", "a#b"),
    *("a@b", "http://a", "a..b", ".a", "..", "a..", "[::1", "::1]", "::1", "[::1]x", "[::1%eth0]", "[127.0.0.1]"),
    *("127.1", "0x7f.1", "0177.0.0.1", "2130706433", "127.0.0.1.1", "é.example", "a\x00b", "a\n", "-a.example"),
    *("a\tb", "a;b", "a\\b", "a%2eb", "[", "]", "[]", "a:80:80", "localhost:\uff18\uff10", "\u0663.example"),
)


@pytest.mark.parametrize("text", NO_PLACES)
def test_a_text_that_names_no_place_is_none(text: str) -> None:
    assert read_place(text) is None
    assert place_in([text]) is None


def test_a_place_is_read_in_one_spelling() -> None:
    random = Random(20)
    names = ("localhost", "accord.example.org", "a", "xn--bcher-kva.example", "127.0.0.1", "[::1]", "[2001:db8::1]")
    for _ in range(2_000):
        name, port = random.choice(names), random.choice((None, 1, 80, 8200, 65_535))
        typed = "".join(random.choice((letter.upper(), letter)) for letter in name)
        dot = "." if random.random() < 0.3 else ""
        found = read_place(f"{typed}{dot}{'' if port is None else f':{port}'}")
        assert found == Place(name, port), (typed, dot, port)


@pytest.mark.parametrize("hosts", [[], ["a", "a"], ["a", "b"], ["localhost", ""]])
def test_a_request_has_one_place(hosts: list[str]) -> None:
    assert place_in(hosts) is None


def test_loopback_is_what_the_address_library_calls_so() -> None:
    random = Random(21)
    for _ in range(3_000):
        number = ip_address(random.choice(((127 << 24) + random.getrandbits(24), random.getrandbits(32))))
        assert is_loopback(str(number)) == str(number).startswith("127.")
        mapped = f"::ffff:{number}"
        assert is_loopback(mapped) == str(number).startswith("127.")
    for far in ("::", "0.0.0.0", "fe80::1", "10.0.0.1", "localhost.evil.example", "127.0.0.1.evil.example", "", None):
        assert not is_loopback(far), far


def test_a_service_is_served_under_its_names_its_address_and_as_this_machine() -> None:
    known = ("accord.example", "[2001:db8::9]")
    for host, here, is_meant in (
        ("accord.example", "192.0.2.1", True),
        ("localhost", "192.0.2.1", True),
        ("127.8.8.8", None, True),
        ("[::1]", "::1", True),
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.2", "192.0.2.1", False),
        ("[2001:db8::9]", None, True),
        ("[2001:db8::1]", "2001:db8:0::1", True),
        ("[2001:db8::2]", "2001:db8:0::1", False),
        ("evil.example", "127.0.0.1", False),
        ("accord.example.evil", "127.0.0.1", False),
        ("sub.accord.example", "127.0.0.1", False),
        ("localhost.evil", None, False),
        ("0.0.0.0", "127.0.0.1", False),
    ):
        assert is_served(Place(host, 8200), known, here) == is_meant, host


def test_a_page_is_the_services_own_where_scheme_host_and_port_are_those_of_the_request() -> None:
    """The oracle is `urlsplit`, and the ports by hand."""
    random = Random(22)
    hosts, ports = ("localhost", "accord.example", "127.0.0.1", "[::1]", "evil.example"), ("", ":80", ":443", ":8200")
    for _ in range(5_000):
        scheme, host, port = random.choice(("http", "https")), random.choice(hosts), random.choice(ports)
        place = Place(random.choice(hosts), random.choice((None, 80, 443, 8200)))
        usual = {"http": 80, "https": 443}[scheme]
        parts = urlsplit(f"{scheme}://{host}{port}")
        name = f"[{parts.hostname}]" if ":" in str(parts.hostname) else parts.hostname
        own = name == place.host and (parts.port or usual) == (place.port or usual)
        assert is_own_page(f"{scheme}://{host}{port}", place) == own


@pytest.mark.parametrize(
    "origin",
    [
        *("null", "", "localhost:8200", "http://localhost:8200/", "http://u@localhost:8200", "file://localhost:8200"),
        *("http://localhost:8200.evil.example", "http://localhost:8200 ", "http://", "http://localhost:8200,http://b"),
        *("ftp://localhost:8200", "http://127.0.0.1:8200", "http://localhost:8200#", "http://localhost:8200?"),
    ],
)
def test_a_text_that_is_not_the_origin_of_the_services_own_page_is_none(origin: str) -> None:
    assert not is_own_page(origin, Place("localhost", 8200))
