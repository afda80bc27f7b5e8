"""Returning: where somebody goes after a login is a page of the board, whatever the address says."""

from random import Random
from urllib.parse import unquote, urljoin, urlsplit

import pytest

from policies.access.returning import is_board, page_after

HERE = "https://accord.example"
GOOD = (
    *("/board", "/board/inbox", "/board/runs/launch-42", "/board/runs/a%40b", "/board/runs/x/answer/q:1", "/board?"),
    *("/board?status=waiting&team=a%20b", "/board/teams/checkout_launch?a=..", "/board/runs/a|b", "/board/loginx"),
)
PARTS = (
    *("/", "//", "\\", "board", "/board", "..", ".", "%2e", "%2f", "%5c", "@", ":", "?", "#", "evil.example", "https:"),
    *("\r\n", "\t", " ", "\0", "%0d%0a", "%00", "login", "/board/login", "x", "é", "%", "%25", ";", "&", "="),
)


@pytest.mark.parametrize("wanted", GOOD)
def test_a_page_of_the_board_is_kept(wanted: str) -> None:
    assert page_after(wanted) == wanted


def test_no_address_leads_anywhere_else() -> None:
    """As a browser reads it, which drops tabs and line ends and takes a backslash as a slash."""
    random = Random(5)
    for _ in range(20_000):
        wanted = "".join(random.choice(PARTS) for _ in range(random.randrange(1, 7)))
        found = page_after(random.choice(["", "/board", "/board/"]) + wanted)
        read = urlsplit(urljoin(HERE, found.replace("\\", "/").strip()))
        assert (read.scheme, read.netloc) == ("https", "accord.example"), wanted
        assert is_board(unquote(read.path)), wanted
        assert ".." not in unquote(read.path).split("/")
        assert read.path not in ("/board/login", "/board/logout")
        assert found.isprintable()
        assert found.isascii()


def test_what_is_too_long_is_not_kept() -> None:
    assert page_after("/board/" + "x" * 493) != "/board"
    assert page_after("/board/" + "x" * 494) == "/board"


@pytest.mark.parametrize("path", ["", "/", "/boards", "/v1/board", "board", "/Board"])
def test_other_paths_are_not_of_the_board(path: str) -> None:
    assert not is_board(path)
