"""What of a query to PostgreSQL may act outside of its transaction, and who may not ask one.

READ ONLY keeps rows as they are; files, sessions, locks and messages are reached by functions. PostgreSQL lists those
that may act as volatile, so a query may reach none of them: neither by a name in it, nor by an operator, a cast or an
aggregate, nor by a view, a policy of a table or a domain. The text is read with care, and refused where PostgreSQL may
read it otherwise; a name that may mean a function or a column is taken for the function.
"""

from itertools import accumulate
from typing import Any

from graph.facts.databases.asking import QueryError
from policies.language import phrase, say
from policies.team.queries import called_names, dotted_names, find_unsure, parts_of, said_names

DEPTH = {"(": 1, ")": -1}
UNBALANCED = phrase("the query ends too soon, or has a `)` too many")

HARMLESS = (
    *("clock_timestamp", "timeofday", "random", "gen_random_uuid", "pg_sleep", "pg_sleep_for", "pg_sleep_until"),
    *("pg_relation_size", "pg_total_relation_size", "pg_table_size", "pg_indexes_size", "pg_database_size"),
)
"""Functions that are listed as volatile and leave nothing behind; one that sleeps is ended when the time is over."""

POWERS = (
    *("pg_write_server_files", "pg_read_server_files", "pg_execute_server_program"),
    *("pg_signal_backend", "pg_signal_autovacuum_worker"),
)
"""Roles that reach the server's files, programs and sessions."""

FIND_POWER = """
SELECT CASE WHEN rolsuper THEN 'SUPERUSER' WHEN rolreplication THEN 'REPLICATION' ELSE
    (SELECT min(power.rolname::text) FROM pg_catalog.pg_roles AS power
     WHERE power.rolname = ANY(%(powers)s) AND pg_catalog.pg_has_role(asking.oid, power.oid, 'MEMBER')) END
FROM pg_catalog.pg_roles AS asking WHERE rolname IN (current_user, session_user) ORDER BY 1 LIMIT 1
"""
"""The user's power over the server, if there is any; NULL comes last."""

IMPLIED = ("=", "<>", "<", "<=", ">", ">=", "~~", "!~~", "~~*", "!~~*", "~", "!~")
"""Operators that words such as IN, LIKE, BETWEEN and DISTINCT stand for."""

FIND_ACTING = r"""
WITH RECURSIVE acting AS MATERIALIZED (
  SELECT oid, proname, pronargs FROM pg_catalog.pg_proc WHERE provolatile = 'v'
  AND NOT (pronamespace = 'pg_catalog'::regnamespace AND proname = ANY(%(harmless)s))
), aggregates AS (
  SELECT p.oid, p.proname FROM pg_catalog.pg_aggregate AS a JOIN pg_catalog.pg_proc AS p ON p.oid = a.aggfnoid
  WHERE p.pronamespace <> 'pg_catalog'::regnamespace AND EXISTS (SELECT 1 FROM acting WHERE acting.oid IN (
    aggtransfn, aggfinalfn, aggcombinefn, aggserialfn, aggdeserialfn, aggmtransfn, aggminvtransfn, aggmfinalfn))
), operators AS (
  SELECT o.oid, o.oprname FROM pg_catalog.pg_operator AS o JOIN acting ON acting.oid = o.oprcode
), reached (oid) AS (
  SELECT oid FROM pg_catalog.pg_class WHERE relname = ANY(%(said)s::name[])
  UNION
  SELECT found[1]::oid FROM reached JOIN pg_catalog.pg_rewrite ON ev_class = reached.oid AND ev_type = '1',
  LATERAL regexp_matches(ev_action::text, ':relid (\d+)', 'g') AS found
), views AS MATERIALIZED (
  SELECT relname AS name, ev_action::text AS tree FROM reached JOIN pg_catalog.pg_class AS c ON c.oid = reached.oid
  JOIN pg_catalog.pg_rewrite ON ev_class = c.oid AND ev_type = '1'
  WHERE relnamespace NOT IN (SELECT oid FROM pg_catalog.pg_namespace
                             WHERE nspname IN ('pg_catalog', 'information_schema'))
  UNION ALL
  SELECT polname, polqual::text FROM reached JOIN pg_catalog.pg_policy ON polrelid = reached.oid
  WHERE polqual IS NOT NULL
), domains AS (
  SELECT t.typname AS name, conbin::text AS tree FROM pg_catalog.pg_constraint
  JOIN pg_catalog.pg_type AS t ON t.oid = contypid WHERE contype = 'c'
), trees AS (SELECT * FROM views UNION ALL SELECT * FROM domains), inner_calls AS (
  SELECT name, found[1] AS kind, found[2]::oid AS oid FROM trees,
  LATERAL regexp_matches(tree, ':(funcid|opfuncid|aggfnoid|winfnoid|opno) (\d+)', 'g') AS found
)
SELECT what, name::text FROM (
  SELECT 1 AS what, proname AS name FROM acting WHERE proname = ANY(%(called)s::name[])
  UNION ALL SELECT 1, proname FROM aggregates WHERE proname = ANY((%(called)s || %(dotted)s)::name[])
  UNION ALL SELECT 2, proname FROM acting WHERE pronargs > 0 AND proname = ANY(%(dotted)s::name[])
  UNION ALL SELECT 2, oprname FROM operators
    WHERE strpos(%(text)s, oprname::text) > 0 OR oprname = ANY(%(implied)s::name[])
  UNION ALL SELECT 2, acting.proname FROM pg_catalog.pg_cast JOIN acting ON acting.oid = castfunc
  UNION ALL SELECT 2, name FROM inner_calls WHERE kind <> 'opno' AND oid IN (
    SELECT oid FROM acting UNION ALL SELECT oid FROM aggregates)
  UNION ALL SELECT 2, name FROM inner_calls WHERE kind = 'opno' AND oid IN (SELECT oid FROM operators)
) AS every ORDER BY 1, 2 LIMIT 1
"""
"""What is or may be called that acts: 1 by its name and a parenthesis, 2 otherwise. Any domain may be met unnamed."""


def refuse_acting(reader: Any, query: str) -> None:
    """Refuse a user with power over the server, and a query which may call what acts.

    Raises:
        QueryError: the user has, or the query may.
    """
    _refuse_power(reader)
    if min(accumulate((DEPTH.get(part.text, 0) for part in parts_of(query)), initial=0)) < 0:
        raise QueryError(say(UNBALANCED))
    unsure = find_unsure(query)
    if unsure:
        raise QueryError(unsure)
    found = reader.exec_driver_sql(FIND_ACTING, _values_of(query)).first()
    if found:
        raise QueryError(_said_of(*found))


def _refuse_power(reader: Any) -> None:
    power = reader.exec_driver_sql(FIND_POWER, {"powers": [*POWERS]}).scalar_one()
    if power:
        told = say(
            "its user has power over the server ({power}); name a user in its address who may only select",
            power=power,
        )
        raise QueryError(told)


def _values_of(query: str) -> dict[str, Any]:
    named = {"called": called_names(query), "dotted": dotted_names(query), "said": said_names(query)}
    lists = {**named, "implied": IMPLIED, "harmless": HARMLESS}
    return {"text": query, **{name: [*each] for name, each in lists.items()}}


def _said_of(what: int, name: str) -> str:
    if what == 1:
        return say(
            "the query may only read, and calls `{name}`, which PostgreSQL lists as volatile: it may act; allowed: "
            "functions that are stable or immutable",
            name=name,
        )
    return say(
        "the query may only read, and may reach `{name}`, which is, or calls, a function that PostgreSQL lists as "
        "volatile; declare that function STABLE if it only reads",
        name=name,
    )
