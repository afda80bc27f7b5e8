"""Addresses of facts: what a team file may name, in one spelling, and what is said of the rest."""

import pytest

from policies.team.addresses import Address, read_address, read_host, usable_url

TAKEN = {
    "https://api.example.org/prices?day=1": ("https", "api.example.org", 443, "/prices", "day=1"),
    "HTTP://API.Example.ORG": ("http", "api.example.org", 80, "/", ""),
    "http://example.org:8080?a": ("http", "example.org", 8080, "/", "a"),
    "https://a_b-c.example:443/": ("https", "a_b-c.example", 443, "/", ""),
    "http://127.0.0.1/": ("http", "127.0.0.1", 80, "/", ""),
    "http://[0:0::1]:81/": ("http", "[::1]", 81, "/", ""),
    "http://localhost/a?b?c": ("http", "localhost", 80, "/a", "b?c"),
    "http://h/%20?x=%0A": ("http", "h", 80, "/%20", "x=%0A"),
}


@pytest.mark.parametrize("url", TAKEN)
def test_an_address_is_taken_apart(url: str) -> None:
    assert read_address(url) == Address(*TAKEN[url])
    assert usable_url(url) == url


WHOLE = "is not an address of facts; allowed: http(s)://HOST[:PORT]/PATH?QUERY"
PLACE = "has no host and port that can be asked; allowed: HOST, or HOST:PORT up to 65535"
NAME = "has no host that can be looked up; allowed: a name such as api.example.org, or an address"
FOUR = "has an IPv4 address in another spelling; allowed: four decimal numbers, such as 192.0.2.1"
SIX = "has no IPv6 address in its brackets; allowed: one such as [2001:db8::1], without a zone"
WRONG = {
    "ftp://example.org/": WHOLE,
    "example.org/prices": WHOLE,
    "http\u017f://example.org/x": WHOLE,
    "https://example.org/#top": WHOLE,
    "https://example.org/" + "a" * 2_000: WHOLE,
    "https://user:secret@example.org/": "names a user; credentials belong in accord.toml, under the table of the host, "
    "as `token_env`",
    "https://example.org:0/": PLACE,
    "https://example.org:65536/": PLACE,
    "https://a:b:1/": PLACE,
    "https://[::1]x/": PLACE,
    "https://example.org/a b": "has a character that an address cannot have; percent-encode it",
    "https://example.org/ü": "has a character that an address cannot have; percent-encode it",
    "https://ü.example/": "has a host that is not ASCII; write it in its ASCII form, which begins with `xn--`",
    "https:///prices": NAME,
    "https://example.org./": NAME,
    "https://-a.example/": NAME,
    "https://" + "a." * 127 + "example/": NAME,
    "https://2130706433/": FOUR,
    "https://0x7f.1/": FOUR,
    "https://127.0.0.01/": FOUR,
    "https://[::1%25lo]/": SIX,
    "https://[::1%lo]/": SIX,
    "https://[127.0.0.1]/": SIX,
}


def said_of(url: str) -> str:
    try:
        return usable_url(url)
    except ValueError as error:
        return str(error)


@pytest.mark.parametrize("url", WRONG)
def test_what_is_wrong_is_told_without_what_may_be_secret(url: str) -> None:
    assert said_of(url) == WRONG[url]


def test_a_host_in_half_a_bracket_is_none() -> None:
    for text in ("[::1", "[", "::1", "[::1]]", "a]"):
        with pytest.raises(ValueError, match="has no"):
            read_host(text)


SECRET = "has `{}` in its query, and a team file is kept with every run; credentials belong in accord.toml, under the "


@pytest.mark.parametrize(
    "name",
    ["api_key", "apikey", "key", "token", "accessToken", "ToKeN", "X-Auth", "password", "sig", "client-secret", "JWT"],
)
def test_a_credential_in_a_query_is_refused_by_its_name(name: str) -> None:
    said = said_of(f"https://example.org/?day=1&{name}=0123456789")
    assert said.startswith(SECRET.format(name))
    assert "0123456789" not in said


@pytest.mark.parametrize("query", ["key=EU", "token=", "keyword=0123456789", "author=0123456789", "monkey=0123456789"])
def test_what_is_no_credential_may_be_in_a_query(query: str) -> None:
    assert usable_url(f"https://example.org/?{query}") == f"https://example.org/?{query}"


def test_a_credential_is_refused_however_its_name_is_encoded() -> None:
    assert said_of("https://example.org/?api%5F%6Bey=0123456789").startswith(SECRET.format("api_key"))


def test_an_address_is_shown_without_its_query() -> None:
    address = read_address("https://example.org:8443/prices?day=secret")
    assert (address.place, address.origin, address.shown) == (
        "example.org:8443",
        "https://example.org:8443",
        "https://example.org:8443/prices",
    )
