"""No spelling calls a function that may act, also for a user who has every right."""

from pathlib import Path

import psycopg
import pytest

from graph.facts.databases import acting, postgres
from tests.facts.hidden_calls import HIDDEN_SCHEMA, MORE_SCHEMAS, hidden
from tests.facts.queries import VARIABLE, facts, said
from tests.facts.test_hostile_queries import came_of, out

__all__ = ["out"]
pytestmark = pytest.mark.needs("postgres")


@pytest.fixture
def trusted(shop_database: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a user with every right, who is not refused."""
    monkeypatch.setattr(acting, "FIND_POWER", "SELECT NULL AS power, %(powers)s::text[]")
    return shop_database


def test_no_spelling_of_a_call_makes_a_file(trusted: str, out: Path) -> None:
    with psycopg.connect(trusted, autocommit=True) as judge:
        judge.execute(HIDDEN_SCHEMA.replace("{out}", str(out)).encode())
    for query in hidden(seed=19, count=60):
        came = came_of(postgres, trusted, query.replace("{out}", str(out)))
        assert (isinstance(came, Exception), out.exists()) == (True, False), (query, came)


@pytest.mark.parametrize(("schema", "query"), MORE_SCHEMAS)
def test_no_cast_domain_or_policy_makes_a_file(schema: str, query: str, trusted: str, out: Path) -> None:
    with psycopg.connect(trusted, autocommit=True) as judge:
        judge.execute((HIDDEN_SCHEMA + schema).replace("{out}", str(out)).encode())
    came = came_of(postgres, trusted, query)
    assert (str(came)[:44], out.exists()) == ("the query may only read, and may reach `" + str(came)[40:44], False)


def test_the_same_spellings_make_a_file_where_nothing_keeps_them_from_it(shop_database: str, out: Path) -> None:
    made = 0
    with psycopg.connect(shop_database, autocommit=True) as judge:
        judge.execute(HIDDEN_SCHEMA.replace("{out}", str(out)).encode())
        for query in dict.fromkeys(hidden(seed=19, count=0)):
            try:
                judge.execute(query.replace("{out}", str(out)).encode())
            except psycopg.Error:
                continue
            made += out.exists()
            out.unlink(missing_ok=True)
    assert made > 30


HONEST = (
    "SELECT count(*) AS n, max(s.price) AS price FROM public.stock AS s WHERE s.name LIKE '%o%'"
    " AND amount BETWEEN 0 AND 9",
    'SELECT "name" AS "größe" FROM low -- the größe isn\'t E\'x\'\r\n LIMIT 1',
    "SELECT 1.5e3 AS a, 1e-2 AS b, '\\' AS c, 'it''s' AS d, DATE '2026-01-31' AS e, random() < 2 AS f",
)


@pytest.mark.parametrize("query", HONEST)
def test_an_honest_query_is_not_refused(query: str, server: str) -> None:
    assert facts(query)


@pytest.mark.parametrize("power", ["pg_write_server_files", "pg_execute_server_program", "pg_signal_backend"])
def test_a_user_with_power_over_the_server_is_refused(power: str, server: str) -> None:
    with psycopg.connect(server, autocommit=True) as judge:
        judge.execute(f"GRANT {power} TO accord_reader".encode())
        try:
            told = said("SELECT 1 AS n")
        finally:
            judge.execute(f"REVOKE {power} FROM accord_reader".encode())
    assert told == f"its user has power over the server ({power}); name a user in its address who may only select"


def test_a_superuser_is_refused(shop_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, shop_database)
    assert said("SELECT 1 AS n").startswith("its user has power over the server (SUPERUSER); ")
