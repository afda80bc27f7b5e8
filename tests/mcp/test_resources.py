"""Resources that cannot be read: who asked wrongly is told so, and what the server cannot do is an error of its own."""

import json
import sqlite3
import uuid
from contextlib import closing
from pathlib import Path

import pytest
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR, INVALID_PARAMS

from tests.mcp.clients import Agent, Way
from tests.service.stories import lay

pytestmark = [pytest.mark.slow, pytest.mark.system, pytest.mark.timeout(120)]


async def refused(agent: Agent, uri: str) -> tuple[int, str]:
    with pytest.raises(MCPError) as found:
        await agent.client.read_resource(uri)
    return found.value.error.code, found.value.error.message


def test_a_database_that_fails_is_not_the_fault_of_who_reads_and_is_noted(tmp_path: Path) -> None:
    home, unknown = lay(tmp_path), f"accord://runs/{uuid.uuid4()}/report"

    async def story(agent: Agent) -> tuple[tuple[int, str], ...]:
        uri = f"accord://runs/{(await agent.told('decide', team='agrees'))['thread_id']}/report"
        await agent.client.read_resource(uri)
        wrong = await refused(agent, unknown)
        with closing(sqlite3.connect(home / "accord.sqlite")) as database:
            database.execute("ALTER TABLE store RENAME TO elsewhere")
        return wrong, await refused(agent, uri)

    (wrong, told), held = Way(home).tell(story)
    assert wrong == INVALID_PARAMS
    assert told.startswith("there is no thread")
    assert held == (INTERNAL_ERROR, "the database does not answer; try again later")
    noted = [json.loads(line) for line in (home / "mcp.log").read_text().splitlines() if '"read"' in line]
    assert [each["result"] for each in noted] == ["complete", "refused", "refused"]
    assert noted[1]["uri"] == unknown
