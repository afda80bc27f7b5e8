"""Queries: which names they want values for, what they call, how they begin, and whether they are one statement."""

import random
import sqlite3
from contextlib import closing

import pytest

from policies.team.queries import (
    bound_names,
    called_names,
    dotted_names,
    find_unbound,
    find_unsure,
    first_word,
    is_named,
    is_single,
    parts_of,
    said_names,
)

BOUND = {
    "SELECT :a, :b, :a": ("a", "b"),
    "SELECT x::text, :a::int": ("a",),
    "SELECT x[1:2], y[1:n] FROM t": (),
    "SELECT ':a', 'it''s :a', \":a\", `:a`": (),
    "SELECT E'it\\'s :a', :b": ("b",),
    "SELECT $$ :a $$, $t$ $$ :a $t$, :b": ("b",),
    "SELECT 1 -- :a\n, :b": ("b",),
    "SELECT /* :a /* :a */ :a */ :b": ("b",),
    "SELECT /* :a": (),
    "SELECT 'open :a": (),
    'SELECT "open :a': (),
    "SELECT E'open :a\\": (),
    "SELECT $$ open :a": (),
    "SELECT :1, : a, x:a": (),
    "SELECT :_a1, :größe": ("_a1", "größe"),
    "": (),
}


@pytest.mark.parametrize("query", BOUND)
def test_a_value_is_wanted_for_each_name_outside_of_texts_names_and_comments(query: str) -> None:
    assert bound_names(query) == BOUND[query]
    whole = "".join(f":{part.text}" if part.kind == "bound" else part.text for part in parts_of(query))
    assert whole == query


CALLED = {
    "SELECT count(*), Max (x)": ("count", "max"),
    'SELECT "Odd"(1), "a""b"(2)': ("Odd", 'a"b'),
    "SELECT pg_sleep/* ( */(1), pg_catalog.now\n(  )": ("pg_sleep", "now"),
    "SELECT 'f(1)', f -- (1)\n": (),
    "SELECT (1), :a (2), 'x' (3)": ("select",),
    "SELECT f": (),
}


@pytest.mark.parametrize("query", CALLED)
def test_what_is_called_has_a_parenthesis_behind_it(query: str) -> None:
    assert called_names(query) == CALLED[query]


def test_names_behind_a_dot_and_all_names_are_told() -> None:
    query = 'SELECT s.Amount, (s) . /* x.y */ "Odd" FROM main.stock AS s -- a.b'
    assert dotted_names(query) == ("amount", "Odd", "stock")
    assert said_names(query) == ("select", "s", "amount", "Odd", "from", "main", "stock", "as")


SURE = (
    "SELECT 'it''s', \"größe\", 1.5e3, 1e-2, a$b, :a::int, x[1:2] FROM t -- E'é'\r\n",
    "SELECT N , 'a' /* \r é ` $$ */;",
)
UNSURE = {
    "SELECT E'a'": "a text in another form",
    "SELECT $$a$$": "a text in another form",
    "SELECT U&'a'": "a text in another form",
    "SELECT x'00'": "a text in another form",
    "SELECT 1E'a'": "a text in another form",
    "SELECT :a'a'": "a text in another form",
    "SELECT é'a'": "a name with letters beyond",
    'SELECT U&"a"': "a name in the form U&",
    'SELECT 1u&"a"': "`1u`, which is neither a name nor a number",
    "SELECT É()": "a name with letters beyond",
    "SELECT €x()": "a name with letters beyond",
    "SELECT\u00a01": "a name with letters beyond",
    "SELECT `a`": "a name with letters beyond",
    "SELECT 1 -- a\r, f()": "a comment in which a line ends",
    "SELECT 1 -- a\r\r\n": "a comment in which a line ends",
    "SELECT $1": "`$`, which is neither a name nor a number",
    "SELECT 1\x00": "a control character",
    "SELECT '\x1b'": "a control character",
    "SELECT 0x1f": "`0x1f`, which is neither",
}


@pytest.mark.parametrize("query", SURE)
def test_a_query_in_plain_forms_is_read_for_sure(query: str) -> None:
    assert find_unsure(query) is None


@pytest.mark.parametrize("query", UNSURE)
def test_what_postgres_may_read_otherwise_is_told(query: str) -> None:
    assert str(find_unsure(query)).startswith(f"the query has {UNSURE[query]}")


FIRST = {
    "select 1": "SELECT",
    " -- x\n/* y */ ((With a AS (SELECT 1) SELECT 2))": "WITH",
    "'a'": "",
    '"select" 1': "",
    "": "",
    "/* nothing": "",
    ";": "",
}


@pytest.mark.parametrize("query", FIRST)
def test_a_query_begins_with_its_first_word(query: str) -> None:
    assert first_word(query) == FIRST[query]


SINGLE = {
    "SELECT 1": True,
    "SELECT ';', \";\" -- ;\n/* ; */;": True,
    "SELECT 1;; ; -- x": True,
    "SELECT $$;$$": True,
    ";": True,
    "": True,
    "SELECT 1; SELECT 2": False,
    "; SELECT 1": False,
    "SELECT E'\\'; --'": True,
    "SELECT '\\'; DELETE FROM t": False,
    "COMMIT; DELETE FROM t --": False,
}


@pytest.mark.parametrize("query", SINGLE)
def test_one_statement_may_have_an_end_and_nothing_behind_it(query: str) -> None:
    assert is_single(query) is SINGLE[query]


NAMED = {
    "t": True,
    "T": True,
    "main.t": True,
    "t.main": True,
    "Odd": True,
    "kept": False,
    "ada": False,
    "'ada'": True,
    "t.ada": False,
    "(": True,
}


@pytest.mark.parametrize("name", NAMED)
def test_a_query_has_the_names_that_are_written_in_it(name: str) -> None:
    assert is_named(name, "SELECT \"Odd\", (x) FROM main.t WHERE y = 'ada' -- kept") is NAMED[name]


def test_names_and_values_that_lack_each_other_are_named() -> None:
    query = "SELECT :since, :region"
    said = [find_unbound(query, params) for params in ({"since": 1, "region": 2}, {"since": 1}, {"region": 1, "a": 2})]
    assert said == [
        None,
        "the query wants a value for `:region`, which `params` does not have",
        "the query wants a value for `:since`, which `params` does not have; values that no name uses: `a`",
    ]
    assert find_unbound("SELECT ':a'", {"a": 1}) == (
        "`params` has `a`, which the query does not use; a value is written `:name` there"
    )
    many = " ".join(f":n{number}" for number in range(20))
    assert str(find_unbound(many, {})).count(":n") == 8


# --- SQLite as the judge ---------------------------------------------------------------------------------------------

PIECES = (
    "'a :x b'",
    '":x"',
    "`:x`",
    "/* :x */",
    "-- :x\n",
    ":a",
    ":b1",
    "1",
    "(:c)",
    "'it''s'",
    "''",
    "x'00'",
    ":a||':b1'",
)


def wanted_by_sqlite(query: str) -> set[str]:
    """The names for which SQLite wants a value: those that it asks a mapping for."""
    asked: set[str] = set()

    class Values(dict[str, int]):
        def __missing__(self, name: str) -> int:
            asked.add(name)
            return 1

    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute(query, Values())
    return asked


def test_sqlite_wants_values_for_the_same_names() -> None:
    chosen = random.Random(19)
    for _ in range(500):
        pieces = [chosen.choice(PIECES) for _ in range(chosen.randint(1, 8))]
        spoken = "".join(
            piece if piece.startswith(("/*", "--")) else f" {piece} AS c{number}, "
            for number, piece in enumerate(pieces)
        )
        query = f'SELECT {spoken} 0 FROM (SELECT 1 AS ":x")'

        assert set(bound_names(query)) == wanted_by_sqlite(query), query
