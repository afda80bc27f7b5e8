"""Both savers refuse what would copy or cut a thread, whoever asks, and leave every checkpoint where it is."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from graph.store.database import open_saver
from nodes.services import InputRefusedError
from tests.durability.rows import all_rows
from tests.harness import run, settings_at, team_of

pytestmark = pytest.mark.slow


def refusals_of(location: str) -> list[str]:
    """Return what a saver says to each way of cutting or copying the thread `t`."""

    async def main() -> list[str]:
        said = []
        async with open_saver(location) as saver:
            ways: list[Any] = [
                saver.acopy_thread("t", "other"),
                saver.adelete_for_runs(["t"]),
                saver.aprune(["t"], strategy="keep_latest"),
                saver.aprune(["t"], strategy="delete"),
            ]
            for way in ways:
                with pytest.raises(InputRefusedError) as refused:
                    await way
                said.append(str(refused.value))
        return said

    return asyncio.run(main())


@pytest.mark.parametrize("store", ["sqlite", pytest.param("postgres", marks=pytest.mark.needs("postgres"))])
def test_a_thread_is_neither_copied_nor_cut(store: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    settings = settings_at(tmp_path)
    if store == "postgres":
        url = str(request.getfixturevalue("postgres_database"))
        settings = settings.model_copy(update={"accord_database_url": url})
    run(team_of(settings), settings, "t")
    before = all_rows(settings.database, "t")

    said = refusals_of(settings.database)

    assert before["checkpoints"]
    assert all_rows(settings.database, "t") == before
    assert said[0] == "the thread `t` cannot be copied: its record names it, and a copy would not verify"
    assert said[1] == "what a run wrote is not deleted: the record of its thread rests on it"
    assert set(said[2:]) == {"checkpoints are not pruned: the record of a thread rests on all of them"}
