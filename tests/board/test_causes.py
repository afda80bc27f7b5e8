"""Causes: why a source of facts failed is read over HTTP by the name of the source, and without the server's paths."""

import json
import re
from collections.abc import Iterator, Mapping
from html import unescape
from pathlib import Path

import httpx
import pytest

from tests.board.watching import Reader, team
from tests.service.callers import accord
from tests.service.entrances import KINDS, entrance

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

RISK = '{"risk": {"rate": 0.01, "alerts": 2}, "limits": {"rate": 0.03}}'
BROKEN = {
    "lost": ("risk.json", None, "risk.json: cannot be read: No such file or directory"),
    "cut": ("cut.json", '{"risk": ', "cut.json:1: cannot be read as JSON: a value is expected at character 10"),
    "twice": ("twice.yaml", "a: 1\na: 2\n", "twice.yaml:2: the key `a` is there twice; keep one"),
    "odd": ("odd.csv", "a,b\n1\n", "odd.csv:2: has 1 cell, and the first line 2; put text with a comma in quotes"),
    "bare": ("bare.json", "[1]", "bare.json: its data is a list"),
    "named": ("gone.csv", None, "crm: cannot be read: No such file or directory"),
}
"""Teams by name: the file of their only source, what is in it, and what is read of that."""
FOLDER, NEIGHBOUR = "CANARYFACTS", "risks.json"
BREAKS = re.compile(r"<wbr>|<[^>]*>")
LINK = re.compile(r'(?:href|src)="(/board[^"#]*)')


def lay(home: Path) -> None:
    """Write teams whose sources are files of one folder, which also has one that might have been meant."""
    (home / FOLDER).mkdir(parents=True)
    files = {**{file: text for file, text, _ in BROKEN.values() if text}, NEIGHBOUR: RISK, "good.json": RISK}
    for file, text in files.items():
        (home / FOLDER / file).write_text(text)
    sources = {**{name: file for name, (file, _, _) in BROKEN.items()}, "good": "good.json"}
    for name, file in sources.items():
        source = {"file": f"{FOLDER}/{file}", **({"name": "crm"} if name == "named" else {})}
        (home / f"{name}.json").write_text(json.dumps(team(name, [source])))
    (home / "accord.toml").write_text("[teams]\n" + "".join(f'{name} = "{name}.json"\n' for name in sources))


def pages(client: httpx.Client) -> Iterator[tuple[str, str]]:
    """Yield every page of the board that a link leads to, with its address."""
    seen, left = set[str](), ["/board"]
    while left:
        path = left.pop()
        if path not in seen:
            seen.add(path)
            text = client.get(path, follow_redirects=True).text
            yield path, text
            left += map(unescape, LINK.findall(text))


def answers(client: httpx.Client, threads: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what every GET of the API answers about each of the threads, and about its team."""
    for path, methods in client.get("/v1/openapi.json").json()["paths"].items():
        for name, thread in threads.items() if "get" in methods else ():
            asked = path.replace("{team}", name).replace("{name}", name).replace("{thread}", thread)
            yield asked, client.get(asked).text


@pytest.mark.parametrize("kind", KINDS)
def test_no_page_and_no_answer_has_the_path_of_a_source_that_failed(kind: str, tmp_path: Path) -> None:
    lay(tmp_path / "home")
    with entrance(kind, tmp_path) as service, httpx.Client(base_url=service.url, timeout=120) as client:
        threads = dict[str, str]()
        for name in (*BROKEN, "good"):
            told = client.post("/v1/execute", json={"team": name, "wait": True}).json()
            assert name == "good" or told["cause"].startswith(BROKEN[name][-1])
            threads[name] = told["thread_id"]
        (tmp_path / "home" / FOLDER / "good.json").unlink()
        Reader(client).look()
        found = [*pages(client), *answers(client, threads)]
        accord(tmp_path / "home", "watch", "--all")
        found += [*pages(client), *answers(client, threads)]
        read = [(address, BREAKS.sub("", text)) for address, text in found]
        assert [address for address, text in read if FOLDER in text or NEIGHBOUR in text] == []
        for name in BROKEN:
            page = next(text for address, text in read if address == f"/board/runs/{threads[name]}")
            assert BROKEN[name][-1] in unescape(page)
        assert "good.json: cannot be read" in dict(read)["/board/watch"]


def test_the_command_line_says_where_the_file_is_and_which_one_was_probably_meant(tmp_path: Path) -> None:
    lay(tmp_path / "home")
    told = json.loads(accord(tmp_path / "home", "run", str(tmp_path / "home" / "lost.json"), "--json").stdout)["cause"]
    folder = tmp_path / "home" / FOLDER
    assert told.startswith(f"{folder / 'risk.json'}: cannot be read")
    assert f"did you mean `{folder / NEIGHBOUR}`?" in told
