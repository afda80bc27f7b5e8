"""A chat template that wants users and assistants to take turns is sent one user message, learned from its refusal."""

import json
from pathlib import Path

import pytest

from tests.harness import CHECKOUT_ROLES, run, settings_at, team_of
from tests.runs.stage import MODEL, rounds
from tests.scripted_server import Answer, Call, ScriptedServer, served, status

pytestmark = pytest.mark.slow

TOLD = "Conversation roles must alternate user/assistant/user/assistant/..."


class TurnsServer(ScriptedServer):
    """Refuses two user messages in a row; its script goes by the last line of the last message."""

    refused = 0

    def _next(self, method: str, call: Call) -> Answer | str:
        said = [message["content"] for message in call.body["messages"] if message["role"] == "user"]
        if len(said) > 1:
            self.refused += 1
            return status(400, {"object": "error", "message": TOLD, "type": "BadRequestError", "code": 400})
        user = json.loads(said[0].rpartition("\n")[2])
        call.user, call.round, call.role = user, user.get("round"), user.get("role", call.role)
        return super()._next(method, call)


def test_the_rounds_are_joined_to_one_message_a_line_each(tmp_path: Path) -> None:
    script = rounds(("go", "go", "block"), ("go", "go", "block"), ("go", "go", "go"))
    with served(TurnsServer(script)) as server:
        settings = settings_at(tmp_path, server.base_url)
        record = run(team_of(settings, "checkout_launch", "rounds={show: arguments}"), settings)
    assert (record["stop_reason"], record["rounds_used"], server.unscripted) == ("success", 3, [])
    assert record["endpoints"] == {MODEL: {"messages": "joined"}}
    assert 1 <= server.refused <= len(CHECKOUT_ROLES)
    last = [call for call in server.calls if call.round == 3]
    assert len(last) == 3
    for call in last:
        system, user = call.body["messages"]
        assert (system["role"], user["role"]) == ("system", "user")
        first, second, asked = map(json.loads, user["content"].splitlines())
        assert (first["round"], second["round"], asked["round"]) == (1, 2, 3)
