"""Every Python block of docs/python.md runs, one after the other, as a reader would type them."""

import ast
import asyncio
import inspect
import re
from pathlib import Path
from types import CodeType
from typing import Any

import pytest

from tests.harness import run, settings_at, team_of

PAGE = Path(__file__).parent.parent.parent / "docs" / "python.md"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)


def compiled(block: str) -> CodeType:
    """Compile a block as a notebook does: it may await at its top level."""
    code: CodeType = compile(block, PAGE.name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    return code


def run_block(code: CodeType, names: dict[str, Any]) -> None:
    if code.co_flags & inspect.CO_COROUTINE:
        asyncio.run(eval(code, names))
    else:
        exec(code, names)


@pytest.mark.slow
def test_every_block_of_the_page_runs_offline(accord_home: Path) -> None:
    names: dict[str, Any] = {"__name__": "reader"}
    codes = [compiled(block) for block in BLOCKS]

    for code in codes:
        run_block(code, names)

    assert [bool(code.co_flags & inspect.CO_COROUTINE) for code in codes] == [False] * 4 + [True]
    assert names["record"]["thread_id"] == "in-a-notebook"


@pytest.mark.parametrize("block", BLOCKS, ids=range(len(BLOCKS)))
def test_no_line_of_a_block_is_wider_than_a_page(block: str) -> None:
    assert max(map(len, block.splitlines())) <= 120


TOLD = ("checkout_launch", "build_or_buy", "market_entry")
PLACE = {"event", "round", "role", "attempt", "stage", "seat", "within"}


@pytest.mark.parametrize("name", TOLD)
def test_every_event_and_key_that_a_follower_gets_is_in_the_table(name: str, tmp_path: Path) -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| [^|]+ \| (.+) \|$", TEXT, flags=re.MULTILINE))
    told: list[dict[str, Any]] = []
    settings = settings_at(tmp_path)
    for limit in (48, 2):
        team = team_of(settings, name, f"budget.max_messages={limit}")
        run(team, settings, thread=f"limit-{limit}", on_event=told.append)
    assert {"running", "opened", "asked", "answered", "stopped"} <= {each["event"] for each in told}
    for each in told:
        named = set(re.findall(r"`(\w+)`", rows[each["event"]]))
        assert set(each) <= PLACE | named, each
