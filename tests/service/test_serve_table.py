"""The table [serve] of accord.toml: what it may say, what comes of it, and what is said of a mistake in it."""

from pathlib import Path

import pytest

from graph.problems import UsageError
from graph.service.terms import Terms, load_terms
from tests.harness import settings_at

LOOPBACK = {"localhost", "127.0.0.1", "[::1]"}
HOST = "is not a host as it is compared; allowed: a name in lower case, an IPv4 address, or an IPv6 address in brackets"
ORIGIN = "is not the origin of a page; allowed: http(s)://HOST[:PORT] in lower case, without a path"


def terms_of(home: Path, text: str, host: str | None = None, at_once: int | None = None) -> Terms:
    (home / "accord.toml").write_text(text, encoding="utf-8")
    return load_terms(settings_at(home), host, at_once)


def test_without_a_file_the_service_is_for_this_machine(tmp_path: Path) -> None:
    assert load_terms(settings_at(tmp_path)) == Terms(frozenset(LOOPBACK), frozenset(), 8, 6_000, 1_000_000)


def test_what_the_table_says_is_what_holds(tmp_path: Path) -> None:
    text = (
        'public_url = "https://Accord.example.org/board"\n[serve]\nhosts = ["accord.internal", "10.0.0.7"]\n'
        'origins = ["https://app.example.org:8443"]\nat_once = 4\nrequests_per_minute = 60\nmax_bytes = 5_000\n'
    )
    found = terms_of(tmp_path, text, "::")
    assert found.hosts == LOOPBACK | {"accord.internal", "10.0.0.7", "accord.example.org", "[::]"}
    assert found.origins == {"https://app.example.org:8443"}
    assert (found.at_once, found.requests_per_minute, found.max_bytes) == (4, 60, 5_000)


def test_a_flag_comes_before_the_table(tmp_path: Path) -> None:
    assert terms_of(tmp_path, "[serve]\nat_once = 4\n", at_once=2).at_once == 2


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("at_onec = 4", ":2: `serve.at_onec` is an unknown key; did you mean `at_once`?"),
        ("at_once = 0", ":2: `serve.at_once` must be at least 1"),
        ("at_once = 1_001", ":2: `serve.at_once` must be at most 1000"),
        ('at_once = "4"', ":2: `serve.at_once` must be a whole number"),
        ("requests_per_minute = 0", ":2: `serve.requests_per_minute` must be at least 1"),
        ("max_bytes = 999", ":2: `serve.max_bytes` must be at least 1000"),
        ("max_bytes = 100_000_001", ":2: `serve.max_bytes` must be at most 100000000"),
        ('hosts = "accord.internal"', ":2: `serve.hosts` must be a list"),
        ('hosts = ["ok.example.org", "Not.example.org"]', f":2: `serve.hosts`, entry 2, {HOST}"),
        ('hosts = ["accord.internal:8200"]', f":2: `serve.hosts`, entry 1, {HOST}"),
        ('hosts = ["*"]', f":2: `serve.hosts`, entry 1, {HOST}"),
        ('origins = ["*"]', f":2: `serve.origins`, entry 1, {ORIGIN}"),
        ('origins = ["https://app.example.org/"]', f":2: `serve.origins`, entry 1, {ORIGIN}"),
        ('origins = ["null"]', f":2: `serve.origins`, entry 1, {ORIGIN}"),
    ],
)
def test_a_mistake_is_said_with_its_line_and_what_is_allowed(line: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        terms_of(tmp_path, f"[serve]\n{line}\n")
    assert str(caught.value).startswith(f"{tmp_path / 'accord.toml'}{said}"), str(caught.value)


def test_a_table_that_is_none_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="`serve` is not a table"):
        terms_of(tmp_path, "serve = 3\n")
