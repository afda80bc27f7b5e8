"""Decisions that are watched at the board: a source whose value moves, teams that ask it, and the page as it is read.

Threads of the past are begun in this process, before the service is started.
"""

import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from html import unescape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from nodes.services import Services
from tests.harness import run, settings_at, team_of
from tests.service.callers import accord
from tests.service.stories import offer

LIMIT = 0.03
ROLE = {"title": "Risk", "mandate": "Judge."}
SAYS = {stance: {"stance": stance, "summary": "So it is.", "actions": ["Act."]} for stance in ("go", "block")}
ITEM = re.compile(
    r'<li class="(\w+)">\s*<h2><a href="/board/runs/([^"]*)".*?</h2>(.*?)'
    r'(?=<li class="\w+">\s*<h2>|</ol>\s*(?:<p>.*)?</main>)',
    re.DOTALL,
)
TAG = re.compile(r"<[^>]+>")
FORM = re.compile(r'name="form" value="([^"]+)"')


def team(name: str, facts: Any, **changes: Any) -> dict[str, Any]:
    """Return a team of two roles that block on many alerts, with a guard on the rate; both are facts of its source."""
    checks = [{"when": "facts.risk.alerts > 5", **SAYS["block"]}]
    return {
        **{"name": name, "title": "Small", "goal": "Shall we?", "policy": "launch", "sequence": ["risk", "legal"]},
        "facts": facts,
        "roles": {
            "risk": {**ROLE, "checks": checks, "otherwise": SAYS["go"]},
            "legal": {**ROLE, "title": "Legal", "otherwise": SAYS["go"]},
        },
        "guards": [{"name": "fraud", "fact": "risk.rate", "at_least": "limits.rate", "cap": "no_go"}],
        "watch": {"owner": "Head of risk"},
        **changes,
    }


@dataclass
class Source:
    """An HTTP server with the risk of now; it answers once `is_open` is set, and with an error where there is none."""

    url: str = ""
    risk: dict[str, Any] | None = field(default_factory=lambda: {"rate": 0.01, "alerts": 2})
    is_open: threading.Event = field(default_factory=threading.Event)
    asked: int = 0

    @property
    def facts(self) -> list[dict[str, Any]]:
        """The sources of facts of a team that asks here."""
        return [{"inline": {"limits": {"rate": LIMIT}}}, {"http": f"{self.url}/risk", "into": "risk", "timeout": 20}]


@contextmanager
def open_source() -> Iterator[Source]:
    """Start a source."""
    source = Source()
    source.is_open.set()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            source.asked += 1
            source.is_open.wait(60)
            body = json.dumps(source.risk).encode()
            self.send_response(200 if source.risk is not None else 500)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        server.daemon_threads = True
        source.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield source
        source.is_open.set()
        server.shutdown()


def lay(home: Path, source: Source, teams: Mapping[str, Mapping[str, Any]]) -> None:
    """Write teams and what registers them into a home, which may ask the source."""
    home.mkdir(exist_ok=True)
    offer(home, teams, f'[facts.http."{source.url.removeprefix("http://")}"]\nprivate = true\n')


@dataclass(frozen=True)
class Item:
    """A decision on the page: how it is marked, its thread, all of its text, and where its forms are sent."""

    sign: str
    thread: str
    text: str
    forms: tuple[str, ...]


@dataclass(frozen=True)
class Shown:
    """The page as it is read."""

    status: int
    html: str

    @property
    def items(self) -> list[Item]:
        """The decisions, in their order."""
        return [
            Item(sign, text_of(thread), text_of(rest), tuple(re.findall(r'action="([^"]+)"', rest)))
            for sign, thread, rest in ITEM.findall(self.html)
        ]

    def of(self, thread: str) -> Item:
        """The one decision of a thread."""
        (found,) = (each for each in self.items if each.thread == thread)
        return found

    @property
    def text(self) -> str:
        """All that is read on it."""
        return text_of(self.html.partition("<main")[2])

    @property
    def following(self) -> str | None:
        """The address of the next page."""
        found = re.search(r'rel="next" href="([^"]+)"', self.html)
        return unescape(found.group(1)) if found else None


def text_of(html: str) -> str:
    """Return what is read of a part of a page, in one line."""
    return " ".join(unescape(TAG.sub("", html)).split())


@dataclass
class Reader:
    """Somebody at the board of a service; `field` is what their forms have in the hidden field, once it was shown."""

    client: httpx.Client
    field: str = ""

    def see(self, path: str = "/board/watch") -> Shown:
        """Open the page."""
        answer = self.client.get(path)
        return Shown(answer.status_code, answer.text)

    def send(self, path: str, **fields: str) -> httpx.Response:
        """Send a form as the page of watched decisions has it."""
        found = None if self.field else FORM.search(self.client.get("/board/watch").text)
        self.field = found.group(1) if found else self.field
        origin = str(self.client.base_url).rstrip("/")
        return self.client.post(path, data={"form": self.field, **fields}, headers={"origin": origin})

    def look(self, thread: str = "") -> httpx.Response:
        """Look at all decisions, or at one."""
        return self.send("/board/watch", **({"thread": thread} if thread else {}))

    def reopen(self, thread: str) -> httpx.Response:
        """Take a decision again."""
        return self.send(f"/board/runs/{thread}/reopen")

    def run(self, name: str) -> str:
        """Have a team decide, and return its thread."""
        answer = self.client.post("/v1/execute", json={"team": name, "wait": True})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["thread_id"])

    def rested(self, thread: str) -> dict[str, Any]:
        """Return the record of a thread once it rests."""
        while (record := self.client.get(f"/v1/runs/{thread}").json())["status"] in ("running", "queued"):
            pass
        return dict(record)

    def threads(self) -> set[str]:
        """Return all threads of the tenant."""
        return {each["thread_id"] for each in self.client.get("/v1/runs?limit=200").json()["items"]}


def decided_before(home: Path, monkeypatch: pytest.MonkeyPatch, **threads: str) -> None:
    """Have teams decide in threads, each by the name of its team, long before now."""
    with monkeypatch.context() as earlier:
        earlier.setattr("graph.opening.Services", partial(Services, now=lambda: "2026-01-02T03:04:05.678+00:00"))
        for thread, name in threads.items():
            settings = settings_at(home)
            assert run(team_of(settings, str(home / f"{name}.json")), settings, thread)["status"] in ("ok", "stopped")


def exported(home: Path, thread: str) -> str:
    """Return the record of a thread, as the command line exports it."""
    return accord(home, "audit", "export", thread).stdout


def refusal_in(answer: httpx.Response) -> str:
    """Return the sentence of a page that refuses."""
    assert answer.headers["content-type"].startswith("text/html")
    return text_of(answer.text.partition("</h1>")[2])
