"""What the pages of the teams say is what their files and their proofs say; what is no one's business is not there."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from ruamel.yaml import YAML

from tests.board.tree import Node, tree_of
from tests.durability.processes import Desk
from tests.service.stories import GOES, ROLE, lay

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

FOLDER = Path(__file__).parents[2] / "graph" / "teams"
SHIPPED = sorted(path.stem for path in FOLDER.glob("*.yaml"))
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>\u202e'
LABELS = {
    **{"go": "Go", "go_with_caution": "Go with caution", "no_go": "No go", "next_round": "Next round"},
    **{"escalate": "A human decides"},
}
WORDS = {True: "Holds", False: "Fails"}


def crowd() -> dict[str, Any]:
    """A team whose votes are too many to decide each: the policy reads who says what."""
    roles = {f"role_{place}": {**ROLE, "otherwise": GOES} for place in range(30)}
    rows = [{"when": 'stances["role_0"] == "block" || stances["role_1"] == "go"', "then": "no_go"}]
    rows += [{"when": f'stances["role_{place}"] == "go"', "then": "go"} for place in range(2, 30)]
    policy = {"name": "by_name", "rules": rows, "otherwise": "no_go"}
    budget = {"max_messages": 400}
    named = {"name": "crowd", "title": "A crowd", "goal": "Launch?", "sequence": [*roles]}
    return {**named, "roles": roles, "facts": {"x": 1}, "policy": policy, "budget": budget}


def hostile() -> dict[str, Any]:
    """A team whose every text is an attack, with a fact and a source that nobody is to see."""
    role = {"title": HOSTILE, "mandate": HOSTILE, "otherwise": {**GOES, "summary": HOSTILE}}
    rows = [{"when": "go >= 1", "then": "go", "because": HOSTILE}]
    sources = [
        {"inline": {"customer": {"name": "SECRET-NAME", "rate": 4.25}}, "name": HOSTILE},
        {"http": "https://user.example/SECRET-PATH", "into": "market", "name": "market"},
    ]
    return {
        **{"name": "hostile", "title": HOSTILE, "goal": HOSTILE, "sequence": ["one"], "roles": {"one": role}},
        **{"policy": {"name": "mine", "title": HOSTILE, "rules": rows, "otherwise": "no_go"}},
        **{"facts": sources, "private": ["customer.name"], "watch": {"owner": HOSTILE, "expires_after": "90d"}},
        "guards": [{"name": HOSTILE, "fact": "customer.rate", "above": 5.5, "cap": "no_go"}],
    }


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    folder = tmp_path_factory.mktemp("desk")
    home = lay(folder)
    for team in (crowd(), hostile()):
        (home / f"{team['name']}.json").write_text(json.dumps(team))
    (home / "broken.json").write_text(json.dumps({"name": "broken", "title": "Broken"}))
    with (home / "accord.toml").open("a") as file:
        file.write('crowd = "crowd.json"\nhostile = "hostile.json"\nbroken = "broken.json"\nlost = "lost.json"\n')
    return Desk(folder)


def page_at(client: httpx.Client, path: str) -> Node:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    return tree_of(answer.text)


def team_in(name: str) -> dict[str, Any]:
    """Return a shipped team as its file says it."""
    found: dict[str, Any] = YAML(typ="safe").load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("name", [each for each in SHIPPED if each != "checkout_launch_fr"])
def test_a_page_says_what_the_file_of_its_team_says(name: str, client: httpx.Client) -> None:
    page, team = page_at(client, f"/board/teams/{name}"), team_in(name)
    assert page.one("h1").text == team["title"]
    assert page.one("div", "lead").text == " ".join(team["goal"].split())
    assert page.one("header", "verdict").one("dl").pairs()["Pattern"] == team.get("pattern", "rounds")
    entries = page.titled("roles").one("ul").all("li")
    for entry, (key, role) in zip(entries, team["roles"].items(), strict=True):
        assert entry.one("h3").text == f"{role.get('title', '')} {key}".strip() or "preset" in role
        if "mandate" in role:
            assert " ".join(role["mandate"].split()) in entry.text
        assert ("veto" in entry.text.partition(entry.all("p")[0].text)[1]) == role.get("veto", False)
    _guards(page, team)
    limits = page.titled("limits").pairs()
    for key, what in {"max_rounds": "Rounds", "max_messages": "Messages", "max_seconds": "Seconds at work"}.items():
        if key in team.get("budget", {}):
            assert limits[what] == f"{team['budget'][key]:,}"
    people = page.titled("people").text
    assert all(approver["title"] in people for approver in team.get("approvers", {}).values())


def _guards(page: Node, team: Mapping[str, Any]) -> None:
    guards = team.get("guards", [])
    entries = page.titled("guards").one("ul").all("li") if guards else []
    assert page.has("guards") == bool(guards)
    for entry, guard in zip(entries, guards, strict=True):
        assert entry.one("h3").text == guard["name"]
        assert entry.all("code")[0].text == guard["fact"].removeprefix("facts.")
        assert LABELS[guard["cap"]].lower() in entry.text
        (limit,) = [guard[each] for each in ("at_least", "above", "at_most", "below", "equals") if each in guard]
        told = entry.text.partition(" is ")[2]
        assert str(limit).lower().removeprefix("facts.") in told.replace(",", "")


@pytest.mark.parametrize("name", [each for each in SHIPPED if each != "checkout_launch_fr"])
def test_a_page_says_what_the_proof_of_its_team_says(name: str, client: httpx.Client) -> None:
    page, answer = page_at(client, f"/board/teams/{name}"), client.get(f"/v1/policies/{name}/proof")
    section = page.titled("proof")
    if answer.status_code == 422:
        told = answer.json()["detail"]
        assert section.one("p").text == f"{told[0].upper()}{told[1:]}.".replace("`", "")
        assert "no policy decides" in told
        return
    told = answer.json()
    first = {key: value for key, value in told.items() if key != "within"}
    proofs = [first, *told["within"]]
    articles = section.all("article", "proof")
    assert len(articles) == len(proofs)
    assert all("does not show whether a fact is true" in each.text for each in articles)
    if len(proofs) == 1:  # of several, `holds` of the first is that of all
        assert articles[0].one("p", "proven").one("b").text == ("Proved" if told["holds"] else "Not proved")
    for article, proof in zip(articles, proofs, strict=True):
        _proof(article, proof)


def _proof(article: Node, proof: Mapping[str, Any]) -> None:
    head = article.one("p", "proven").text.replace(",", "")
    assert proof["policy"] in head
    assert f"{proof['votes']} vote" in head
    checks, reports = article.all("ul", "checks")
    for shown, told in ((checks, proof["properties"]), (reports, proof["reports"])):
        for entry, each in zip(shown.all("li"), told, strict=True):
            assert entry.one("code", "role").text == each["property"]
            word = entry.all("span", "quiet")[0].text
            assert (word == "Holds") == each["holds"]
            example = each["counterexample"]
            assert bool(entry.all("p", "note")) == bool(example or each["waived"])
            if shown is checks and example:
                assert [pre.text for pre in entry.all("pre")] == example["lines"]
    _tables(article, proof)


def _tables(article: Node, proof: Mapping[str, Any]) -> None:
    rows = article.one("table", "shares").one("tbody").all("tr")
    found = {row.one("th").text: [int(td.text.split(" ")[0]) for td in row.all("td")] for row in rows}
    counted = {label: [share["outcomes"].get(key, 0) for share in proof["shares"].values()] for key, label in SHARES}
    assert found == {label: counts for label, counts in counted.items() if any(counts)}
    cells = article.one("table", "cells").one("tbody").all("tr")
    assert len(cells) == len(proof["cells"])
    votes = [[int(td.text) for td in row.all("td", "number")] for row in cells]
    width = len(votes[0]) - 1
    told = [
        [*[cell[key] for key in ("go", "caution", "block", "absent")][:width], cell["votes"]] for cell in _of(proof)
    ]
    assert sorted(votes) == sorted(told)


SHARES = tuple(LABELS.items())


def _of(proof: Mapping[str, Any]) -> list[dict[str, int]]:
    cells: list[dict[str, int]] = proof["cells"]
    return cells


def test_a_proof_on_a_page_is_the_one_of_the_command_line(client: httpx.Client, desk: Desk) -> None:
    printed = json.loads(desk.accord("policy", "verify", "checkout_launch", "--json").out)
    page = page_at(client, "/board/teams/checkout_launch")
    _proof(page.one("article", "proof"), printed)
    assert not printed["holds"]
    assert page.one("p", "proven").one("b").text == "Not proved"


@pytest.mark.parametrize("name", ["checkout_launch", "market_entry"])
def test_a_drawing_is_the_one_of_the_command_line(name: str, client: httpx.Client, desk: Desk) -> None:
    drawing = page_at(client, f"/board/teams/{name}").titled("drawing").one("pre").text
    assert drawing == " ".join(desk.accord("graph", name).out.split())


def test_the_list_has_every_team_that_is_offered_and_says_which_is_broken(client: httpx.Client) -> None:
    page = page_at(client, "/board/teams")
    entries = page.one("ul", "teams").all("li")
    faults = {each.one("h2").text: each.one("p", "note").text for each in entries if each.all("p", "note")}
    assert faults.keys() == {"broken", "lost"}
    assert all("cannot be used" in told for told in faults.values())
    links = {each.one("h2").one("a").attrs["href"].rpartition("/")[2] for each in entries if each.one("h2").all("a")}
    assert links >= {*SHIPPED, "crowd", "hostile", "board"}
    assert client.get("/board/teams/broken").status_code == 422
    french = next(each for each in entries if "checkout_launch_fr" in each.text)
    assert french.one("a").attrs["lang"] == "fr"


def test_a_proof_that_is_refused_says_why(client: httpx.Client) -> None:
    told = client.get("/v1/policies/crowd/proof")
    assert told.status_code == 422
    section = page_at(client, "/board/teams/crowd").titled("proof")
    assert section.one("p").text == f"{told.json()['detail'][0].upper()}{told.json()['detail'][1:]}."
    assert not section.all("article")


def test_a_page_speaks_the_language_of_its_team(client: httpx.Client) -> None:
    page = page_at(client, "/board/teams/checkout_launch_fr")
    assert page.one("html").attrs["lang"] == "fr"
    assert [each.text for each in page.one("table", "rows").one("thead").all("th")] == ["Ligne", "Quand", "Alors"]
    assert page.titled("proof").one("h2").text == "Preuve de la politique"
    assert "Not proved" not in page.text


def test_what_a_team_says_is_text_and_what_is_private_is_not_there(client: httpx.Client) -> None:
    thread = client.post("/v1/execute", json={"team": "hostile", "wait": True, "facts": {"customer": {"rate": 6.5}}})
    assert thread.is_success, thread.text
    why = f"/board/runs/{thread.json()['thread_id']}/why"
    for path in ("/board/teams", "/board/teams/hostile", why):
        answer = client.get(path)
        page = tree_of(answer.text)
        assert "<script>alert(1)</script>" in page.text
        assert "\u202e" not in answer.text
        assert not [each for each in page.every() if each.tag in ("script", "img", "style", "iframe")]
        names = {name for each in page.every() for name in each.attrs}
        assert not [name for name in names if name.startswith("on") or name == "style"]
        assert "SECRET" not in answer.text
        assert "4.25" not in answer.text
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    guards = page_at(client, "/board/teams/hostile").titled("guards")
    assert "above 5.5" in guards.text


def test_unknown_teams_are_one_page_and_ids_are_read_as_text(client: httpx.Client) -> None:
    answer = client.get("/board/teams/a%3Cb")
    assert answer.status_code in (400, 404)
    assert "a<b" not in answer.text
    assert client.get(f"/board/teams/{'x' * 81}").status_code == 422
