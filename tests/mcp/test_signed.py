"""A question that must be signed: nobody is asked with a form; the text to sign comes, and the signature is taken."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.durability.processes import Desk
from tests.mcp.clients import MODES, Agent, Mode, Person, Way
from tests.service.stories import DIVIDED, TEAM, events
from tests.signing import openssh

pytestmark = [
    pytest.mark.slow,
    pytest.mark.system,
    pytest.mark.timeout(300),
    pytest.mark.needs("ssh_keygen"),
]
SAID = {"decision": "no_go", "because": 'It\'s not "ready" – yet.'}


@pytest.fixture
def keyed(desk: Desk) -> tuple[str, Path]:
    """A team whose CFO has a key, and the key."""
    key = openssh.keys()["ed25519"][0]
    line = " ".join(openssh.public(key).split()[:2])
    team = {
        **TEAM,
        "name": "keyed",
        "roles": DIVIDED,
        "approvers": {"cfo": {"title": "CFO", "key": line}},
        "escalate": {"decide": {"by": ["cfo"]}},
    }
    home = desk.folder / "home"
    (home / "keyed.json").write_text(json.dumps(team))
    named = 'keyed = "keyed.json"\n'
    config = (home / "accord.toml").read_text()
    if named not in config:
        (home / "accord.toml").write_text(f"{config}{named}")
    return "keyed", key


@pytest.mark.parametrize("mode", MODES)
def test_what_must_be_signed_is_signed_elsewhere_and_taken(
    way: Way, mode: Mode, keyed: tuple[str, Path], desk: Desk
) -> None:
    team, key = keyed
    person = Person([{**SAID, "by": "cfo"}])

    async def story(agent: Agent) -> tuple[Any, ...]:
        waiting = await agent.told("decide", team=team)
        thread = waiting["thread_id"]
        (asked,) = waiting["to_answer"]
        unsigned = await agent.refusal("answer", thread=thread, by="cfo", **SAID)
        text = unsigned.partition("; the text: ")[2].partition("; the command: ")[0]
        command = unsigned.partition("; the command: ")[2]
        signed = run(re.sub(r"-f \S+$", f"-f {key}", command))
        assert signed.startswith("-----BEGIN SSH SIGNATURE-----")
        assert json.loads(text) == json.loads(asked["sign"]["text"]) | {"outcome": "no_go", "because": SAID["because"]}
        given = {"thread": thread, "by": "cfo", **SAID}
        another = await agent.refusal("answer", **(given | {"because": "Else."}), signature=signed)
        broken = await agent.refusal("answer", **given, signature=signed[:60])
        return waiting, unsigned, another, broken, await agent.told("answer", **given, signature=signed)

    waiting, unsigned, another, broken, record = way.tell(story, mode, person)
    assert person.seen == []
    assert waiting["to_answer"][0]["sign"]["names"] == ["cfo"]
    assert unsigned.startswith("cfo has a key, so the answer must be signed")
    assert "the signature does not fit" in another
    assert "the signature is not a signature of OpenSSH" in broken
    assert (record["status"], record["final_decision"]) == ("ok", "no_go")
    thread = record["thread_id"]
    (answer,) = [event for event in events(desk, thread) if event["event"] == "answered"]
    assert (answer["by"], answer["outcome"], answer["because"]) == ("cfo", "no_go", SAID["because"])
    shown = desk.accord("show", thread, "--json").record
    assert [each["proof"] for each in shown["people"][0]["answers"]] == ["signature"]
    assert desk.accord("audit", "verify", thread).code == 0


def run(command: str) -> str:
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=True)
    return done.stdout
