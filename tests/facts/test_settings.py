"""`accord.toml`: the hosts and databases that facts may come from, and what is said of a mistake in them."""

from pathlib import Path

import pytest

from graph.config.entries import DatabaseEntry, HostEntry
from graph.facts.settings import load_fact_settings
from tests.harness import settings_at
from tests.hostile.command import Captured, accord, refused

SECRET = "sk-in-the-wrong-place"
TEXT = "has a character that is not allowed there, or is too long; allowed: "
VARIABLE = "the name of a variable in capitals, not the key itself"
PLACE = (
    "is not a host as it is compared; allowed: a name in lower case, an IPv4 address, or an IPv6 address in brackets, "
    "each with `:PORT` where facts come from another port than 80 and 443"
)
OURS = "is a header that Accord sets itself; allowed: headers that carry a credential"
PASSWORD = "has a password; put the address into a variable, and name that with `url_env`"
ONE = "has both `url_env` and `url`, or neither; keep one, the name of a variable or an address"
SHOP = "[facts.sql.shop]\n"
X = '[facts.http."x.org"]\n'
WRONG = {
    "a kind that is none": ("[facts.htpp]\n", ":1", "`facts.htpp` is an unknown key; did you mean `http`?"),
    "hosts that are a number": ("[facts]\nhttp = 3\n", "", "`facts.http` is not a table"),
    "a host that is a number": ('[facts.http]\n"x.org" = 3\n', "", "`facts.http.x.org` is not a table"),
    "the token itself": (
        f'\n{X}token = "{SECRET}"\n',
        ":3",
        "`facts.http.x.org.token` is an unknown key; did you mean `token_env`?",
    ),
    "a token in place of its name": (
        f'{X}private = true\ntoken_env = "{SECRET}"\n',
        ":3",
        f"`facts.http.x.org.token_env` {TEXT}{VARIABLE}",
    ),
    "a header in place of a name": (
        f'{X}headers_env = {{x-key = "{SECRET}"}}\n',
        ":2",
        f"`facts.http.x.org.headers_env.x-key` {TEXT}letters, digits and `-` in a name, and {VARIABLE}",
    ),
    "a header's name with a space": (
        f'{X}headers_env = {{"x key" = "KEY"}}\n',
        ":2",
        f"`facts.http.x.org.headers_env.x key` {TEXT}letters, digits and `-` in a name, and {VARIABLE}",
    ),
    "a header of ours": (f'{X}headers_env = {{Host = "KEY"}}\n', ":2", f"`facts.http.x.org.headers_env.Host` {OURS}"),
    "two authorizations": (
        f'{X}token_env = "KEY"\nheaders_env = {{AUTHORIZATION = "KEY"}}\n',
        ":1",
        "`facts.http.x.org` has `token_env` and the header Authorization; keep one",
    ),
    "a word for private": (f'{X}private = "yes"\n', ":2", "`facts.http.x.org.private` must be "),
    "a name without quotes": (
        "[facts.http.x.org]\n",
        "",
        "`facts.http.x.org` is an unknown key; allowed: token_env, headers_env, private; a host is written in quotes: "
        '[facts.http."HOST"]',
    ),
    "capitals": ('[facts.http."X.org"]\n', ":1", f"`facts.http.X.org` {PLACE}"),
    "a URL": ('[facts.http."https://x.org"]\n', ":1", f"`facts.http.https://x.org` {PLACE}"),
    "a path": ('[facts.http."x.org/a"]\n', ":1", f"`facts.http.x.org/a` {PLACE}"),
    "all hosts": ('[facts.http."*.x.org"]\n', ":1", f"`facts.http.*.x.org` {PLACE}"),
    "a port too high": ('[facts.http."x.org:65536"]\n', ":1", f"`facts.http.x.org:65536` {PLACE}"),
    "no port": ('[facts.http."x.org:"]\n', ":1", f"`facts.http.x.org:` {PLACE}"),
    "a decimal address": ('[facts.http."2130706433"]\n', ":1", f"`facts.http.2130706433` {PLACE}"),
    "IPv6 without brackets": ('[facts.http."::1"]\n', ":1", f"`facts.http.::1` {PLACE}"),
    "IPv6 written long": ('[facts.http."[0:0::1]"]\n', ":1", f"`facts.http.[0:0::1]` {PLACE}"),
    "a database's name": (
        '[facts.sql."Two words"]\nurl_env = "SHOP_URL"\n',
        ":1",
        f"`facts.sql.Two words` {TEXT}a lower-case letter, then letters, digits, `-` and `_`, 40 in all",
    ),
    "the address in place of its name": (
        f'{SHOP}url_env = "postgresql://me:{SECRET}@h/n"\n',
        ":2",
        f"`facts.sql.shop.url_env` {TEXT}{VARIABLE}",
    ),
    "a password": (f'{SHOP}url = "postgresql://me:{SECRET}@h/n"\n', ":2", f"`facts.sql.shop.url` {PASSWORD}"),
    "an empty password": (f'{SHOP}url = "postgresql://me:@h/n"\n', ":2", f"`facts.sql.shop.url` {PASSWORD}"),
    "a password as an option": (
        f'{SHOP}url = "postgresql://h/n?user=me&Password={SECRET}"\n',
        ":2",
        f"`facts.sql.shop.url` {PASSWORD}",
    ),
    "a path as an address": (
        f'{SHOP}url = "{SECRET}.sqlite"\n',
        ":2",
        "`facts.sql.shop.url` is not the address of a database; allowed: postgresql://USER@HOST:PORT/NAME, ",
    ),
    "an address that is none": (
        f'{SHOP}url = "postgresql://[{SECRET}"\n',
        ":2",
        "`facts.sql.shop.url` is not the addr",
    ),
    "no address": (f"{SHOP}", ":1", f"`facts.sql.shop` {ONE}"),
    "two addresses": (f'{SHOP}url = "sqlite:///a"\nurl_env = "A"\n', ":1", f"`facts.sql.shop` {ONE}"),
    "a query": (f'{SHOP}query = "SELECT 1"\n', ":2", "`facts.sql.shop.query` is an unknown key; allowed: url_env, url"),
}


@pytest.fixture
def file(accord_home: Path) -> Path:
    """The file, in the data directory."""
    accord_home.mkdir()
    return accord_home / "accord.toml"


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_with_its_place_and_never_the_value(name: str, file: Path, capsys: Captured) -> None:
    text, line, sentence = WRONG[name]
    file.write_text(text)
    (told,) = refused(capsys, "endpoints")
    assert told.startswith(f"{file}{line}: {sentence}")
    assert SECRET not in told


GOOD = """\
[facts.http."api.example.org"]
token_env = "PRICES_TOKEN"
headers_env = {X-Team = "PRICES_TEAM"}
[facts.http."10.0.0.7:8443"]
private = true
[facts.http.localhost]
[facts.http."[::1]:80"]
[facts.sql.shop]
url_env = "SHOP_URL"
[facts.sql.two-2]
url = "postgresql://reader@localhost/two?sslmode=require"
"""


def test_what_is_listed_is_read(file: Path) -> None:
    file.write_text(GOOD)
    found = load_fact_settings(settings_at(file.parent, ssl_cert_file="own.pem"))
    assert found.hosts == {
        "api.example.org": HostEntry(token_env="PRICES_TOKEN", headers_env={"X-Team": "PRICES_TEAM"}),
        "10.0.0.7:8443": HostEntry(private=True),
        "localhost": HostEntry(),
        "[::1]:80": HostEntry(),
    }
    assert found.databases == {
        "shop": DatabaseEntry(url_env="SHOP_URL"),
        "two-2": DatabaseEntry(url="postgresql://reader@localhost/two?sslmode=require"),
    }
    assert (found.folder, found.route.ca_file) == (file.parent, "own.pem")


def test_without_a_file_nothing_is_listed(accord_home: Path) -> None:
    found = load_fact_settings(settings_at(accord_home))
    assert (found.hosts, found.databases) == ({}, {})


def test_the_doctor_lists_hosts_and_variables_that_are_missing(
    file: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "ok   facts: no host and no database: accord.toml names none under `facts`" in accord(capsys, "doctor").out
    file.write_text(GOOD)
    monkeypatch.setenv("PRICES_TOKEN", SECRET)
    found = accord(capsys, "doctor")
    assert (found.code, SECRET in found.out) == (1, False)
    assert "BAD  facts: not set: PRICES_TEAM, SHOP_URL; named in accord.toml under `facts`\n" in found.out
    monkeypatch.setenv("PRICES_TEAM", "risk")
    monkeypatch.setenv("SHOP_URL", "postgresql://reader@localhost/shop")
    found = accord(capsys, "doctor")
    assert found.code == 0
    assert "-    facts: api.example.org, 10.0.0.7:8443, localhost, [::1]:80, shop, two-2; not asked\n" in found.out
