"""A query in SQL, as far as its text says it: which values it wants, which functions it calls, how it begins.

It is taken apart as SQLite and PostgreSQL do it. That guards nothing by itself: the database reads the text anew.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Literal, NamedTuple

from policies.language import say

PartKind = Literal["text", "comment", "quoted", "word", "bound", "end", "other"]

MAX_NAMED = 8
"""Names that a sentence lists."""


class Part(NamedTuple):
    """A piece of a query: a literal, a comment, a name in quotes, a word, a bound name, a `;`, or what is between."""

    kind: PartKind
    text: str


_NAME = r"[^\W\d]\w*"
_PART = re.compile(
    rf"""
    (?P<text>[eE]'(?:[^'\\]|\\.|'')*(?:'|\Z)|'(?:[^']|'')*(?:'|\Z)
      |(?P<dollar>\$(?:{_NAME})?\$).*?(?:(?P=dollar)|\Z))
    |(?P<comment>--[^\n]*|/\*)
    |(?P<quoted>"(?:[^"]|"")*(?:"|\Z)|`(?:[^`]|``)*(?:`|\Z))
    |(?P<word>{_NAME}[\w$]*)
    |(?<![:\w]):(?P<bound>{_NAME})
    |(?P<end>;)
    |(?P<other>\d\w*|::|\s+|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_JOINED = re.compile(r"[\w$&]\Z")
_NUMBER = re.compile(r"\d+(?:[eE]\d*)?")
_NESTED = re.compile(r"/\*|\*/")


def parts_of(query: str) -> Iterator[Part]:
    """Yield the pieces of a query, which together are the query; of a bound name the text is the name alone.

    >>> [part.kind for part in parts_of("SELECT ':no' /* :no */ WHERE a=:yes")if part.text.strip()]
    ['word', 'text', 'comment', 'word', 'word', 'other', 'bound']
    """
    place = 0
    while place < len(query):
        found = _PART.match(query, place)
        assert found is not None  # `.` takes whatever nothing else does
        kind = found.lastgroup or "other"
        text = found[kind]
        place = _comment_end(query, found.end()) if text == "/*" else found.end()
        yield Part(kind, query[found.start() : place] if kind == "comment" else text)  # type: ignore[arg-type]


def _comment_end(query: str, place: int) -> int:
    """Return where a comment ends that has begun; comments nest, as in PostgreSQL."""
    depth = 1
    for found in _NESTED.finditer(query, place):
        depth += 1 if found[0] == "/*" else -1
        if not depth:
            return found.end()
    return len(query)


def _spoken(query: str) -> list[Part]:
    """Return the pieces that are neither comments nor space."""
    return [part for part in parts_of(query) if part.kind != "comment" and part.text.strip()]


def bound_names(query: str) -> tuple[str, ...]:
    """Return the names of the values that a query wants, each written `:name`, in their order.

    >>> bound_names("SELECT a::text FROM t WHERE at > :since AND note <> ':no' AND id = :id AND :id > 0")
    ('since', 'id')
    """
    return tuple(dict.fromkeys(part.text for part in parts_of(query) if part.kind == "bound"))


def called_names(query: str) -> tuple[str, ...]:
    """Return the names before a parenthesis, as a database compares them: functions, and words such as `in`.

    >>> called_names('SELECT Count(*), "Odd" (1) FROM t WHERE a IN (1)')
    ('count', 'Odd', 'in')
    """
    parts = _spoken(query)
    called = (name for name, after in pairwise(parts) if after.text == "(")
    return tuple(dict.fromkeys(_as_compared(part) for part in called if part.kind in ("word", "quoted")))


def _as_compared(part: Part) -> str:
    return part.text[1:-1].replace('""', '"') if part.kind == "quoted" else part.text.lower()


def dotted_names(query: str) -> tuple[str, ...]:
    """Return the names behind a dot: of columns and tables, and of functions, which PostgreSQL also calls that way.

    >>> dotted_names('SELECT s.Amount, (s)."Odd" FROM main.stock AS s')
    ('amount', 'Odd', 'stock')
    """
    named = (name for dot, name in pairwise(_spoken(query)) if dot.text == "." and name.kind in ("word", "quoted"))
    return tuple(dict.fromkeys(map(_as_compared, named)))


def said_names(query: str) -> tuple[str, ...]:
    """Return all names and words of a query, as a database compares them.

    >>> said_names('SELECT a FROM "Low" -- b')
    ('select', 'a', 'from', 'Low')
    """
    return tuple(dict.fromkeys(_as_compared(part) for part in _spoken(query) if part.kind in ("word", "quoted")))


def find_unsure(query: str) -> str | None:
    """Return what of a query PostgreSQL may read in another way than it is read here; None where there is nothing.

    >>> find_unsure("SELECT note FROM log WHERE note = 'it''s' -- é")
    >>> find_unsure("SELECT É()")
    'the query has a name with letters beyond a to z; write it in double quotes: "…"'
    """
    if _CONTROL.search(query):
        return say("the query has a control character; leave it out")
    parts = list(parts_of(query))
    return next((told for one, two in pairwise([Part("other", " "), *parts]) if (told := _unsure(one, two))), None)


def _unsure(before: Part, part: Part) -> str | None:
    if part.kind == "text" and (part.text[0] != "'" or _JOINED.search(before.text)):
        return say(
            "the query has a text in another form than '…', or right behind a word; write it as '…', with a space "
            "before it"
        )
    if part.kind == "quoted" and before.text == "&":
        return say('the query has a name in the form U&"…"; write its letters')
    is_bare = part.kind not in ("text", "comment", "quoted")
    if part.text[0] == "`" or (is_bare and not part.text.isascii()):
        return say('the query has a name with letters beyond a to z; write it in double quotes: "…"')
    if part.text.startswith("--") and "\r" in part.text[:-1]:
        return say("the query has a comment in which a line ends without a line feed; end its lines with one")
    if part.text[0] == "$" or (part.text[0].isdigit() and not _NUMBER.fullmatch(part.text)):
        return say(
            "the query has `{text}`, which is neither a name nor a number; put spaces around", text=part.text[:20]
        )
    return None


def first_word(query: str) -> str:
    """Return the word with which a query begins, in capitals; nothing where it begins with none.

    >>> first_word("/* all of them */ (select 1)"), first_word("42")
    ('SELECT', '')
    """
    first = next((part for part in _spoken(query) if part.text != "("), None)
    return first.text.upper() if first and first.kind == "word" else ""


def is_single(query: str) -> bool:
    """Return whether a query is one statement; a `;` may end it.

    >>> is_single("SELECT ';' ; -- done"), is_single("COMMIT; DELETE FROM t")
    (True, False)
    """
    kinds = [part.kind for part in _spoken(query)]
    return "end" not in kinds or set(kinds[kinds.index("end") :]) == {"end"}


def is_named(name: str, query: str) -> bool:
    """Return whether a query has a name, or all parts of one that are joined by dots.

    >>> is_named("main.t", "SELECT id FROM main . t"), is_named("ada", "SELECT name::regclass FROM t -- ada")
    (True, False)
    """
    said = {_as_compared(part).lower() for part in _spoken(query)}
    return name.lower() in said or {*name.lower().split(".")} <= said


def find_unbound(query: str, params: Mapping[str, object]) -> str | None:
    """Return what is wrong between the names in a query and the values for them; None where each has the other.

    >>> find_unbound("SELECT :a, :b", {"b": 1, "c": 2})
    'the query wants a value for `:a`, which `params` does not have; values that no name uses: `c`'
    """
    names = bound_names(query)
    lacking = [f"`:{name}`" for name in names if name not in params]
    unused = [f"`{name}`" for name in params if name not in names]
    if lacking and unused:
        return say(
            "the query wants a value for {lacking}, which `params` does not have; values that no name uses: {unused}",
            lacking=_listed(lacking),
            unused=_listed(unused),
        )
    if lacking:
        return say("the query wants a value for {lacking}, which `params` does not have", lacking=_listed(lacking))
    if unused:
        return say(
            "`params` has {unused}, which the query does not use; a value is written `:name` there",
            unused=_listed(unused),
        )
    return None


def _listed(names: list[str]) -> str:
    return ", ".join(names[:MAX_NAMED])
