"""Routes: whether a path can be judged, and which of the routes that are open it asks for."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

_SEGMENT = re.compile(r"[A-Za-z0-9_.~:@+=,|-]+", re.ASCII)
_ENCODED = re.compile(rb"%(?![0-9A-Fa-f]{2})|%2[fFeE5]|%5[cC]|%3[bB]|%00")
_NAME = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """A route that a request asks for: its template, what the table has of it, and the values in the path."""

    template: str
    right: T
    values: Mapping[str, str]

    @property
    def path(self) -> str:
        """The path as the route is written.

        >>> Found("GET /threads/{thread}", "read", {"thread": "7"}).path
        '/threads/{thread}'
        """
        return self.template.partition(" ")[2]


def is_plain(path: str, raw: bytes | None = None) -> bool:
    r"""Return whether all who read a path read the same: no empty, dotted or strange part, nothing encoded twice.

    `path` is decoded, `raw` is as it was sent.

    >>> is_plain("/"), is_plain("/v1/runs/launch-42"), is_plain("/v1/runs/a@b", b"/v1/runs/a%40b")
    (True, True, True)
    >>> is_plain("/v1//runs"), is_plain("/v1/runs/"), is_plain("/v1/../ui"), is_plain("/ui;x"), is_plain("/health\n")
    (False, False, False, False, False)
    >>> is_plain("/v1/runs/a/b", b"/v1/runs/a%2Fb"), is_plain("http://evil.example/health"), is_plain("*")
    (False, False, False)
    """
    if raw is not None and _ENCODED.search(raw):
        return False
    if path == "/":
        return True
    first, *parts = path.split("/")
    return first == "" and bool(parts) and all(map(_is_plain_part, parts))


def _is_plain_part(part: str) -> bool:
    return bool(_SEGMENT.fullmatch(part)) and part not in (".", "..")


class Routes(Generic[T]):
    """The routes of a table, by method and template: `GET /v1/runs/{thread}`.

    >>> routes = Routes({"GET /threads/{thread}": "read", "DELETE /threads/{thread}": "admin"})
    >>> routes.find("GET", "/threads/7")
    Found(template='GET /threads/{thread}', right='read', values={'thread': '7'})
    >>> routes.find("POST", "/threads/7"), routes.methods("/threads/7"), routes.methods("/ui")
    (None, ('DELETE', 'GET'), ())
    """

    def __init__(self, table: Mapping[str, T]) -> None:
        self._rows = [(*_read(line), line, right) for line, right in sorted(table.items(), key=_exact_first)]

    def find(self, method: str, path: str) -> Found[T] | None:
        """Return the route that a request asks for, HEAD taken as GET; a path without values goes first.

        None where there is none.
        """
        wanted = "GET" if method == "HEAD" else method
        for each, form, line, right in self._rows:
            if each == wanted and (found := form.fullmatch(path)):
                return Found(line, right, found.groupdict())
        return None

    def methods(self, path: str) -> tuple[str, ...]:
        """Return the methods that are open for a path."""
        return tuple(sorted({method for method, form, _, _ in self._rows if form.fullmatch(path)}))


def _exact_first(row: tuple[str, object]) -> tuple[int, str]:
    return row[0].count("{"), row[0]


def _read(line: str) -> tuple[str, re.Pattern[str]]:
    """Return the method of a line of the table, and the form of its paths."""
    method, _, template = line.partition(" ")
    parts = _NAME.split(template)
    return method, re.compile("".join(_form(parts)))


def _form(parts: Iterable[str]) -> Iterable[str]:
    for number, part in enumerate(parts):
        yield f"(?P<{part}>[^/]+)" if number % 2 else re.escape(part)
