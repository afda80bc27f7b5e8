"""What the page on the why of a thread says is what its explanation says, number by number and name by name."""

import json
import random
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.board.tree import Node, tree_of
from tests.durability.processes import Desk
from tests.service.stories import begun, offer

pytestmark = [pytest.mark.slow, pytest.mark.system, pytest.mark.timeout(600)]

LABELS = {
    **{"go": "Go", "go_with_caution": "Go with caution", "no_go": "No go", "next_round": "Next round"},
    **{"escalate": "A human decides", "again": "Another round", "stop": "Stop"},
}
FOLDER = Path(__file__).parents[2] / "graph" / "teams"
SHIPPED = [
    path.stem for path in sorted(FOLDER.glob("*.yaml")) if not re.search("(?m)^language: (?!en)", path.read_text())
]
"""The shipped teams whose pages have the words above, which are English."""
SEEDS = range(8)
POLICIES = ("classic", "launch", "unanimous", "majority", "median", "weighted", "veto")
COMPARISONS = ("above", "at_least", "below", "at_most")
SETS = 6


def random_team(seed: int) -> dict[str, Any]:
    """A team whose stances, weights, vetoes, policy, facts and guards are drawn by lot."""
    dice = random.Random(seed)
    roles = {f"role_{place}": _role(dice, place) for place in range(dice.randint(2, 5))}
    facts = {f"rate_{place}": round(dice.uniform(0.001, 5000), dice.randint(0, 4)) for place in range(3)}
    guards = [
        {
            "name": f"limit {place}",
            "fact": dice.choice([*facts]),
            dice.choice(COMPARISONS): round(dice.uniform(0.001, 5000), 3),
            "cap": dice.choice(["no_go", "go_with_caution"]),
        }
        for place in range(dice.randint(0, 3))
    ]
    named = {"name": f"lot_{seed}", "title": f"Lot {seed}", "goal": "Launch?", "sequence": [*roles]}
    return {**named, "roles": roles, "facts": facts, "guards": guards, "policy": dice.choice(POLICIES)}


def _role(dice: random.Random, place: int) -> dict[str, Any]:
    said = {"stance": dice.choice(["go", "go", "caution", "block"]), "summary": "Seen.", "actions": ["Do it."]}
    extra = {"weight": dice.randint(1, 4), "veto": dice.random() < 0.3}
    return {"title": f"Judge {place}", "mandate": "Judge.", "otherwise": said, **extra}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    folder = tmp_path_factory.mktemp("desk")
    home = folder / "home"
    home.mkdir()
    offer(home, {f"lot_{seed}": random_team(seed) for seed in SEEDS})
    return Desk(folder)


@pytest.fixture(scope="module")
def threads(client: httpx.Client) -> dict[str, str]:
    """A thread of each shipped team, and of each that was drawn by lot."""
    return {team: begun(client, team) for team in (*SHIPPED, *(f"lot_{seed}" for seed in SEEDS))}


def page_at(client: httpx.Client, path: str) -> Node:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return tree_of(answer.text)


def figures(text: str) -> list[float]:
    """Return the numbers in a text."""
    return [float(each.replace(",", "")) for each in re.findall(r"\d[\d,]*(?:\.\d+)?(?:e-?\d+)?", text)]


@pytest.mark.parametrize("team", [*SHIPPED, *(f"lot_{seed}" for seed in SEEDS)])
def test_a_page_says_what_the_explanation_says(team: str, client: httpx.Client, threads: dict[str, str]) -> None:
    thread = threads[team]
    told, record = client.get(f"/v1/runs/{thread}/why"), client.get(f"/v1/runs/{thread}").json()
    page = page_at(client, f"/board/runs/{thread}/why")
    _headline(page, record)
    if told.status_code == 409:
        sentence = told.json()["detail"]
        assert page.titled("missing").one("p").text == f"{sentence[0].upper()}{sentence[1:]}.".replace("`", "")
        assert not page.has("why")
        assert not page.has("flips")
        return
    why = told.json()
    assert not page.has("missing")
    _row(page, why)
    _guards(page, why)
    _flips(page, why)
    _powers(page, why)
    _votes(page, why)


def _headline(page: Node, record: Mapping[str, Any]) -> None:
    if record.get("final_decision"):
        assert page.one("h1").text == LABELS[record["final_decision"]]
        assert page.one("h1").classes & {"go", "caution", "block"}
    assert page.one("header", "verdict").one("dl").pairs()["Thread"] == record["thread_id"]


def _row(page: Node, why: Mapping[str, Any]) -> None:
    rows = page.one("table", "rows").one("tbody").all("tr")
    (decided,) = [each for each in rows if "is-decided" in each.classes]
    number = decided.one("th").text.removesuffix("Decided")
    assert number == ("–" if why["row"] == "otherwise" else str(why["row"]))
    place = rows.index(decided)
    assert all("is-before" in each.classes for each in rows[:place])
    assert all("is-after" in each.classes for each in rows[place + 1 :])
    if why["when"]:
        assert decided.one("code").text == why["when"] == page.titled("why").one("pre").text
    assert page.titled("values").pairs() == {name: said(value) for name, value in why["values"].items()}
    capped = page.titled("why").all("p", "note")
    assert bool(capped) == _is_capped(why)
    if capped:
        vote, final = (each.text for each in capped[0].all("b"))
        assert (vote, final) == (LABELS[why["vote"]], LABELS[why["final"]])


def _is_capped(why: Mapping[str, Any]) -> bool:
    return bool(why["vote"] != why["final"] and any(guard["tripped"] for guard in why["guards"]))


def said(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}: {part}" for name, part in value.items())
    return (", ".join(value) or "none") if isinstance(value, list) else f"{value:,}"


def _guards(page: Node, why: Mapping[str, Any]) -> None:
    drawn = page.all("article", "guard")
    assert len(drawn) == len(why["guards"])
    for article, guard in zip(drawn, why["guards"], strict=True):
        status = "Could not be read" if guard["fault"] else "Tripped" if guard["tripped"] else "Clear"
        assert article.one("h3").text == f"{guard['name']} {status}"
        reading = article.one("p", "reading")
        assert reading.all("code")[0].text == guard["fact"]
        numbers = [each for each in (guard["value"], guard["limit"]) if type(each) in (int, float)]
        assert set(map(float, numbers)) <= {*figures(reading.text)}
        if guard["distance"]:
            assert abs(guard["distance"]) in figures(reading.text)
        assert LABELS[guard["cap"]].lower() in reading.text


def _flips(page: Node, why: Mapping[str, Any]) -> None:
    section, titles = page.titled("flips"), why["titles"]
    lists = section.all("dl", "flips")
    wanted: dict[str, list[dict[str, str]]] = {}
    for flip in why["stance_flips"]["flips"]:
        wanted.setdefault(LABELS[flip["outcome"]], []).append({titles[role]: s for role, s in flip["stances"].items()})
    if wanted:
        found = {each.one("dt").text: [*_sets(each.one("dd"))] for each in lists[0].all("div")}
        assert found.keys() == wanted.keys()
        for outcome, sets in wanted.items():
            told = sets if len(sets[0]) == 1 else sets[:SETS]
            assert sorted(map(sorted, (each.items() for each in found[outcome]))) == sorted(
                map(sorted, (each.items() for each in told))
            )
    others = [*why["mark_flips"], *why["limit_flips"]]
    shown = lists[-1].all("div") if others else []
    assert [each.one("dt").text for each in shown] == [LABELS[flip["outcome"]] for flip in others]
    for each, flip in zip(shown, others, strict=True):
        _limit(each.one("dd").text, flip)


def _sets(flips: Node) -> Iterator[dict[str, str]]:
    """Yield the sets of stances that lines say: one stance of any of several roles, or several changes at once."""
    for line in flips.all("li"):
        if "quiet" in line.classes:
            continue
        names = [each.text for each in line.all("bdi", "title")]
        stances = [each.text for each in line.all("b")]
        if "→" in line.text:
            yield dict(zip(names, stances, strict=True))
        else:
            yield from ({name: stances[0]} for name in names)


def _limit(text: str, flip: Mapping[str, Any]) -> None:
    for changes in (flip.get("facts", {}), flip.get("limits", {})):
        for name, values in changes.items():
            assert name in text
            numbers = {float(each) for each in values.values() if type(each) in (int, float)}
            assert numbers <= {*figures(text)}
    for at in flip.get("stays_at", ()):
        if type(at) in (int, float):
            assert float(at) in figures(text)


def _powers(page: Node, why: Mapping[str, Any]) -> None:
    if not why["powers"]:
        assert not page.has("power")
        return
    rows = page.one("table", "powers").one("tbody").all("tr")
    for row, power in zip(rows, why["powers"], strict=True):
        name, cast, _, share = [*row.all("th"), *row.all("td")]
        assert (name.text, cast.text) == (why["titles"][power["role"]], why["casts"][power["role"]])
        assert figures(share.text)[0] == pytest.approx(100 * power["share"], abs=0.051)
        kinds = {"hold_up": "hold up", "refuse": "refuse", "veto": "veto", "dummy": "never"}
        assert [kind for kind, word in kinds.items() if word in share.text] == sorted(
            power["kinds"], key=[*kinds].index
        )


def _votes(page: Node, why: Mapping[str, Any]) -> None:
    if not page.has("stances"):
        return
    table = page.titled("stances").all("table", "matrix")[-1]
    last = {row.one("th").text: row.all("td")[-1].one("span", "word").text for row in table.one("tbody").all("tr")}
    shown = {name: word for name, word in last.items() if word != "–"}  # who is not in the round
    assert shown == {why["titles"][role]: cast for role, cast in why["casts"].items()}
    assert table.one("tfoot").all("td")[-1].one("span", "word").text == LABELS[why["final"]]


@pytest.mark.parametrize("team", ["checkout_launch", "checkout_launch_escalates", "lot_1"])
def test_a_page_says_what_the_command_line_says(
    team: str, client: httpx.Client, desk: Desk, threads: dict[str, str]
) -> None:
    assert json.loads(desk.accord("why", threads[team], "--json").out) == (
        client.get(f"/v1/runs/{threads[team]}/why").json()
    )


@pytest.mark.parametrize("team", ["checkout_launch", "market_scan", "checkout_launch_escalates"])
def test_a_report_and_a_record_are_those_of_the_interface(
    team: str, client: httpx.Client, threads: dict[str, str], tmp_path: Path
) -> None:
    thread = threads[team]
    for board, interface in (("report", "report.html"), ("audit", "audit")):
        shown, told = client.get(f"/board/runs/{thread}/{board}"), client.get(f"/v1/runs/{thread}/{interface}")
        assert shown.content == told.content
        theirs = {each for each in told.headers.items() if each[0] not in ("date", "x-request-id")}
        assert theirs <= {*shown.headers.items()}
        assert shown.headers["cache-control"] == "no-store"
    assert client.get(f"/board/runs/{thread}/audit").headers["content-disposition"].startswith("attachment")
    verified = client.get(f"/v1/runs/{thread}/audit/verify").json()
    section = page_at(client, f"/board/runs/{thread}/why").titled("record")
    assert section.one("code", "hash").text == verified["head"]
    assert f"{verified['events']} events" in section.text
    assert section.all("b")[0].text == "Verified"


def test_what_answers_would_give_is_shown_while_people_are_asked(client: httpx.Client, threads: dict[str, str]) -> None:
    thread = threads["checkout_launch_escalates"]
    (waiting,) = client.get(f"/v1/runs/{thread}/why").json()["waiting"]
    section = page_at(client, f"/board/runs/{thread}/why").titled("waiting-1")
    wanted: dict[str, list[str]] = {}
    for flip in waiting["gives"]["flips"]:
        line = ", ".join(f"{name}: {LABELS[word].lower()}" for name, word in flip["answers"].items())
        wanted.setdefault(LABELS[flip["outcome"]], []).append(line)
    found = {each.one("dt").text: [li.text for li in each.all("li")] for each in section.one("dl").all("div")}
    assert found == wanted
