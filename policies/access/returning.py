"""Returning: to which page somebody goes once they have logged in. Never to one of another place."""

import re

from policies.access.routes import is_plain

BOARD = "/board"
LOGIN = "/board/login"
MAX_ADDRESS = 500
_CODED = re.compile("%([0-9A-Fa-f]{2})")
_ADDRESS = re.compile(r"(/[A-Za-z0-9_.~:@+=,|%/-]*)(\?[A-Za-z0-9_.~:@+=,|%&-]*)?", re.ASCII)


def is_board(path: str) -> bool:
    """Return whether a path is the board's.

    >>> is_board("/board"), is_board("/board/inbox"), is_board("/boards"), is_board("/v1/board")
    (True, True, False, False)
    """
    return path == BOARD or path.startswith(f"{BOARD}/")


def page_after(wanted: str) -> str:
    r"""Return the page of the board that an address names; the first page of the board where it names none.

    >>> page_after("/board/runs/launch-42?after=x"), page_after("/board/runs/a%40b")
    ('/board/runs/launch-42?after=x', '/board/runs/a%40b')
    >>> {page_after(each) for each in ("//evil.example/board", "\\\\evil", "/board@evil", "/board/%2e%2e/v1", "")}
    {'/board'}
    >>> {page_after(each) for each in ("https://evil.example/board", "/board\r\nx: y", "/board/login", "/v1/runs")}
    {'/board'}
    """
    found = _ADDRESS.fullmatch(wanted) if len(wanted) <= MAX_ADDRESS else None
    if found is None:
        return BOARD
    path = _CODED.sub(lambda each: chr(int(each[1], 16)), found[1])
    is_page = is_plain(path, found[1].encode()) and is_board(path) and path not in (LOGIN, "/board/logout")
    return wanted if is_page else BOARD
