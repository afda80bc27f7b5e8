"""Facts from a query: what they are, and in one sentence why there are none."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from graph.config.entries import DatabaseEntry
from graph.facts.databases.asking import Clock
from graph.facts.settings import FactSettings
from tests.facts.kept import sessions_left
from tests.facts.queries import VARIABLE, facts, said

# --- what a query gives ----------------------------------------------------------------------------------------------


def test_one_row_is_an_object_of_its_columns(shop: str) -> None:
    assert facts("SELECT count(*) AS items, sum(amount) AS amount FROM stock;") == {"items": 3, "amount": 47}


def test_all_rows_are_a_list_of_objects(shop: str) -> None:
    query = "SELECT name, amount FROM low ORDER BY name"
    assert facts(query, rows="all") == [{"name": "bolt", "amount": 7}, {"name": "nut", "amount": 0}]
    assert facts(f"{query} LIMIT 0", rows="all") == []


def test_values_are_bound_and_never_part_of_the_query(shop: str) -> None:
    query = "SELECT count(*) AS n FROM stock WHERE name = :name OR amount > :least AND :yes -- 100 % of ':name'"
    given = {"least": 30, "yes": True}
    assert facts(query, params={"name": "nut", **given}) == {"n": 2}
    assert facts(query, params={"name": "x' OR 1 = 1 --", **given}) == {"n": 1}
    assert facts("SELECT :a * :a AS n", params={"a": 300}) == {"n": 90_000}
    assert facts("SELECT '%' AS a, ':b' AS b, 1 % 2 AS c, CAST(:none AS text) AS d", params={"none": None}) == {
        **{"a": "%", "b": ":b", "c": 1},
        "d": None,
    }


@pytest.mark.needs("postgres")
def test_types_of_postgres_are_facts_in_one_form(server: str) -> None:
    query = """
      SELECT 1.50::numeric AS price, 12::numeric AS whole, 12.00::numeric(10, 2) AS cents, true AS yes,
        DATE '2026-01-31' AS day, TIMESTAMPTZ '2026-01-31 12:00+01' AT TIME ZONE 'UTC' AS moment,
        '{"a": [1, null]}'::jsonb AS tree, ARRAY[1, 2] AS list, 'a'::char(3) AS padded,
        '00000000-0000-0000-0000-000000000001'::uuid AS id, NULL::int AS nothing
    """
    assert facts(query) == {
        **{"price": 1.5, "whole": 12, "cents": 12.0, "yes": True, "day": "2026-01-31"},
        **{"moment": "2026-01-31T11:00:00", "tree": {"a": [1, None]}, "list": [1, 2], "padded": "a  "},
        **{"id": "00000000-0000-0000-0000-000000000001", "nothing": None},
    }


def test_a_file_of_full_text_search_and_one_in_write_ahead_mode_are_read(file: Path) -> None:
    assert facts("SELECT body FROM notes WHERE notes MATCH :word", params={"word": "bolts"}) == {
        "body": "bolts are low"
    }
    with closing(sqlite3.connect(file, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE stock SET amount = 99")
        assert facts("SELECT sum(amount) AS n FROM stock") == {"n": 47}
        writer.execute("COMMIT")
        assert facts("SELECT sum(amount) AS n FROM stock") == {"n": 297}


def test_the_path_of_a_file_starts_at_the_folder_of_the_settings(file: Path) -> None:
    entry = DatabaseEntry(url="sqlite:///shop.sqlite")
    assert facts("SELECT 1 AS n", FactSettings(databases={"shop": entry}, folder=file.parent)) == {"n": 1}


# --- why there are none ----------------------------------------------------------------------------------------------

LONG = "x" * 3_000
BOTH: dict[str, tuple[str, dict[str, Any], str]] = {
    "writes": (
        "DELETE FROM stock",
        {},
        "the query may only read, and begins with `DELETE`; allowed: SELECT, VALUES, WITH",
    ),
    "says nothing": ("-- SELECT 1", {}, "the query may only read, and begins with `-- SELECT 1`; allowed: SELECT"),
    "two statements": ("SELECT 1; DELETE FROM stock", {}, "the query has more than one statement; allowed: one"),
    "no row": (
        "SELECT * FROM stock WHERE amount > 999",
        {},
        "there is no row; allowed: exactly one, or any number with `rows: all`",
    ),
    "two rows": (
        "SELECT name FROM low",
        {},
        "there is more than one row; allowed: exactly one, or any number with `rows: all`",
    ),
    "too many rows": (
        "WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT n FROM r LIMIT 1001",
        {"rows": "all"},
        "there are more than 1000 rows; read fewer, or what they add up to",
    ),
    "too many characters": (
        f"WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 400) SELECT '{LONG}' AS a FROM r",
        {"rows": "all"},
        "the query gives more than 1,000,000 characters; select less",
    ),
    "never ends": (
        "WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT count(*) FROM r",
        {"timeout": 0.5},
        "gave no answer within 0.5 s; make the query faster, or raise the source's `timeout`",
    ),
    "same name": ("SELECT 1 AS a, 2 AS a", {}, "two columns are called 'a'; give each a name of its own"),
}


@pytest.mark.parametrize("case", BOTH)
def test_a_query_that_gives_no_facts_is_one_sentence(case: str, shop: str) -> None:
    query, more, sentence = BOTH[case]
    assert said(query, **more).startswith(sentence)


SQLITE: dict[str, tuple[str, str]] = {
    "syntax": ("SELECT * FRM stock", 'SQLite refuses the query: near "FRM": syntax error'),
    "cut off": ("SELECT * FROM", "SQLite refuses the query: incomplete input"),
    "unknown table": ("SELECT * FROM stok", "SQLite refuses the query: no such table: stok"),
    "unknown column": ("SELECT stok FROM stock", "SQLite refuses the query: no such column: stok"),
    "unknown function": ("SELECT fuzz(1)", "SQLite refuses the query: no such function: fuzz"),
    "searches for a pattern": (
        "SELECT 'a' REGEXP 'a'",
        "the query may only read, and SQLite did not allow `regexp()`",
    ),
    "bytes": (
        "SELECT x'00ff' AS a",
        "the column `a` has a value of the type bytes, which cannot be a fact; convert it",
    ),
    "infinity": ("SELECT 1e999 AS a", "`a` is inf; allowed: finite numbers"),
    "writes within": (
        "WITH a AS (SELECT 1) INSERT INTO log SELECT 1, 2 FROM a",
        "the query may only read, and SQLite did not allow `INSERT`",
    ),
    "asks a pragma": (
        "SELECT * FROM pragma_table_info('stock')",
        "the query may only read, and SQLite did not allow `pragma_table_info`",
    ),
    "loads code": (
        "SELECT load_extension('x')",
        "the query may only read, and SQLite did not allow `load_extension()`",
    ),
    "long value": (
        "SELECT zeroblob(2000000) AS a",
        "the query makes or reads a value, or a row, of more than 1,000,000",
    ),
    "long text": ("SELECT hex(zeroblob(20000)) AS a", "`a` has 40000 characters; allowed: at most 20000"),
    "value in the error": (
        "SELECT json('canary')",
        "SQLite refuses the query, or a value that it meets (SQLITE_ERROR)",
    ),
    "value as a column": (
        "SELECT body FROM notes WHERE notes MATCH 'can' || 'ary:x'",
        "SQLite refuses the query, or a value that it meets (SQLITE_ERROR)",
    ),
    "text that is none": ("SELECT CAST(x'ff' AS text) AS a", "a text in the database is not UTF-8"),
    "number in another form": (
        "SELECT ?1 AS a",
        "SQLite refuses the query, or a value that it meets (ProgrammingError)",
    ),
}


@pytest.mark.parametrize("case", SQLITE)
def test_what_sqlite_says_is_passed_on_where_it_is_about_the_query(case: str, file: Path) -> None:
    query, sentence = SQLITE[case]
    told = said(query)
    assert told.startswith(sentence), told
    assert "canary" not in told


POSTGRES: dict[str, tuple[str, str]] = {
    "syntax": ("SELECT * FRM stock", 'PostgreSQL refuses the query: syntax error at or near "FRM"'),
    "cut off": ("SELECT * FROM", "the query ends too soon, or has a `)` too many"),
    "around the limits": (
        "SELECT repeat('x', 2000000) AS a) AS accord_rows UNION ALL SELECT * FROM (SELECT 'b' AS a",
        "the query ends too soon, or has a `)` too many",
    ),
    "unknown table": ("SELECT * FROM stok", 'PostgreSQL refuses the query: relation "stok" does not exist'),
    "unknown column": ("SELECT stok FROM stock", 'PostgreSQL refuses the query: column "stok" does not exist'),
    "unknown function": ("SELECT fuzz(1)", "PostgreSQL refuses the query: function fuzz(integer) does not exist"),
    "bytes": (
        "SELECT '\\x00'::bytea AS a",
        "the column `a` has a value of the type bytes, which cannot be a fact; convert it",
    ),
    "interval": (
        "SELECT interval '1 day' AS a",
        "the column `a` has a value of the type timedelta, which cannot be a fact",
    ),
    **{
        f"time {value}": (f"SELECT {value} AS a", "the query gives a date or time that has no form as a fact")
        for value in (
            *(
                "'infinity'::date",
                "'-infinity'::timestamp",
                "'0001-01-01 BC'::date",
                "'24:00'::time",
                "'24:00'::timetz",
            ),
            *("'9999-12-31 23:59:59-15'::timestamptz", "ARRAY['infinity'::date]", "'infinity'::timestamptz"),
            *("'10000-01-01'::date", "'10000-01-01'::timestamp", "'0044-03-15 12:00 BC'::timestamp"),
        )
    },
    "not a number": ("SELECT 'NaN'::float AS a", "`a` is nan; allowed: finite numbers"),
    "large": ("SELECT 2 ^ 60::numeric AS a", "`a` is "),
    "writes within": (
        "WITH gone AS (DELETE FROM stock RETURNING id) SELECT * FROM gone",
        "the query may only read, and its WITH writes",
    ),
    "into": ("SELECT 1 AS a INTO t", "the query may only read, and its SELECT has INTO, which makes a table"),
    "locks": (
        "SELECT * FROM stock FOR UPDATE",
        "the query may only read, and PostgreSQL says: cannot execute SELECT FOR",
    ),
    "counts up": (
        "SELECT nextval('numbers')",
        "the query may only read, and calls `nextval`, which PostgreSQL lists as",
    ),
    "calls what writes": (
        "SELECT adds()",
        "the query may only read, and calls `adds`, which PostgreSQL lists as volatile",
    ),
    "in a name of codes": ('SELECT U&"\\0061dds"()', 'the query has a name in the form U&"…"; write its letters'),
    "divides by zero": ("SELECT 1 / 0", "the query divides by zero"),
    "long row": ("SELECT repeat('x', 2000000) AS a", "the query gives a row of more than 1,000,000 bytes"),
    "value in the error": (
        "SELECT ('can' || 'ary')::int",
        "PostgreSQL refuses the query, or a value that it meets (SQLSTATE 22P02)",
    ),
    "value as a table": (
        "SELECT ('can' || 'ary')::regclass",
        "PostgreSQL refuses the query, or a value that it meets (SQLSTATE 42P01)",
    ),
}


@pytest.mark.needs("postgres")
@pytest.mark.parametrize("case", POSTGRES)
def test_what_postgres_says_is_passed_on_where_it_is_about_the_query(case: str, server: str) -> None:
    query, sentence = POSTGRES[case]
    told = said(query)
    assert told.startswith(sentence), told
    assert "canary" not in told


@pytest.mark.needs("postgres")
@pytest.mark.parametrize(
    "query", ["SELECT pg_sleep(60)", "SELECT count(*) FROM generate_series(1, 900000) a, generate_series(1, 900000) b"]
)
def test_a_query_that_never_ends_is_ended_on_the_server_too(query: str, server: str) -> None:
    begun = time.monotonic()
    assert said(query, timeout=0.5).startswith("gave no answer within 0.5 s")
    assert time.monotonic() - begun < 5
    with psycopg.connect(server, autocommit=True) as judge:
        assert sessions_left(judge) == []


@pytest.mark.needs("postgres")
def test_the_server_ends_a_query_by_itself_where_nobody_cancels_it(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Clock, "stop", lambda _: None)
    assert said("SELECT pg_sleep(60)", timeout=0.5).startswith("gave no answer within 0.5 s")
    with psycopg.connect(server, autocommit=True) as judge:
        assert sessions_left(judge) == []


@pytest.mark.needs("postgres")
def test_a_user_who_may_not_read_a_table_is_one_sentence(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS clerk; CREATE ROLE clerk LOGIN")
        connection.execute("REVOKE SELECT ON stock FROM PUBLIC")
    try:
        monkeypatch.setenv(VARIABLE, urlsplit(server)._replace(netloc="clerk:@").geturl())
        assert said("SELECT * FROM stock") == "the user of the database may not read what the query selects"
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute("DROP ROLE clerk")
