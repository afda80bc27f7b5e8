"""What people meet in a browser: teams, a model that answers when it may, and a service that offers the teams."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.scripted_server import Answer, Call, Script, forever, held, says, serve, text
from tests.service.process import Served, serving
from tests.service.stories import GUARD, PATIENT, offer

OPENAI = ("OPENAI_API_KEY", "OPENAI_BASE_URL")
ROLES = {"demand": "Demand analyst", "finance": "Finance analyst", "risk": "Risk analyst"}
SAID = {
    ("demand", 1): says("go", "Customers ask for it every week.", actions=["Open the waiting list."]),
    ("finance", 1): says("caution", "The margin is thin in the first quarter.", 0.6, ["Cap the discount."]),
    ("risk", 1): says("block", "Refunds are not tested yet.", 0.8, ["Test the refunds."]),
    ("demand", 2): says("go", "Nothing has changed for customers.", actions=["Open the waiting list."]),
    ("finance", 2): says("go", "The discount is capped now.", 0.7, ["Book the campaign."]),
    ("risk", 2): says("block", "Refunds still fail in one country.", 0.9, ["Test the refunds."]),
}


def role(title: str, stance: str = "go", summary: str = "So it is.", **more: Any) -> dict[str, Any]:
    said = {"stance": stance, "summary": summary, "actions": ["Act."]}
    return {"title": title, "mandate": "Judge the launch.", "otherwise": said, **more}


def launch(key: str | None) -> dict[str, Any]:
    """Return a team that talks for two rounds and then asks a person, who signs where there is a key."""
    return {
        "title": "Winter launch",
        "goal": "Shall we launch the winter range on 1 December?",
        "facts": {"rate": 0.02, "orders": 12_000},
        "sequence": [*ROLES],
        "roles": {name: role(title, "block" if name == "risk" else "go") for name, title in ROLES.items()},
        "policy": PATIENT,
        "budget": {"max_rounds": 2, "max_seconds": 900},
        "guards": [GUARD],
        "approvers": {"cfo": {"title": "Chief financial officer", **({"key": key} if key else {})}},
        "escalate": {"decide": {"by": ["cfo"]}},
    }


def watched() -> dict[str, Any]:
    """Return a team that decides on the facts of a file, by a guard on one of them."""
    checks = [{"when": "facts.alerts > 5", "stance": "block", "summary": "Many alerts.", "actions": ["Stop."]}]
    return {
        "title": "Payments",
        "goal": "Shall we keep the payment provider?",
        "facts": [{"file": "facts.json"}],
        "sequence": ["risk", "legal"],
        "roles": {"risk": role("Risk", checks=checks), "legal": role("Legal")},
        "policy": "launch",
        "guards": [{"name": "fraud", "fact": "rate", "at_least": 0.03, "cap": "no_go"}],
        "watch": {"owner": "Head of payments"},
    }


def teams(key: str | None) -> dict[str, dict[str, Any]]:
    short = {"title": "Cut short", "goal": "Does it end?", "facts": {"rate": 0.02}, "sequence": [*ROLES]}
    roles = {name: role(title) for name, title in ROLES.items()}
    stopped = {**short, "roles": roles, "budget": {"max_messages": 1}}
    lacking = {
        **short,
        "title": "Numbers",
        "facts": {"x": 1},
        "requires": ["rate"],
        "roles": {name: role(title) for name, title in ROLES.items()},
        "approvers": {"cfo": {"title": "CFO"}},
        "escalate": {"supply": {"rate": ["cfo"]}},
    }
    seat = {"title": "Legal counsel", "mandate": "Judge.", "voice": "human", "people": ["cfo"]}
    seated = {
        **short,
        "title": "A seat for counsel",
        "roles": {**roles, "legal": seat},
        "sequence": ["legal", *ROLES],
        "approvers": {"cfo": {"title": "CFO"}},
    }
    both = {"decide": {"by": ["cfo", "cto"], "rule": {"policy": "unanimous"}}}
    people = {"cfo": {"title": "CFO"}, "cto": {"title": "CTO"}}
    pair = {**launch(None), "title": "Both must say so", "approvers": people, "escalate": both}
    return {
        **{"launch": launch(key), "pair": pair, "payments": watched()},
        **{"short": stopped, "numbers": lacking, "counsel": seated},
    }


def lay(folder: Path, offered: Mapping[str, Mapping[str, Any]]) -> Path:
    """Write teams and what registers them into a home, and return the home."""
    home = folder / "home"
    home.mkdir()
    write_facts(home, rate=0.01)
    offer(home, offered)
    return home


def write_facts(home: Path, rate: float) -> None:
    """Write the file that the facts of the watched team come from."""
    (home / "facts.json").write_text(json.dumps({"rate": rate, "alerts": 2, "region": "EU"}))


@dataclass
class Model:
    """A model whose roles answer when they may."""

    may: set[tuple[str, int]] = field(default_factory=set)
    is_free: bool = False

    def script(self) -> Script:
        return {"brief": forever(text("Launch in two steps.")), **{name: self._answer for name in ROLES}}

    def let(self, name: str, number: int) -> None:
        """Let a role answer in a round."""
        self.may.add((name, number))

    def _answer(self, call: Call) -> Answer:
        asked = (call.role, call.round or 1)
        return held(SAID[asked], lambda: self.is_free or asked in self.may)


@dataclass(frozen=True)
class Board:
    """A service that was started, its data, and the model that its roles ask."""

    served: Served
    home: Path
    model: Model

    def at(self, path: str) -> str:
        """Return the address of a page."""
        return f"{self.served.url}{path}"

    def begun(self, team: str, token: str | None = None, **body: Any) -> str:
        """Begin a run, and return its thread; it has come to rest unless `wait` is false."""
        with self.served.client(token) as client:
            answer = client.post("/v1/execute", json={"team": team, "wait": True, "voice": "rules", **body})
        assert answer.is_success, answer.text
        return str(answer.json()["thread_id"])

    def record(self, thread: str, token: str | None = None) -> dict[str, Any]:
        """Return the record of a thread."""
        return dict(self.read(f"/v1/runs/{thread}", token).json())

    def events(self, thread: str, token: str | None = None) -> list[dict[str, Any]]:
        """Return what the record of a thread has, event by event."""
        return [json.loads(line) for line in self.read(f"/v1/runs/{thread}/audit", token).text.splitlines()]

    def question(self, thread: str, token: str | None = None) -> str:
        """Return the id of the one question that a thread waits with."""
        items = self.read("/v1/inbox", token).json()["items"]
        (found,) = [each["id"] for each in items if each["thread_id"] == thread]
        return str(found)

    def read(self, path: str, token: str | None = None) -> httpx.Response:
        with self.served.client(token) as client:
            answer = client.get(path)
        assert answer.is_success, answer.text
        return answer


@contextmanager
def board(folder: Path, offered: Mapping[str, Mapping[str, Any]]) -> Iterator[Board]:
    """Start a service that offers these teams, and the model beside it."""
    model, home = Model(), lay(folder, offered)
    with serve(model.script()) as server:
        env = dict(zip(OPENAI, ("sk-test", server.base_url), strict=True))
        with serving(home, env=env) as served:
            yield Board(served, home, model)


def new_key(folder: Path) -> Path:
    """Make a key where `ssh-keygen` puts it in a home of its own, and return that home."""
    (folder / ".ssh").mkdir(mode=0o700)
    file = folder / ".ssh" / "id_ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "cfo", "-f", file], check=True)
    return folder


def public_key(folder: Path) -> str:
    return (folder / ".ssh" / "id_ed25519.pub").read_text().strip()


def run_in(folder: Path, command: str) -> str:
    """Run a command of a page in a shell whose home is a folder, and return what it prints."""
    env = {"HOME": str(folder), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(["sh", "-c", command], env=env, check=True, capture_output=True, text=True)
    return done.stdout
