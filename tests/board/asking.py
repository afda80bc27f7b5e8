"""Teams that ask people, and what is in the record of what they answered, read from its export alone."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.service.stories import DIVIDED, GOING, GUARD, PATIENT, ROLE, TEAM, begun, offer
from tests.signing.openssh import make_key

BY_MAJORITY = {"decide": {"by": ["cfo", "cto", "coo"], "rule": {"policy": "majority"}}}
SEAT = {**ROLE, "title": "Counsel", "voice": "human", "people": ["cfo", "cto"]}


def lay(folder: Path) -> dict[str, Path]:
    """Write the teams into a home; return the private keys, by whose they are, and one that is nobody's."""
    home, keys = folder / "home", {name: make_key(folder / name, "ed25519") for name in ("cto", "thief")}
    home.mkdir(exist_ok=True)
    people = {
        "cfo": {"title": "Chief financial officer", "deputy": "vice"},
        "cto": {"title": "Chief technology officer", "key": keys["cto"].with_suffix(".pub").read_text().strip()},
        "coo": {"title": "Chief operating officer"},
        "vice": {"title": "Deputy"},
    }
    teams: dict[str, dict[str, Any]] = {
        "board": {
            "guards": [GUARD],
            "roles": DIVIDED,
            "escalate": {**BY_MAJORITY, "expires_after": "48h", "on_timeout": "stop"},
        },
        "anybody": {"roles": DIVIDED, "policy": PATIENT, "approvers": {}},
        "seated": {"roles": {**GOING, "legal": SEAT}, "sequence": ["legal", "demand", "risk"]},
        "lacking": {
            "facts": {"x": 1},
            "requires": ["rate"],
            "roles": GOING,
            "escalate": {"supply": {"rate": ["cfo", "cto"]}},
        },
        "signed_off": {"roles": GOING, "sign_off": ["cfo", "cto"]},
        "french": {"roles": DIVIDED, "language": "fr", "escalate": {"decide": {"by": ["cfo"]}}},
        "both": {
            "roles": {**GOING, "legal": SEAT, "audit": {**SEAT, "title": "Auditor", "people": ["coo"]}},
            "sequence": ["legal", "audit", "demand", "risk"],
        },
    }
    offer(home, {name: {**TEAM, "approvers": people, **team} for name, team in teams.items()})
    return keys


@dataclass(frozen=True)
class Case:
    """A thread that asks one thing."""

    thread: str
    question: str

    @property
    def path(self) -> str:
        """Where its form is."""
        return f"/board/runs/{self.thread}/answer/{self.question}"

    @property
    def run(self) -> str:
        """Where who answered is led to."""
        return f"/board/runs/{self.thread}?answered={self.question}"


def asked(client: httpx.Client, team: str) -> Case:
    """Run a team until it asks."""
    thread = begun(client, team)
    waiting = client.get(f"/v1/runs/{thread}").json()["waiting"]
    return Case(thread, waiting[0]["id"])


def exported(client: httpx.Client, thread: str) -> list[dict[str, Any]]:
    """Return the events of a record, as it is exported."""
    lines = client.get(f"/v1/runs/{thread}/audit").raise_for_status().text.strip().split("\n")
    return [*map(json.loads, lines)]


def answers(client: httpx.Client, thread: str) -> list[tuple[Any, ...]]:
    """Return what people answered, as the export of the record says it: who, what and why."""
    given = [each for each in exported(client, thread) if each["event"] == "answered"]
    return [(each["by"], each["outcome"], each["because"]) for each in given]


def is_signed(client: httpx.Client, thread: str, key: Path) -> bool:
    """Return whether OpenSSH calls the last answer in the export signed by a key, over what the record says of it."""
    lines = exported(client, thread)
    asked_of = {each["question"]: each for each in lines if each["event"] == "asked" and each.get("question")}
    given = [each for each in lines if each["event"] == "answered"][-1]
    bound = asked_of[given["question"]]["bound"]
    fields = {
        **{"thread": lines[0]["thread"], "question": given["question"], "policy": bound["policy"]},
        **{"facts": bound["facts"], "outcome": given["outcome"], "because": given["because"]},
    }
    text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    allowed, signature = key.with_suffix(".allowed"), key.with_suffix(".signature")
    allowed.write_text(f"{given['by']} {key.with_suffix('.pub').read_text()}")
    signature.write_text(given["signature"])
    command = ["ssh-keygen", "-Y", "verify", "-f", str(allowed), "-I", given["by"], "-n", "accord-decision"]
    done = subprocess.run([*command, "-s", str(signature)], input=text.encode(), capture_output=True, check=False)
    return done.returncode == 0


def run_as_printed(command: str, key: Path) -> str:
    """Run a command in a shell as it was copied from a page, with the file of a key in place of the usual one."""
    typed = command.replace("~/.ssh/id_ed25519", str(key))
    assert typed != command
    done = subprocess.run(["sh", "-c", typed], capture_output=True, text=True, check=True)
    return done.stdout
