"""Nothing secret is written anywhere: canaries in the environment, in private facts, in what providers send back."""

import asyncio
import json
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql
from pydantic import SecretStr

from graph.opening import open_runner
from tests.harness import CHECKOUT_ROLES, ScriptedVoice, proposal, settings_at, team_of
from tests.hostile.command import Captured, Done, accord, process
from tests.hostile.test_secrets import stored
from tests.scripted_server import Answer, Script, closes, forever, says, serve, status, text

pytestmark = pytest.mark.slow

KEY, UNRELATED, PASSWORD = "sk-canary-3f1c9d52-77aa", "canary-unrelated-5e0b", "canary-password-91d7"
BODY, HEADER, PRIVATE, CARD = "canary-body-c2f8", "canary-header-04be", "canary-private-6a1d", 7234567890123456789
CANARIES = (KEY, UNRELATED, PASSWORD, BODY, HEADER, PRIVATE, str(CARD))
READING = (
    *(["show", "t"], ["show", "t", "--json"], ["list"], ["list", "--json"], ["why", "t"], ["why", "t", "--json"]),
    *(["audit", "verify"], ["audit", "verify", "t", "--json"], ["audit", "export", "t"], ["replay", "t", "--json"]),
    *(["whatif", "--policy", "unanimous", "--all"], ["whatif", "--policy", "quorum", "--all", "--json"]),
    *(["show", "t", "--html", "-"], ["show", "t", "--markdown", "-"], ["doctor"]),
    *(["audit", "export", "t", "--out", "home/t.jsonl"], ["show", "t", "--html", "home/t.html"]),
)
"""Every command that reads a thread; what they write to files lies in the data directory, too."""


@pytest.fixture
def place(accord_home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Iterator[Path]:
    """The data directory, under an environment with canaries; no log has any of them."""
    monkeypatch.setenv("UNRELATED_TOKEN", UNRELATED)
    monkeypatch.setenv("OPENAI_ORGANIZATION", UNRELATED)
    caplog.set_level(logging.INFO)
    yield accord_home
    assert not [canary for canary in CANARIES if canary in caplog.text]


def assert_clean(home: Path, *done: Done, canaries: Sequence[str] = CANARIES) -> None:
    """No canary is in what was printed, nor in any file of the data directory."""
    for each in done:
        assert not [canary for canary in canaries if canary in each.out + each.err], each
    files = stored(home)
    assert "accord.sqlite" in files
    found = [(name, canary) for name, data in files.items() for canary in canaries if canary.encode() in data]
    assert found == []


def read(capture: Captured, *commands: Sequence[str]) -> list[Done]:
    """Run every command that reads; none of them may break."""
    done = [accord(capture, *command) for command in (*READING, *commands)]
    assert not [each for each in done if each.code not in (0, 1, 2, 3) or "unexpected" in each.err]
    assert [each.code for each in done[:1]] != [2], done[0]
    return done


# --- the environment, and what a provider sends back -----------------------------------------------------------------

ECHO = {"error": {"message": f"Not with Authorization: Bearer {KEY}", "param": KEY, "code": BODY, "type": BODY}}
"""The message is the provider's own word, and kept but for the key; what is around it is not."""
HEADERS = {
    "retry-after": "0",
    "x-should-retry": HEADER,
    "x-request-id": HEADER,
    "x-echo": f"Bearer {KEY}",
    "date": HEADER,
}
WAIT = {**HEADERS, "retry-after": HEADER, "retry-after-ms": "1", "x-ratelimit-reset": HEADER}
FAILING: dict[str, Answer] = {
    "a refused key": status(401, ECHO, HEADERS),
    "a bad request as a page": status(400, f"<p class='{BODY}'>No: {KEY}</p>", HEADERS),
    "a limit": forever(status(429, ECHO, {**HEADERS, "retry-after": "999"})),
    "a wait that is none": forever(status(429, ECHO, {**WAIT, "retry-after": "0"})),
    "an answer that is none": status(200, {"choices": "none", "echo": KEY}, HEADERS),
    "a redirect": status(307, ECHO, {**HEADERS, "location": f"http://127.0.0.1:1/{BODY}?key={KEY}"}),
    "a brief that fails": status(400, ECHO, HEADERS),
}


def lines_of(name: str) -> Script:
    """Everybody goes, but the risk analyst fails; or the brief does."""
    usual: dict[Any, Any] = {**dict.fromkeys(CHECKOUT_ROLES, forever(says("go"))), "brief": text("Agreed.")}
    return {**usual, "brief" if name.startswith("a brief") else "risk_analyst": FAILING[name]}


@pytest.mark.slow
@pytest.mark.parametrize("name", FAILING)
def test_what_a_provider_echoes_is_nowhere_after_the_stop_the_resume_and_every_way_to_read(
    name: str, place: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    with serve(lines_of(name)) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        ran = accord(capsys, "run", "--thread", "t")
        assert server.calls[0].headers["authorization"] == f"Bearer {KEY}"
    assert ran.code == 3, ran
    assert_clean(place, ran, *read(capsys))

    with serve({"risk_analyst": forever(says("caution")), "brief": text("Agreed.")}) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.base_url)
        resumed = accord(capsys, "resume", "t", "--json")

    assert resumed.code == 0, resumed
    assert_clean(place, ran, resumed, *read(capsys))


@pytest.mark.system
def test_a_process_and_its_batch_write_no_secret_of_their_environment(tmp_path: Path) -> None:
    (tmp_path / "cases.jsonl").write_text('{"id": "a"}\n{"id": "b", "overrides": {"policy": "quorum"}}\n')
    answers: dict[Any, Any] = {**dict.fromkeys(CHECKOUT_ROLES, forever(says("go"))), "brief": forever(text("Agreed."))}
    env = {"OPENAI_API_KEY": KEY, "UNRELATED_TOKEN": UNRELATED, "PGPASSWORD": PASSWORD, "LOG_LEVEL": "DEBUG"}

    with serve({**answers, "risk_analyst": forever(status(403, ECHO, HEADERS))}) as server:
        commands = (["run", "--thread", "t"], ["batch", "cases.jsonl"])
        done = [process(tmp_path, *each, env={**env, "OPENAI_BASE_URL": server.base_url}) for each in commands]

    assert [each.code for each in done] == [3, 3]
    assert_clean(tmp_path / "home", *done)


@pytest.mark.slow
def test_the_journal_that_is_still_open_holds_no_secret_either(place: Path) -> None:
    async def run_and_look(base_url: str) -> dict[str, bytes]:
        settings = settings_at(place, base_url, openai_api_key=SecretStr(KEY))
        async with open_runner(settings) as runner:
            record = await runner.run(
                team_of(settings, "checkout_launch", f"facts.secret={PRIVATE}", "private=[secret]"), "t"
            )
            assert record["stop_reason"] == "llm_timeout"
            return dict(stored(place))

    answers: Script = {**dict.fromkeys(CHECKOUT_ROLES, forever(says("go"))), "risk_analyst": forever(closes())}
    with serve(answers) as server:
        while_open = asyncio.run(run_and_look(server.base_url))
        assert all(PRIVATE not in json.dumps(call.body) for call in server.calls)

    assert "accord.sqlite-wal" in while_open
    assert not [name for name, data in while_open.items() if KEY.encode() in data or PRIVATE.encode() in data]


@pytest.mark.slow
@pytest.mark.needs("postgres")
def test_the_password_of_a_database_is_in_no_table_and_no_output(
    place: Path, postgres_database: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = urlsplit(postgres_database)
    user = parts.netloc.rpartition("@")[0].partition(":")[0]
    url = parts._replace(netloc=f"{user}:{PASSWORD}@{parts.netloc.rpartition('@')[2]}").geturl()
    monkeypatch.setenv("ACCORD_DATABASE_URL", url)
    Path("home").mkdir()

    done = [
        accord(capsys, "run", "--thread", "t", "--set", "budget.max_messages=2"),
        accord(capsys, "resume", "t", "--budget", "max_messages=9"),
        *read(capsys, ["show", "nobody"], ["resume", "nobody"]),
    ]
    monkeypatch.setenv("ACCORD_DATABASE_URL", url.replace(f"/{parts.path[1:]}", "/no_such_database"))
    done += [
        accord(capsys, *command)
        for command in (["run"], ["list"], ["audit", "verify"], ["whatif", "--policy", "launch"])
    ]

    assert [each.code for each in (done[0], done[1], *done[-4:])] == [3, 0, 2, 2, 2, 2], done
    assert not [each for each in done if PASSWORD in each.out + each.err]
    with psycopg.connect(url) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        rows = [
            row
            for (name,) in names
            for row in connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(name)))
        ]
    assert len(rows) > 10
    assert PASSWORD not in repr(rows)
    assert not [name for name, data in stored(place).items() if PASSWORD.encode() in data]


# --- private facts ---------------------------------------------------------------------------------------------------

FACTS: dict[str, Any] = {"region": "US", "margin": 5, "customer": {"name": PRIVATE, "iban": PRIVATE, "tier": "gold"}}
THIN = "{when: facts.margin < 3, stance: block, summary: Thin., actions: [Wait.]}"
ROLE = f"{{title: Risk, mandate: Judge., checks: [{THIN}],"
TEAM = f"""\
name: small
title: Small
goal: Decide.
sequence: [risk]
policy: launch
budget: {{min_go_votes: 1}}
requires: [margin]
private: [customer.name, customer.iban, notes]
guards: [{{name: margin, fact: margin, below: 1, cap: no_go}}]
roles:
  risk: {ROLE} otherwise: {{stance: go, summary: Fine., actions: [Go on.]}}}}
"""


def team(facts: str) -> str:
    Path("team.yaml").write_text(f"{TEAM}{facts}\n")
    return "team.yaml"


def facts_file(facts: Any, name: str = "facts.json") -> str:
    Path(name).write_text(json.dumps(facts))
    return name


def by_batch(capture: Captured, **line: Any) -> Done:
    Path("cases.jsonl").write_text(json.dumps({"id": "t", "team": team("facts: null"), **line}) + "\n")
    return accord(capture, "batch", "cases.jsonl")


def resumed(capture: Captured, facts: dict[str, Any], *arguments: str) -> Done:
    lacking = {**FACTS, "margin": None}
    first = accord(capture, "run", team(f"facts: {json.dumps(lacking)}"), "--thread", "t")
    assert (first.code, PRIVATE in first.out + first.err) == (3, False), first
    return accord(capture, "resume", "t", "--facts", facts_file(facts), *arguments)


WAYS: dict[str, Any] = {
    "inline": lambda c: accord(c, "run", team(f"facts: {json.dumps(FACTS)}"), "--thread", "t"),
    "a file": lambda c: accord(c, "run", team(f"facts: [{{file: {facts_file(FACTS)}}}]"), "--thread", "t"),
    "a YAML file": lambda c: accord(
        c, "run", team(f"facts: [{{file: {facts_file(FACTS, 'f.yaml')}}}]"), "--thread", "t"
    ),
    "--facts": lambda c: accord(c, "run", team("facts: null"), "--facts", facts_file(FACTS), "--thread", "t"),
    "--set": lambda c: accord(
        c,
        "run",
        team("facts: {margin: 5, customer: {name: Ada}}"),
        "--set",
        f"facts.customer.name={PRIVATE}",
        "--thread",
        "t",
    ),
    "a whole branch": lambda c: accord(
        c, "run", team(f"facts: {json.dumps({**FACTS, 'notes': {'a': [PRIVATE, {'b': PRIVATE}]}})}"), "--thread", "t"
    ),
    "a batch's line": lambda c: by_batch(c, facts=FACTS),
    "a batch's overrides": lambda c: by_batch(c, overrides={"facts": FACTS}),
    "resume --facts": lambda c: resumed(c, FACTS),
    "resume --facts with others": lambda c: resumed(
        c, {**FACTS, "customer": {"name": f"{PRIVATE}-2", "tier": "none"}}, "--accept-changes"
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_private_facts_are_withheld_before_anything_sees_or_keeps_them(way: str, place: Path, capsys: Captured) -> None:
    done = WAYS[way](capsys)
    again = accord(capsys, "resume", "t")
    exported = accord(capsys, "audit", "export", "t")

    assert (done.code, again.code) == (0, 0), done
    assert_clean(place, done, again, *read(capsys))
    assert any(b"(withheld)" in data for data in stored(place).values())
    assert exported.out.count('"event":"admitted"') == 1


def test_a_file_whose_facts_cannot_be_compared_is_refused_without_telling_any(place: Path, capsys: Captured) -> None:
    accord(capsys, "run", "--thread", "other")
    facts = {**FACTS, "margin": PRIVATE}
    sources = (f"facts: [{{file: {facts_file(facts)}}}]", f"facts: {json.dumps(facts)}")
    done = [accord(capsys, "run", team(source), "--thread", "t") for source in sources]

    assert [(each.code, "`margin` is text" in each.err) for each in done] == [(2, True)] * 2
    assert_clean(place, *done)


@pytest.mark.parametrize("facts", [{**FACTS, "margin": None}, {"customer": FACTS["customer"]}])
def test_a_run_that_stops_for_its_facts_tells_no_private_one(facts: Any, place: Path, capsys: Captured) -> None:
    done = [accord(capsys, "run", team(f"facts: [{{file: {facts_file(facts)}}}]"), "--thread", "t")]
    assert (done[0].code, "needs_input:margin" in done[0].out) == (3, True), done

    done.append(accord(capsys, "resume", "t", "--facts", facts_file({**FACTS, "margin": None})))
    done.append(accord(capsys, "resume", "t", "--facts", facts_file(FACTS)))

    assert [each.code for each in done] == [3, 3, 0]
    assert_clean(place, *done, *read(capsys))


UNUSABLE: dict[str, Any] = {
    "a number too large": CARD,
    "a text too long": PRIVATE + "x" * 20_001,
    "a lone surrogate": f"{PRIVATE}\ud800",
    "too deep": json.loads("[" * 40 + f'"{PRIVATE}"' + "]" * 40),
    "another fact": PRIVATE,
}


@pytest.mark.parametrize("what", UNUSABLE)
@pytest.mark.parametrize("how", ["a file", "--facts", "inline", "batch", "overrides", "resume"])
def test_a_private_fact_that_cannot_be_used_is_refused_without_being_told(
    what: str, how: str, place: Path, capsys: Captured
) -> None:
    accord(capsys, "run", "--thread", "other")
    facts = {"margin": 5, "customer": {"name": UNUSABLE[what]}, "count": 2**60 if what == "another fact" else 1}
    done = {
        "a file": lambda: accord(capsys, "run", team(f"facts: [{{file: {facts_file(facts)}}}]"), "--thread", "t"),
        "--facts": lambda: accord(capsys, "run", team("facts: null"), "--facts", facts_file(facts), "--thread", "t"),
        "inline": lambda: accord(capsys, "run", team(f"facts: {json.dumps(facts)}"), "--thread", "t"),
        "batch": lambda: by_batch(capsys, facts=facts),
        "overrides": lambda: by_batch(capsys, overrides={"facts": facts}),
        "resume": lambda: resumed(capsys, facts),
    }[how]()

    assert done.code in (2, 3), done
    assert_clean(place, done)


def test_models_are_sent_none_of_the_private_facts(place: Path) -> None:
    settings = settings_at(place)
    Path("team.yaml").write_text(f"{TEAM}facts: {json.dumps(FACTS)}\n")
    voice = ScriptedVoice(lambda question: proposal(question.name, evidence=["customer.name", "customer.tier"]))

    async def main() -> Any:
        async with open_runner(settings, {"rules": voice}) as runner:
            return await runner.run(team_of(settings, "team.yaml", voice="rules"), "t")

    record = asyncio.run(main())

    asked = [user for _, user in voice.asked]
    shown = {"name": "(withheld)", "iban": "(withheld)", "tier": "gold"}
    assert (record["status"], len(asked)) == ("ok", 2)
    assert PRIVATE not in "".join(asked)
    assert json.loads(asked[0])["shared_context"]["customer"] == shown
