"""Streams of events: whoever is cut off, whichever process works, each recorded event comes once, in order.

What is right is read from `accord audit export` in another process.
"""

import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.durability.processes import Desk
from tests.scripted_server import Answer, Call, delayed, says, serve, text
from tests.service.entrances import new_token
from tests.service.process import serving
from tests.service.stories import begun, events, lay, until
from tests.service.streams import Follower, Seen

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SEED = 20


def said(call: Call) -> Answer:
    """What a model says, slowly enough that a stream is cut off in between; the block lasts for three rounds."""
    if call.role == "brief":
        return text("Launch.")
    is_blocking = call.role == "risk" and (call.round or 0) < 4
    return delayed(says("block" if is_blocking else "go"), 0.1 if call.role == "risk" else 0.05)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with serve({name: said for name in ("demand", "risk", "brief")}) as model:
        lay(tmp_path)
        yield Desk(tmp_path, model.base_url)


def environment(desk: Desk) -> dict[str, str]:
    return {name: desk.environment[name] for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL")}


def check(follower: Follower, recorded: list[dict[str, Any]]) -> None:
    """Check that a follower saw what is recorded, each event once and as it is, and then the end."""
    assert follower.recorded == [event["seq"] for event in recorded]
    found = [(one.kind, one.data) for one in follower.seen if one.id is not None]
    assert found == [(event["event"], event) for event in recorded]
    assert [one.kind for one in follower.seen if one.kind == "end"] == ["end"]
    assert follower.seen[-1].kind == "end"
    assert follower.seen[-1].data["seq"] == recorded[-1]["seq"]


def follow_all(followers: list[Follower], draws: list[random.Random | None]) -> None:
    """Follow with several at once."""
    threads = [threading.Thread(target=each.follow, args=(draw,)) for each, draw in zip(followers, draws, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    assert not any(thread.is_alive() for thread in threads)


def test_followers_that_are_cut_off_at_any_byte_see_each_event_of_a_run_once(desk: Desk) -> None:
    with serving(desk.folder / "home", env=environment(desk)) as served, served.client() as client:
        thread = begun(client, "models", wait=False)
        followers = [Follower(served.url, thread) for _ in range(4)]
        follow_all(followers, [random.Random(SEED + number) for number in range(3)] + [None])
        recorded = events(desk, thread)
        for follower in followers:
            check(follower, recorded)
        assert all(follower.cuts > 3 for follower in followers[:3])


@pytest.mark.system
def test_a_run_of_another_process_is_followed_without_a_gap(desk: Desk) -> None:
    with (
        serving(desk.folder / "home", env=environment(desk)) as served,
        served.client() as client,
        desk.started("run", "home/models.json", "--thread", "elsewhere", "--json") as run,
    ):
        until(lambda: client.get("/v1/runs/elsewhere").is_success, "the thread is there")
        followers = [Follower(served.url, "elsewhere") for _ in range(2)]
        follow_all(followers, [random.Random(SEED), None])
        run.process.wait(60)
        recorded = events(desk, "elsewhere")
        for follower in followers:
            check(follower, recorded)
            assert not [one for one in follower.seen if one.kind == "live"]


def test_what_is_live_comes_without_an_id_before_it_is_recorded(desk: Desk) -> None:
    with serving(desk.folder / "home", env=environment(desk)) as served, served.client() as client:
        follower = Follower(served.url, begun(client, "models", wait=False))
        follower.follow()
    live = [one.data["event"] for one in follower.seen if one.kind == "live"]
    assert all(one.id is None for one in follower.seen if one.kind == "live")
    assert live.count("answered") >= 6
    place = first(follower.seen, "live", "answered")
    assert place < first(follower.seen, "accepted", "accepted")


def first(seen: list[Seen], kind: str, event: str) -> int:
    return next(place for place, one in enumerate(seen) if (one.kind, one.data["event"]) == (kind, event))


@pytest.mark.system
def test_a_stream_continues_on_another_process_after_a_kill_and_holds_no_shutdown(desk: Desk) -> None:
    home = desk.folder / "home"
    with serving(home, env=environment(desk)) as served, served.client() as client:
        follower = Follower(served.url, begun(client, "models", wait=False))
        follower.read(12_000)
        served.kill()
    with serving(home, env=environment(desk)) as again:
        follower.url = again.url
        follower.follow(random.Random(SEED))
        check(follower, events(desk, follower.thread))


def test_a_stream_of_a_thread_that_waits_stays_open_and_ends_when_the_service_does(desk: Desk) -> None:
    with serving(desk.folder / "home") as served, served.client() as client:
        follower = Follower(served.url, begun(client, "board"))
        reading = threading.Thread(target=follower.read)
        reading.start()
        until(lambda: len(follower.recorded) == len(events(desk, follower.thread)), "all is seen")
        assert reading.is_alive()
        assert served.stop() == 0
        reading.join(30)
        assert not reading.is_alive()
        assert not [one for one in follower.seen if one.kind == "end"]
    assert "timeout graceful shutdown exceeded" not in (desk.folder / "home" / "serve.log").read_text()


def test_an_answer_to_an_open_question_is_shown_to_admins_and_those_who_answered_and_then_to_all(desk: Desk) -> None:
    home = desk.folder / "home"
    scopes = {"cfo": ("read", "run", "decide"), "cto": ("read", "decide"), "eve": ("read",), "root": ("admin",)}
    tokens = {person: new_token(home, *of, person=person) for person, of in scopes.items()}
    said = {"decision": "go_with_caution", "because": "Fraud."}
    with serving(home) as served, served.client(tokens["cfo"]) as client, served.client(tokens["cto"]) as other:
        thread = begun(client, "board")
        assert client.post(f"/v1/runs/{thread}/decide", json=said).status_code == 202
        early = {person: Follower(served.url, thread, token=each) for person, each in tokens.items()}
        reading = [threading.Thread(target=each.follow) for each in early.values()]
        for each in reading:
            each.start()
        until(lambda: all(answers_in(each) for each in early.values()), "the answer is seen")
        ended = other.post(f"/v1/runs/{thread}/decide", json={**said, "wait": True}).json()
        assert ended["final_decision"] == "go_with_caution"
        for each in reading:
            each.join(30)
        late = Follower(served.url, thread, token=tokens["eve"])
        late.follow()
    told, untold = ("cfo", "go_with_caution", "Fraud."), ("cfo", None, None)
    seen = {person: answers_in(each)[0] for person, each in early.items()}
    assert seen == {"cfo": told, "cto": untold, "eve": untold, "root": told}
    assert answers_in(late) == [told, ("cto", "go_with_caution", "Fraud.")]
    assert early["eve"].recorded == late.recorded


def answers_in(follower: Follower) -> list[tuple[Any, ...]]:
    return [shown(one.data) for one in [*follower.seen] if one.kind == "answered"]


def shown(event: dict[str, Any]) -> tuple[Any, ...]:
    return event["by"], event["outcome"], event["because"]


def test_an_id_that_is_none_is_refused(desk: Desk) -> None:
    with serving(desk.folder / "home") as served, served.client() as client:
        path = f"/v1/runs/{begun(client, 'agrees')}/events"
        for wrong in ("x", "-2", "1.5", "99999999999999999999", ""):
            assert client.get(path, headers={"last-event-id": wrong}).status_code == 422
            assert client.get(path, params={"after": wrong}).status_code == 422
        beyond = client.get(path, params={"after": 10_000}).text
        assert (beyond.count("event: "), "event: end" in beyond) == (1, True)
