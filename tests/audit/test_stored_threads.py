"""A record that was changed where it is stored is found by `accord audit verify`, its cut-off end by the archive."""

import asyncio
import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from graph.opening import open_runner
from graph.settings import Settings
from nodes.voices.voice import Question
from policies.assurance.audit import Event, head_of
from policies.run.seats import Failure
from tests.audit.chronicle import events_in, stopped, told
from tests.audit.stored import Change, relinked, resealed, rewrite_archive, rewrite_events
from tests.harness import resume, run, scripted, settings_at, team_of
from tests.hostile.command import Captured, accord

pytestmark = pytest.mark.slow

DATABASE = "accord.sqlite"


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Event]]:
    home = tmp_path_factory.mktemp("audit") / "home"
    settings, _ = told(home)
    return home, events_in(settings)


@pytest.fixture
def events(written: tuple[Path, list[Event]], accord_home: Path) -> list[Event]:
    """The events of the thread `t`, stored in a copy of the database."""
    shutil.copytree(written[0], accord_home)
    return written[1]


def edited(place: int, **changes: Any) -> Change:
    return lambda events: [{**event, **changes} if number == place else event for number, event in enumerate(events)]


def outcome_of(events: list[Event], number: int) -> int:
    """Return the place of the outcome of a round."""
    return next(n for n, event in enumerate(events) if event["event"] == "outcome" and event["round"] == number)


def swapped(first: int, second: int) -> Change:
    def change(events: list[Event]) -> list[Event]:
        events[first], events[second] = events[second], events[first]
        return events

    return change


def archived(settings: Settings) -> dict[str, Any] | None:
    """Return the head under which the thread is archived."""

    async def entry() -> dict[str, Any] | None:
        async with open_runner(settings) as runner:
            kept = await runner.threads.archive.entry("t")
            return kept and dict(kept["head"])

    return asyncio.run(entry())


def verified(capture: Captured, *arguments: object) -> tuple[int, list[dict[str, Any]]]:
    done = accord(capture, "audit", "verify", *arguments, "--json")
    assert done.err == ""
    return done.code, json.loads(done.out)


def test_an_untouched_thread_is_intact_under_its_head(capsys: Captured, events: list[Event]) -> None:
    head = str(head_of(events))

    found = {"name": "t", "status": "ok", "events": len(events), "head": head, "broken": None, "missing": []}
    assert verified(capsys, "t") == (0, [found])
    assert verified(capsys, "t", "--head", head)[0] == 0
    assert verified(capsys)[0] == 0


def test_an_outcome_that_was_turned_is_found_where_it_stands(
    capsys: Captured, accord_home: Path, events: list[Event]
) -> None:
    place = outcome_of(events, 2)
    rewrite_events(accord_home / DATABASE, edited(place, final="go"))

    code, (found,) = verified(capsys, "t")

    assert (code, found["broken"]) == (1, {"event": place, "message": "is not what was hashed"})


@pytest.mark.parametrize("what", ["edited", "dropped", "added", "swapped", "rehashed"])
def test_any_change_in_the_stored_chain_is_found_and_the_first_bad_event_named(
    what: str, capsys: Captured, accord_home: Path, events: list[Event]
) -> None:
    place = 7
    changes: dict[str, tuple[Change, int]] = {
        "edited": (edited(place, at="2020-01-01T00:00:00.000+00:00"), place),
        "dropped": (lambda kept: [*kept[:place], *kept[place + 1 :]], place),
        "added": (lambda kept: [*kept[:place], kept[2], *kept[place:]], place),
        "swapped": (swapped(place, place + 3), place),
        "rehashed": (
            lambda kept: [*relinked(edited(place, role="nobody")(kept))[: place + 1], *kept[place + 1 :]],
            place + 1,
        ),
    }
    change, expected = changes[what]
    rewrite_events(accord_home / DATABASE, change)

    code, (found,) = verified(capsys, "t")
    told_people = accord(capsys, "audit", "verify", "t")

    assert (code, found["broken"]["event"]) == (1, expected)
    assert (told_people.code, f"t: {found['events']} events, BROKEN at event {expected}: it " in told_people.out) == (
        1,
        True,
    )


@pytest.mark.parametrize("odd", ["event", 5, None, ["a"], {}, {"event": "asked"}])
def test_what_stands_in_the_place_of_an_event_is_named_in_a_sentence(
    odd: Any, capsys: Captured, accord_home: Path, events: list[Event]
) -> None:
    rewrite_events(accord_home / DATABASE, lambda kept: [*kept[:-1], odd])

    done = accord(capsys, "audit", "verify", "t")

    assert (done.code, done.err) == (1, "")
    assert f"BROKEN at event {len(events) - 1}: it " in done.out


@pytest.mark.parametrize("cut", [1, 2, 9])
def test_a_cut_off_end_is_found(cut: int, capsys: Captured, accord_home: Path, events: list[Event]) -> None:
    rewrite_events(accord_home / DATABASE, lambda kept: kept[:-cut])

    code, (found,) = verified(capsys, "t")

    assert (code, found["broken"]["event"]) == (1, len(events) - cut)
    assert found["broken"]["message"] == "is missing: the record ends within a step"


def test_a_chain_that_was_rewritten_whole_no_longer_says_what_its_steps_wrote(
    capsys: Captured, accord_home: Path, events: list[Event]
) -> None:
    place = outcome_of(events, 3)
    rewrite_events(accord_home / DATABASE, lambda kept: relinked(edited(place, final="go")(kept)))

    code, (found,) = verified(capsys, "t")

    assert (code, found["broken"]) == (1, {"event": place, "message": "has a `events` that differs from the thread's"})


def redigested(entry: dict[str, Any]) -> dict[str, Any]:
    """Return an entry of the archive with the digest that fits it, as a forger would write it."""
    bare = {key: value for key, value in entry.items() if key != "digest"}
    return {**bare, "digest": hashlib.sha256(json.dumps(bare, sort_keys=True).encode()).hexdigest()}


def test_a_whole_new_chain_is_found_through_the_archive_and_with_the_archive_through_a_head_noted_elsewhere(
    capsys: Captured, accord_home: Path, events: list[Event]
) -> None:
    forged = resealed(edited(outcome_of(events, 3), because="nobody knows")(events))
    rewrite_events(accord_home / DATABASE, lambda _: forged)

    assert verified(capsys, "t")[1][0]["broken"] == {
        "event": None,
        "message": "its entry in the archive has a `head` that differs from the chain's",
    }
    head = {"events": len(forged), "hash": forged[-1]["hash"]}
    rewrite_archive(accord_home / DATABASE, lambda entry: redigested({**entry, "head": head}))
    code, (found,) = verified(capsys, "t", "--head", head_of(events))

    assert verified(capsys, "t")[0] == 0, "nothing here can know"
    assert (code, found["broken"]["event"]) == (1, len(events))


def test_all_threads_are_verified_and_the_broken_one_is_told_among_them(
    capsys: Captured, accord_home: Path, events: list[Event]
) -> None:
    settings = settings_at(accord_home)
    run(team_of(settings), settings, "u")
    rewrite_events(accord_home / DATABASE, edited(3, attempt=2))

    code, found = verified(capsys)

    assert code == 1
    assert {each["name"]: each["broken"] and each["broken"]["event"] for each in found} == {"t": 3, "u": None}


def test_a_thread_that_goes_on_leaves_the_archive_until_it_ends_again(capsys: Captured, accord_home: Path) -> None:
    settings, _ = stopped(accord_home)
    before = events_in(settings)

    def look(question: Question) -> Any:
        return Failure("llm_auth")

    assert archived(settings) == {"events": len(before), "hash": before[-1]["hash"]}
    resume(settings, voices=scripted(look))
    after = events_in(settings)

    assert (after[: len(before)], len(after) > len(before)) == (before, True)
    assert archived(settings) == {"events": len(after), "hash": after[-1]["hash"]}
    assert verified(capsys, "t")[0] == 0
    rewrite_events(accord_home / DATABASE, edited(len(before) - 1, stop_reason="success"))
    code, (found,) = verified(capsys, "t")
    assert (code, found["broken"]["event"]) == (1, len(before) - 1)
