"""`accord hold` and `accord purge`, as people and programs meet them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from graph.retention import purging
from graph.settings import Settings
from tests.harness import run, settings_at, team_of
from tests.hostile.command import Captured, accord
from tests.retention.desks import begin, export_of, hold

pytestmark = pytest.mark.slow

WHO = ("--by", "legal", "--because", "A claim.")


@pytest.fixture
def settings(accord_home: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A data directory, a year after its threads ended as far as purges know."""
    own = purging.open_purger
    later = (datetime.now(UTC) + timedelta(days=365)).isoformat(timespec="milliseconds")
    monkeypatch.setattr(purging, "open_purger", lambda given, order: own(given, order, lambda: later))
    return settings_at(accord_home)


def test_a_hold_is_said_listed_and_shown_and_so_is_a_release(settings: Settings, capsys: Captured) -> None:
    begin(settings, "t")
    done = accord(capsys, "hold", "t", *WHO)
    assert (done.code, done.out.startswith("The record of t is held by legal since 20")) == (0, True)
    assert done.out.endswith(" UTC: A claim.\n")
    assert "ok, held" in accord(capsys, "list").out
    assert json.loads(accord(capsys, "list", "--json").out)[0]["held"]["because"] == "A claim."
    shown = accord(capsys, "show", "t").out
    assert "Held: by legal since 20" in shown
    page = accord(capsys, "show", "t", "--markdown").out
    assert "The keeping of the record" in page
    done = accord(capsys, "hold", "t", "--release", *WHO)
    assert (done.code, done.out) == (0, "The record of t is released: it may be purged.\n")
    assert "held" not in json.loads(accord(capsys, "hold", "t", *WHO, "--json").out)["hashes"]
    record = json.loads(accord(capsys, "show", "t", "--json").out)
    assert [*record["held"]] == ["by", "because", "at"]


def test_each_mistake_has_its_exit_code_and_a_sentence(settings: Settings, capsys: Captured) -> None:
    begin(settings, "t")
    cases: dict[str, tuple[tuple[str, ...], str]] = {
        "no thread": (("hold", "nobody", *WHO), "there is no thread `nobody`"),
        "not held": (("hold", "t", "--release", *WHO), "is not held, so that nothing can be released"),
        "no name": (("hold", "t", "--by", "", "--because", "x"), "--by: is empty"),
        "no reason": (("hold", "t", "--by", "x"), "--because"),
        "no duration": (("purge",), "--older-than"),
        "a duration that is none": (
            ("purge", "--older-than", "6 months"),
            "--older-than 6 months: allowed: a number of",
        ),
        "nobody": (("purge", "--older-than", "1d", "--by", " "), "--by: is empty"),
        "no folder": (("purge", "--older-than", "1d", "--export", ""), "--export: is empty; name a folder"),
        "a folder": (("purge", "--older-than", "1d", "--export", "/dev/null/x"), "/dev/null/x: cannot be written: "),
    }
    for name, (arguments, told) in cases.items():
        done = accord(capsys, *arguments)
        assert (name, done.code, told in done.err) == (name, 2, True), done.err
    assert accord(capsys, "audit", "verify").code == 0
    assert "purged" not in accord(capsys, "audit", "verify", "t").out


def test_a_purge_says_what_was_purged_and_what_was_kept_and_why(
    settings: Settings, capsys: Captured, tmp_path: Path
) -> None:
    begin(settings, "old", "held")
    run(team_of(settings, overrides={"policy": {"name": "a", "rules": [], "otherwise": "escalate"}}), settings, "open")
    hold(settings, "held")
    dry = accord(capsys, "purge", "--older-than", "180d", "--dry-run")
    chain = export_of(settings, "old")
    done = accord(capsys, "purge", "--older-than", "180d", "--export", str(tmp_path / "kept"), "--by", "ops")
    assert (dry.code, done.code) == (0, 0)
    assert dry.out.replace("would be purged", "purged") == done.out
    first, second, third, last = done.out.splitlines()
    assert first.startswith("old: purged, ended 20")
    assert second.startswith("held: kept, held by legal since 20")
    assert (third, last) == ("open: kept, it has not ended", "1 thread purged; kept: 1 held, 1 not ended")
    assert (tmp_path / "kept" / "old.jsonl").read_bytes() == chain
    assert json.loads(accord(capsys, "list", "--json").out)[-1]["thread_id"] == "held"

    verified = accord(capsys, "audit", "verify", "old")
    assert (verified.code, "events (purged), intact, head " in verified.out) == (0, True)
    tomb = accord(capsys, "audit", "export", "old").out
    (tmp_path / "tomb.jsonl").write_text(tomb)
    found = json.loads(accord(capsys, "audit", "verify", str(tmp_path / "tomb.jsonl"), "--json").out)
    assert (found[0]["status"], found[0]["broken"]) == ("purged", None)
    (told,) = json.loads(accord(capsys, "audit", "verify", str(tmp_path / "kept" / "old.jsonl"), "--json").out)
    assert accord(capsys, "audit", "verify", "old", "--head", told["head"]).code == 0
    assert accord(capsys, "audit", "verify", "old", "--head", f"1:{'0' * 64}").code == 1


def test_the_json_of_a_purge_has_all_that_is_printed(settings: Settings, capsys: Captured) -> None:
    begin(settings, "t", "held")
    hold(settings, "held")
    done = accord(capsys, "purge", "--older-than", "180d", "--json")
    told: dict[str, Any] = json.loads(done.out)
    assert [*told] == ["older_than", "dry_run", "before", "purged", "kept", "is_scrubbed"]
    assert [*told["purged"][0]] == ["thread_id", "ended_at", "head", "exported"]
    assert [each["because"] for each in told["kept"]] == ["held"]
    assert (told["is_scrubbed"], told["dry_run"], told["purged"][0]["exported"]) == (True, False, None)


@pytest.mark.parametrize(
    "command",
    [
        ("show", "t"),
        ("why", "t"),
        ("resume", "t"),
        ("run", "--thread", "t"),
        ("decide", "t", "go", "--by", "a", "--because", "b"),
        ("messages", "t"),
        ("say", "t", "Hi.", "--to", "all", "--from", "a"),
        ("replay", "t"),
        ("hold", "t", *WHO),
        ("audit", "export", "t", "--signed", "signed"),
    ],
    ids=lambda command: command[0],
)
def test_a_purged_id_is_refused_with_when_by_whom_and_what_is_left(
    command: tuple[str, ...], settings: Settings, capsys: Captured
) -> None:
    begin(settings, "t")
    assert accord(capsys, "purge", "--older-than", "180d", "--by", "ops").code == 0
    done = accord(capsys, *command)
    assert done.code == 2
    assert "the thread `t` was purged at 20" in done.err
    assert "UTC by ops; its id cannot be used again. Its record was not exported; `accord audit verify t`" in done.err
    assert accord(capsys, "audit", "verify").code == 0


def test_a_batch_leaves_a_purged_id_out_with_its_sentence(settings: Settings, capsys: Captured, tmp_path: Path) -> None:
    begin(settings, "t")
    accord(capsys, "purge", "--older-than", "180d")
    (tmp_path / "cases.jsonl").write_text('{"id": "t"}\n{"id": "u"}\n')
    done = accord(capsys, "batch", str(tmp_path / "cases.jsonl"))
    results = {each["id"]: each["result"] for each in map(json.loads, done.out.splitlines())}
    assert (done.code, results["t"], results["u"]["status"]) == (2, None, "ok")
    assert "the thread `t` was purged at " in done.err


def test_a_french_thread_is_held_and_purged_in_french(settings: Settings, capsys: Captured) -> None:
    run(team_of(settings, "checkout_launch_fr"), settings, "t")
    assert accord(capsys, "hold", "t", *WHO).out.startswith("Le dossier de t est gelé par legal depuis le ")
    assert accord(capsys, "hold", "t", "--release", *WHO).out.startswith("Le dossier de t est dégelé")
    assert "t\u00a0: purgé, terminé le " in accord(capsys, "purge", "--older-than", "180d").out
