"""Queries that hide a call which makes a file on the server, by spellings that PostgreSQL has for it."""

import random
from collections.abc import Iterator

HIDDEN_SCHEMA = """
CREATE FUNCTION acts(int) RETURNS int LANGUAGE sql AS $$ SELECT lo_export(4711, '{out}') $$;
CREATE FUNCTION "É"() RETURNS int LANGUAGE sql AS $$ SELECT acts(1) $$;
CREATE FUNCTION "€x"() RETURNS int LANGUAGE sql AS $$ SELECT acts(1) $$;
CREATE FUNCTION "a""c"() RETURNS int LANGUAGE sql AS $$ SELECT acts(1) $$;
CREATE FUNCTION "LONG" () RETURNS int LANGUAGE sql AS $$ SELECT acts(1) $$;
CREATE FUNCTION strikes(stock) RETURNS int LANGUAGE sql AS $$ SELECT acts(1) $$;
CREATE FUNCTION joins(int, int) RETURNS int LANGUAGE sql AS $$ SELECT acts(1) $$;
CREATE OPERATOR !!! (leftarg = int, rightarg = int, function = joins);
CREATE AGGREGATE sums (int) (sfunc = joins, stype = int, initcond = '0');
CREATE VIEW through AS SELECT acts(1) AS x;
CREATE VIEW further AS SELECT x FROM through;
CREATE VIEW signs AS SELECT 1 !!! 2 AS x;
CREATE VIEW adds_up AS SELECT sums(amount) AS x FROM stock;
""".replace("LONG", "l" * 63)

MORE_SCHEMAS = (
    (
        "CREATE TYPE pair AS (a int); CREATE FUNCTION made(int) RETURNS pair LANGUAGE sql AS "
        "$$ SELECT ROW(acts($1))::pair $$; CREATE CAST (int AS pair) WITH FUNCTION made(int)",
        "SELECT (amount::pair).a AS x FROM stock",
    ),
    (
        "CREATE FUNCTION fits(int) RETURNS bool LANGUAGE sql AS $$ SELECT acts($1) > 0 $$; "
        "CREATE DOMAIN small AS int CHECK (fits(VALUE))",
        "SELECT pg_input_is_valid(amount::text, 'small') AS x, amount::small AS y FROM stock",
    ),
    (
        "CREATE FUNCTION sees(int) RETURNS bool LANGUAGE sql AS $$ SELECT acts($1) > 0 $$; "
        "ALTER TABLE stock ENABLE ROW LEVEL SECURITY; ALTER TABLE stock FORCE ROW LEVEL SECURITY; "
        "CREATE POLICY seen ON stock USING (sees(id))",
        "SELECT count(*) AS x FROM stock",
    ),
)
"""What is made besides, and the query that then calls."""

CALLS = (
    *("acts(1)", "public.acts(1)", "ACTS (1)", '"acts"/* ( */(1)', "acts -- (\n(1)", "(1).acts", "(1) . /**/ acts"),
    *('"É"()', "É()", "€x()", '"€x"()', '"a""c"()', f"{'l' * 63}()", f"{'l' * 70}()", 'U&"\\0061cts"(1)'),
    *(
        "(1 !!! 2)",
        "(1!!!2)",
        "(1 OPERATOR(public.!!!) 2)",
        "acts(n => 1)",
        "acts(VARIADIC 1)",
        "lo_export(4711, '{out}')",
    ),
    *("(SELECT s.strikes FROM stock s LIMIT 1)", "(SELECT strikes(s) FROM stock s LIMIT 1)"),
    *("(SELECT (s).strikes FROM stock s LIMIT 1)", '(SELECT s."strikes" FROM public.stock s LIMIT 1)'),
    *("(SELECT sums(amount) FROM stock)", "(SELECT x FROM through)", "(SELECT x FROM further)", "(TABLE signs)"),
    *("(SELECT x FROM adds_up)", '(SELECT x FROM "through")', "(SELECT x FROM public . through)"),
)
"""Ways to write the call."""

COVERS = (
    "SELECT {call} AS x",
    "SELECT E'a'\n'b\\'' || {call} || ' ' AS x",
    "SELECT e'\\'' || {call} || '' AS x",
    "SELECT 1E'\\'' || {call} || ' ' AS x",
    "SELECT U&'a' || {call} || ' ' AS x",
    "SELECT U&'a' UESCAPE '\\' || {call} || '' AS x",
    "SELECT 'a' -- '\r || {call}\n AS x",
    "SELECT 1 -- x\r, {call} AS x",
    "SELECT $€$'$€$ || {call} || '' AS x",
    "SELECT $é$ ' $é$ || {call} || ' ' AS x",
    "SELECT $a$ ' $a$ || {call} AS x",
    "SELECT 1 ` {call} ` 2 AS x",
    "SELECT /* /* */ ' */ {call} AS x",
    "SELECT /*/ */ {call} AS x",
    "SELECT N'a' || {call} AS x",
    "SELECT CASE WHEN {call} > 0 THEN 1 ELSE 2 END AS x",
    "SELECT 1 AS x WHERE {call} > 0",
    "SELECT 1 AS x ORDER BY {call}",
    "SELECT 1 AS x LIMIT {call}",
    "WITH a AS MATERIALIZED (SELECT {call} AS x) SELECT * FROM a",
    "VALUES ({call})",
    "SELECT x FROM stock, LATERAL (SELECT {call} + id AS x) AS a",
    'SELECT "a\u00a0" FROM (SELECT {call} AS "a\u00a0") AS b',
)
"""Queries around it, some of which a careless reader takes for a text or a comment."""


def hidden(seed: int, count: int) -> Iterator[str]:
    """Yield each call and each cover once, and then as many of both together as are wanted."""
    chosen = random.Random(seed)
    yield from (COVERS[0].replace("{call}", call) for call in CALLS)
    yield from (cover.replace("{call}", CALLS[0]) for cover in COVERS)
    for _ in range(count):
        yield chosen.choice(COVERS).replace("{call}", chosen.choice(CALLS))
