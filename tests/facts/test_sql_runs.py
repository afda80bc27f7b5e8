"""Runs whose facts come from a query: from the command to the record, and no credential anywhere."""

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from tests.facts.queries import KINDS
from tests.hostile.command import Captured, Done, accord
from tests.hostile.test_secrets import stored

PASSWORD, USER, HIDDEN = "canary-password-77d0", "canary_user_5a1b", "canary-row-0c9e"
TEAM = """\
name: restock
title: Restock
goal: Reorder or wait.
sequence: [buyer]
policy: launch
budget: {{min_go_votes: 1}}
private: [stock.names]
facts:
  - inline: {{region: EU}}
  - sql: shop
    query: {query}
    params: {{least: 5}}
    into: stock
    timeout: 5
    {more}
roles:
  buyer:
    title: Buyer
    mandate: Judge.
    checks: [{{when: facts.stock.low > 1, stance: block, summary: Two items are low., actions: [Reorder.]}}]
    otherwise: {{stance: go, summary: Enough., actions: [Wait.]}}
"""
READS = "SELECT count(*) AS low, min(name) AS names FROM stock WHERE amount < :least OR name = 'canary-row-0c9e'"


@pytest.fixture(params=KINDS)
def shop(request: pytest.FixtureRequest, accord_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A database of each kind with a row that nobody may see, listed in `accord.toml`; its address has canaries."""
    accord_home.mkdir()
    (accord_home / "accord.toml").write_text('[facts.sql.shop]\nurl_env = "SHOP_URL"\n')
    if request.param == "sqlite":
        path: Path = request.getfixturevalue("shop_file")
        path = path.rename(path.with_name(f"{PASSWORD}.sqlite"))
        monkeypatch.setenv("SHOP_URL", f"sqlite:///{path}")
        yield accord_home
        return
    url = request.getfixturevalue("shop_database")
    with psycopg.connect(url, autocommit=True) as connection:
        user = sql.Identifier(USER)
        connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(user))
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(user))
        connection.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO PUBLIC")
    monkeypatch.setenv("SHOP_URL", urlsplit(url)._replace(netloc=f"{USER}:{PASSWORD}@").geturl())
    yield accord_home
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP ROLE {}").format(user))


def team(query: str = READS, more: str = "") -> str:
    Path("team.yaml").write_text(TEAM.format(query=json.dumps(query), more=more))
    return "team.yaml"


def assert_clean(home: Path, *done: Done) -> None:
    canaries = (PASSWORD, USER, HIDDEN)
    assert not [canary for each in done for canary in canaries if canary in each.out + each.err], done
    found = [(name, each) for name, data in stored(home).items() for each in canaries[:2] if each.encode() in data]
    assert found == []


def run(capture: Captured, *arguments: str) -> tuple[Done, dict[str, Any]]:
    done = accord(capture, "run", *arguments, "--thread", "t", "--json")
    return done, json.loads(done.out)


def test_a_decision_from_a_query_says_where_its_facts_come_from(shop: Path, capsys: Captured) -> None:
    done, record = run(capsys, team())
    again = accord(capsys, "show", "t", "--json")

    assert (done.code, record["final_decision"]) == (0, "go"), done
    assert json.loads(again.out) == record
    inline, shop_source = record["sources"]
    assert (inline["source"], inline["kind"], inline["places"]) == ("team", "inline", ["region"])
    assert (shop_source["source"], shop_source["kind"], shop_source["cause"]) == ("shop", "sql", None)
    assert shop_source["places"] == ["stock"]
    assert len(shop_source["digest"]) == 64
    assert shop_source["as_of"] is None
    assert_clean(shop, done, again)


def test_more_items_that_are_low_change_what_the_role_says(shop: Path, capsys: Captured) -> None:
    done, record = run(capsys, team(READS.replace(":least", ":least * 2")))
    assert (done.code, record["trace"][0]["stance"]) == (4, "block"), done


CAUSES = {
    "DELETE FROM stock WHERE amount < :least": "database `shop`: the query may only read, and begins with `DELETE`",
    "WITH RECURSIVE r (n) AS (SELECT :least UNION ALL SELECT n + 1 FROM r) SELECT count(*) AS low FROM r": (
        "database `shop`: gave no answer within 0.5 s"
    ),
    "SELECT * FROM stok WHERE a = :least": "database `shop`: ",
    "SELECT amount AS low FROM stock WHERE amount > 99 + :least": "database `shop`: there is no row",
}


@pytest.mark.parametrize("query", CAUSES)
def test_a_run_without_its_facts_stops_and_the_record_says_why(query: str, shop: Path, capsys: Captured) -> None:
    path = Path(team(query))
    path.write_text(path.read_text().replace("timeout: 5", "timeout: 0.5"))
    done, record = run(capsys, "team.yaml")
    shown = accord(capsys, "show", "t")

    assert (done.code, record["stop_reason"]) == (3, "facts_unavailable:shop"), done
    assert record["sources"][1]["cause"].startswith(CAUSES[query])
    assert record["sources"][0]["cause"] is None
    assert "database `shop`" in shown.out
    assert_clean(shop, done, shown)


def test_a_server_that_refuses_the_user_leaves_no_trace_of_its_address(
    shop: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_URL", f"postgresql://{USER}:{PASSWORD}@127.0.0.1:1/{HIDDEN}")
    done, record = run(capsys, team())
    shown = [accord(capsys, *each) for each in (("show", "t"), ("audit", "export", "t"), ("why", "t"), ("doctor",))]

    assert record["sources"][1]["cause"] == (
        "database `shop`: cannot be read: the connection is refused; its address is in SHOP_URL"
    )
    assert_clean(shop, done, *shown)


def test_a_password_in_the_settings_is_refused_and_not_shown(shop: Path, capsys: Captured) -> None:
    (shop / "accord.toml").write_text(f'[facts.sql.shop]\nurl = "postgresql://{USER}:{PASSWORD}@h/n"\n')
    done = accord(capsys, "run", team(), "--thread", "t")

    assert done.code == 2, done
    assert (
        "`facts.sql.shop.url` has a password; put the address into a variable, and name that with `url_env`" in done.err
    )
    assert PASSWORD not in done.err


def test_names_without_values_are_refused_with_the_team(shop: Path, capsys: Captured) -> None:
    done = accord(capsys, "run", team(f"{READS} AND amount > :most"), "--thread", "t")
    assert done.code == 2, done
    assert "the query wants a value for `:most`, which `params` does not have" in done.err


def empty_the_shelves(address: str) -> None:
    if address.startswith("sqlite"):
        with closing(sqlite3.connect(address.removeprefix("sqlite:///"))) as file, file:
            file.execute("UPDATE stock SET amount = 0")
        return
    with psycopg.connect(address, autocommit=True) as server:
        server.execute("UPDATE stock SET amount = 0")


def test_a_watch_asks_the_database_again(shop: Path, request: pytest.FixtureRequest, capsys: Captured) -> None:
    run(capsys, team())
    held = accord(capsys, "watch", "t", "--json")
    address = os.environ["SHOP_URL"]
    empty_the_shelves(address if address.startswith("sqlite") else request.getfixturevalue("shop_database"))
    moved = accord(capsys, "watch", "t", "--reopen", "--json")
    new = accord(capsys, "show", "t.r1", "--json")

    assert (held.code, json.loads(held.out)["verdict"]) == (0, "holds"), held
    assert (moved.code, json.loads(moved.out)["reopened_as"]) == (1, "t.r1"), moved
    assert [each["kind"] for each in json.loads(new.out)["sources"]] == ["inline", "sql"]
    assert_clean(shop, held, moved, new)
