"""Two tenants at one real `langgraph dev`: what the one has, and the other's requests for it."""

import json
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.durability.processes import Desk
from tests.server.development import PATIENCE_SECONDS, REPOSITORY, Server, lay_out, serve_graph

CANARY = "Ada-Lovelace-4711"
"""In all that the first tenant says of itself, and never in what the second one is told."""
AGENT = "agent_of_acme"
SCRIPT = Path(__file__).with_name("route_table.py")
ROLE = {"title": "Role", "mandate": "Judge."}
GOES = {"stance": "go", "summary": "Fine.", "actions": ["Go on."]}
BLOCKS = {"stance": "block", "summary": "Not yet.", "actions": ["Wait."]}
ASKING = {
    "name": "quorum",
    "title": "A team that people decide for",
    "goal": f"Launch for {CANARY}?",
    "facts": {"rate": 0.02},
    "guards": [{"name": "fraud", "fact": "rate", "above": 0.01, "cap": "go_with_caution"}],
    "sequence": ["demand", "risk"],
    "roles": {"demand": {**ROLE, "otherwise": GOES}, "risk": {**ROLE, "otherwise": BLOCKS, "tenants": ["acme"]}},
    "approvers": {"ada": {"title": "Ada"}},
    "escalate": {"decide": {"by": ["ada"]}},
}
"""A team that only the first tenant may use."""


def lay(folder: Path) -> Path:
    """Lay out a home that offers the team above."""
    (folder / "home").mkdir(exist_ok=True)
    (folder / "home" / "quorum.json").write_text(json.dumps(ASKING))
    (folder / "home" / "accord.toml").write_text('[teams]\nquorum = "quorum.json"\n')
    return folder


def token(folder: Path, tenant: str, person: str, *scopes: str) -> str:
    """Return a new token, admin unless scopes are named."""
    asked = [word for scope in scopes or ("admin",) for word in ("--scope", scope)]
    done = Desk(folder).accord("token", "create", "--tenant", tenant, "--person", person, *asked)
    assert done.code == 0, done
    return done.out.strip()


def client(server: Server, held: str | None, **headers: str) -> httpx.Client:
    """Return a client with a token."""
    named = {"authorization": f"Bearer {held}"} if held else {}
    return httpx.Client(base_url=server.url, headers={**named, **headers}, timeout=PATIENCE_SECONDS)


@dataclass(frozen=True)
class Pair:
    """A server, and a client of each tenant."""

    server: Server
    acme: httpx.Client
    globex: httpx.Client


@contextmanager
def two_tenants(folder: Path) -> Iterator[Pair]:
    """Serve two tenants, each with a token that may do all."""
    lay(folder)
    held = [token(folder, "acme", "ada"), token(folder, "globex", "grace")]
    with serve_graph(folder) as server, client(server, held[0]) as acme, client(server, held[1]) as globex:
        wait_for(acme, "quorum")
        yield Pair(server, acme, globex)


def wait_for(asking: httpx.Client, name: str) -> str:
    """Return the id of an assistant, once it is there."""
    limit = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < limit:  # they are made once the server has started
        for each in told(asking.post("/assistants/search", json={"limit": 100})):
            if each["name"] == name:
                return str(each["assistant_id"])
        time.sleep(0.2)
    raise AssertionError(f"there is no assistant `{name}`")


def told(answer: httpx.Response) -> Any:
    """Return what an answer says, which is a success."""
    assert answer.is_success, (answer.status_code, answer.text)
    return answer.json()


def new_thread(asking: httpx.Client, **said: Any) -> str:
    """Return a new thread."""
    return str(told(asking.post("/threads", json=said))["thread_id"])


def run(asking: httpx.Client, thread: str, assistant: str = "rounds", **said: Any) -> Any:
    """Run a thread to its end, and return what it came to."""
    return told(asking.post(f"/threads/{thread}/runs/wait", json={"assistant_id": assistant, "input": {}, **said}))


def things_of(pair: Pair) -> dict[str, str]:
    """Make what the first tenant has, and return each id of it, by what routes call it."""
    acme = pair.acme
    thread = new_thread(acme, metadata={"note": CANARY})
    run(acme, thread, input={"goal": f"Ship for {CANARY}?", "facts": {"customer": CANARY}})
    waiting = new_thread(acme)
    run(acme, waiting, wait_for(acme, "quorum"))
    made = {"graph_id": "rounds", "name": CANARY, "context": {"team": "checkout_launch"}, "metadata": {"note": CANARY}}
    told(acme.post("/v1/agents", json={"name": AGENT, "title": "Auditor", "mandate": f"Judge for {CANARY}."}))
    state = told(acme.get(f"/threads/{waiting}/state"))
    return {
        "thread_id": thread,
        "thread": thread,
        "waiting": waiting,
        "run_id": told(acme.get(f"/threads/{thread}/runs"))[0]["run_id"],
        "checkpoint_id": told(acme.get(f"/threads/{thread}/state"))["checkpoint"]["checkpoint_id"],
        "assistant_id": told(acme.post("/assistants", json=made))["assistant_id"],
        "question": next(each["id"] for task in state["tasks"] for each in task["interrupts"]),
        "name": AGENT,
        "team": "quorum",
        "executed": told(acme.post("/v1/execute", json={"team": "checkout_launch", "wait": True}))["thread_id"],
    }


def none_of(things: dict[str, str]) -> dict[str, str]:
    """Return ids of the same kinds that nobody has."""
    made = {value: str(uuid.uuid4()) for value in things.values()}
    found = {name: made[value] for name, value in things.items()}
    return found | {
        "question": uuid.uuid4().hex,
        "name": f"agent_{uuid.uuid4().hex[:20]}",
        "team": f"team_{uuid.uuid4().hex[:20]}",
    }


def routes(folder: Path) -> list[tuple[str, str]]:
    """Return the routes of the server as its own process has them: (method, template)."""
    lay_out(folder)
    environment = {**Desk(folder).environment, "LANGGRAPH_CLI_NO_ANALYTICS": "1", "PYTHONPATH": str(REPOSITORY)}
    environment.pop("PYTHONWARNINGS")
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "65000"],
        cwd=folder,
        env=environment,
        capture_output=True,
        timeout=PATIENCE_SECONDS * 2,
    )
    found = re.search(rb"^ROUTES(.*)$", done.stderr, re.MULTILINE)
    assert found, done.stderr[-3_000:]
    return [(method, path) for method, path in json.loads(found[1])]


def filled(template: Any, ids: dict[str, str]) -> Any:
    """Return a template with ids in it; what is not named there is a word that names nothing."""
    text = json.dumps(template)
    for name, value in ids.items():
        text = text.replace(f"{{{name}}}", value)
    return json.loads(re.sub(r"\{[a-z_]+\}", "rounds", text))


VARYING = {"date", "x-request-id", "content-length"}
"""Headers that differ between any two answers, or with the length of what was asked."""


def seen(answer: httpx.Response, ids: dict[str, str]) -> tuple[int, str, dict[str, str]]:
    """Return all that an answer tells, with each id that was asked for under its name."""
    text = answer.text.replace("<wbr>", "")  # where a page lets a long name break
    headers = {name: value for name, value in answer.headers.items() if name not in VARYING}
    for name, value in ids.items():
        text = text.replace(value, f"<{name}>")
        headers = {key: each.replace(value, f"<{name}>") for key, each in headers.items()}
    return answer.status_code, text, headers
