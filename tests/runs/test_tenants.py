"""Each thread has a tenant, which it keeps whoever goes on with it; a tenant finds its own threads alone."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from graph.driver import kept_team
from graph.inbox import Inbox
from graph.opening import open_runner
from graph.past import Past
from graph.problems import NotFoundError, UsageError
from graph.runner import Runner
from graph.settings import Settings
from graph.store.queue import Promise, Queue
from graph.store.tombstones import PurgedError
from graph.threads import NOBODYS
from policies.team.team import Team
from tests.harness import resume, run, settings_at, team_of, without_times
from tests.hostile.command import Captured, accord
from tests.retention.desks import events_of, faults, purge
from tests.runs.people import human
from tests.runs.stored import entry_of, execute, metadata_of, rows_of

pytestmark = pytest.mark.slow

T = TypeVar("T")


def within(settings: Settings, work: Callable[[Runner], Awaitable[T]]) -> T:
    async def main() -> T:
        async with open_runner(settings) as runner:
            return await work(runner)

    return asyncio.run(main())


def owner(settings: Settings, thread: str) -> str | None:
    return within(settings, lambda runner: runner.threads.owner(thread))


def limited(settings: Settings, *tenants: str) -> Team:
    return team_of(settings, "checkout_launch", f"roles.risk_analyst.tenants={json.dumps(tenants)}")


@pytest.mark.parametrize("tenant", ["acme", "local", None])
def test_the_tenant_is_in_the_record_the_case_the_index_and_every_checkpoint(
    tenant: str | None, tmp_path: Path
) -> None:
    settings = settings_at(tmp_path)
    record = run(team_of(settings), settings, tenant=tenant)

    whose, told = tenant or "local", {"tenant": tenant} if tenant == "acme" else {}
    state = within(settings, lambda runner: runner.threads.state("t"))
    assert state is not None
    for part in (record, state["case"], state["events"][0], entry_of(tmp_path, "t")):
        assert {key: value for key, value in part.items() if key == "tenant"} == told
    assert {each["tenant"] for each in metadata_of(tmp_path, "t")} == {whose}
    assert owner(settings, "t") == whose
    assert faults(settings) == {}


def test_apart_from_its_tenant_a_record_is_that_of_any_other(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    one, other = (run(team_of(settings), settings, "t", tenant=name) for name in ("acme", None))
    assert without_times(one) == without_times(other)  # the thread is there, and stays acme's
    settings = settings_at(tmp_path / "anew")
    own = without_times(run(team_of(settings), settings))
    assert {key: value for key, value in without_times(one).items() if key != "tenant"} == own


def test_a_thread_that_was_cut_off_goes_on_under_its_tenant(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    run(team_of(settings, "checkout_launch", "budget.max_messages=2"), settings, tenant="acme")
    record = resume(settings, budget={"max_messages": 12})

    assert (record["status"], record["tenant"]) == ("ok", "acme")
    assert {each["tenant"] for each in metadata_of(tmp_path, "t")} == {"acme"}
    assert (owner(settings, "t"), entry_of(tmp_path, "t")["tenant"]) == ("acme", "acme")


def test_a_thread_that_was_admitted_begins_under_its_tenant_whoever_begins_it(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    within(settings, lambda runner: runner.admit("t", team_of(settings), tenant="acme"))
    assert owner(settings, "t") == "acme"
    assert resume(settings)["tenant"] == "acme"


@pytest.mark.parametrize("tenant", ["globex", "local"])
def test_another_tenant_neither_runs_nor_admits_a_thread_again(tenant: str, tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    run(team_of(settings), settings, tenant="acme")
    before = rows_of(tmp_path), entry_of(tmp_path, "t")

    for work in (
        lambda runner: runner.run(team_of(settings), "t", tenant=tenant, accept_changes=True),
        lambda runner: runner.admit("t", team_of(settings), tenant=tenant),
    ):
        with pytest.raises(UsageError, match=f"`t` is not one of the tenant `{tenant}`"):
            within(settings, work)
    assert (rows_of(tmp_path), entry_of(tmp_path, "t")) == before


def test_no_thread_is_anybodys_that_is_not_there_and_what_is_promised_is(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    assert owner(settings, "t") is None
    promise = Promise("t", "2026-03-02T09:00:00.000+00:00", "acme")
    within(settings, lambda runner: Queue(runner.database.store).put(promise))
    assert owner(settings, "t") == "acme"


def test_a_purged_thread_is_still_its_tenants_and_nobody_else_hears_of_it(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    run(team_of(settings), settings, tenant="acme")
    run(team_of(settings), settings, "own")
    purge(settings)

    assert (owner(settings, "t"), owner(settings, "own")) == ("acme", "local")
    assert [events_of(settings, thread)[-1].get("tenant") for thread in ("t", "own")] == ["acme", None]
    with pytest.raises(PurgedError):
        within(settings, lambda runner: runner.threads.find("t", tenant="acme"))
    with pytest.raises(NotFoundError, match=r"^there is no thread `t`$"):
        within(settings, lambda runner: runner.threads.find("t", tenant="globex"))
    assert faults(settings) == {}


def test_a_thread_whose_entry_was_changed_is_whose_its_state_says_and_else_nobodys(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    run(team_of(settings), settings, tenant="acme")
    changed = "UPDATE store SET value = replace(value, '\"acme\"', '\"globex\"') WHERE prefix = 'threads'"
    execute(tmp_path, changed)
    assert owner(settings, "t") == "acme"
    for tenant in ("acme", "globex", "local"):
        assert within(settings, lambda runner, name=tenant: runner.threads.newest(9, name)) == []  # type: ignore[misc]
    execute(tmp_path, "DELETE FROM checkpoints")
    assert owner(settings, "t") == NOBODYS


def test_a_tenant_finds_its_own_threads_alone(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    for thread, tenant in (("a1", "acme"), ("g1", "globex"), ("a2", "acme"), ("l1", None)):
        run(team_of(settings), settings, thread, tenant=tenant)

    def found(name: str, tenant: str | None) -> str | None:
        try:
            return within(settings, lambda runner: runner.threads.find(name, tenant=tenant))
        except NotFoundError as error:
            return None if str(error) == f"there is no thread `{name}`" else "said too much"

    def listed(tenant: str | None) -> list[tuple[str, str]]:
        lines = within(settings, lambda runner: runner.threads.newest(9, tenant))
        return [(line["thread_id"], line["alias"].removeprefix("checkout_")) for line in lines]

    assert listed("acme") == [("a2", "launch-2"), ("a1", "launch-1")]
    assert listed("globex") == [("g1", "launch-1")]
    assert listed("initech") == []
    assert [thread for thread, _ in listed(None)] == ["l1", "a2", "g1", "a1"]
    assert [found(name, "acme") for name in ("last", "a1", "checkout_launch-2", "g1", "g", "l1")] == [
        *("a2", "a1", "a2"),
        *(None, None, None),
    ]
    assert [found(name, "globex") for name in ("last", "g", "checkout_launch-1", "a1")] == ["g1", "g1", "g1", None]


def test_a_tenants_inbox_has_its_own_questions_alone(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    file = tmp_path / "team.json"
    file.write_text(json.dumps(human("risk")), encoding="utf-8")
    for thread, tenant in (("a", "acme"), ("g", "globex"), ("l", None)):
        assert run(team_of(settings, str(file), voice="rules"), settings, thread, tenant=tenant)["status"] == "waiting"

    async def waiting(runner: Runner, tenant: str | None) -> list[str]:
        return [each["thread_id"] for each in await Inbox(runner, runner.now()).waiting(tenant=tenant)]

    names = ["acme", "globex", "local", "initech"]
    assert [within(settings, lambda runner, name=name: waiting(runner, name)) for name in names] == [  # type: ignore[misc]
        *(["a"], ["g"], ["l"]),
        [],
    ]
    assert within(settings, lambda runner: waiting(runner, None)) == ["a", "g", "l"]


@pytest.mark.parametrize("door", ["run", "admit", "run again"])
def test_a_team_that_is_limited_to_others_is_refused_at_every_door_and_nothing_is_stored(
    door: str, tmp_path: Path
) -> None:
    settings = settings_at(tmp_path)
    team = limited(settings, "acme")
    if door == "run again":
        run(team_of(settings), settings, tenant="globex")
    before = rows_of(tmp_path)

    def work(runner: Runner) -> Awaitable[Any]:
        if door == "admit":
            return runner.admit("t", team, tenant="globex")
        return runner.run(team, "t", tenant=None if door == "run again" else "globex", accept_changes=True)

    with pytest.raises(UsageError, match="the role `risk_analyst` of the team `checkout_launch` is limited to tenants"):
        within(settings, work)
    assert rows_of(tmp_path) == before
    assert run(team, settings, "allowed", tenant="acme")["status"] == "ok"


def test_a_limit_holds_on_resume_whatever_was_admitted(tmp_path: Path) -> None:
    settings, team = settings_at(tmp_path), limited(settings_at(tmp_path), "acme")

    async def work(runner: Runner) -> None:
        async with runner.database.fences.hold("t"):
            await runner.threads.index.admit("t", team, {"tenant": "globex"}, "globex")
        await runner.resume("t")

    with pytest.raises(UsageError, match="limited to tenants other than `globex`"):
        within(settings, work)


def test_a_limited_thread_keeps_its_limits_and_goes_on_for_its_tenant(tmp_path: Path) -> None:
    settings = settings_at(tmp_path)
    team = team_of(settings, "checkout_launch", 'roles.risk_analyst.tenants=["acme"]', "budget.max_messages=2")
    run(team, settings, tenant="acme")
    state = within(settings, lambda runner: runner.threads.state("t"))
    assert state is not None
    assert kept_team(Past.of(state)).roles["risk_analyst"].tenants == ("acme",)
    assert resume(settings, budget={"max_messages": 12})["status"] == "ok"


def test_a_batch_is_of_one_tenant_and_another_tenants_case_fails_alone(
    capsys: Captured, accord_home: Path, tmp_path: Path
) -> None:
    run(team_of(settings_at(accord_home)), settings_at(accord_home), "theirs", tenant="globex")
    cases = tmp_path / "cases.jsonl"
    cases.write_text("\n".join(json.dumps({"id": name}) for name in ("one", "theirs", "two")), encoding="utf-8")

    done = accord(capsys, "batch", cases, "--tenant", "acme", "--voice", "rules")
    results = [json.loads(line) for line in done.out.splitlines()]
    assert [(each["result"] or {}).get("tenant") for each in results] == ["acme", None, "acme"]
    assert results[1]["error"] == "line 2: the thread `theirs` is not one of the tenant `acme`; choose another id"
    listed = json.loads(accord(capsys, "list", "--tenant", "acme", "--json").out)
    assert {each["thread_id"] for each in listed} == {"one", "two"}  # in whichever order they began
    # As every command takes it, of which none has a tenant.
    assert {each["alias"] for each in listed} == {"checkout_launch-2", "checkout_launch-3"}
    again = accord(capsys, "batch", cases, "--tenant", "acme", "--retry-failed").out.splitlines()
    assert [json.loads(line)["result"] is None for line in again] == [False, True, False]


@pytest.mark.parametrize("command", [("run",), ("batch", "cases.jsonl"), ("list",)])
def test_a_tenant_that_may_not_be_called_so_is_refused(command: tuple[str, ...], capsys: Captured) -> None:
    Path("cases.jsonl").write_text("", encoding="utf-8")
    done = accord(capsys, *command, "--tenant", "Acme")
    assert (done.code, done.sentences) == (
        2,
        ["--tenant: 'Acme' is not allowed; allowed: 1 to 64 of a-z 0-9 _ . @ -, the first one a letter or a digit"],
    )
