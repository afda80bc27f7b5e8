"""Exports before a purge: whole, private, and never in place of another file."""

import json
from pathlib import Path

import pytest

from graph.problems import UsageError
from graph.retention.exports import Exports
from graph.settings import Settings
from tests.harness import settings_at
from tests.retention.desks import begin, export_of, faults, hold, kept, named, purge

pytestmark = pytest.mark.slow

OLD = ("old.1", "old-2")


def test_exports_are_private_and_whole_and_never_replace_another_file(settings: Settings, tmp_path: Path) -> None:
    begin(settings, *OLD)
    folder = tmp_path / "deep" / "kept"
    folder.parent.mkdir()
    Exports(folder)
    (folder / "old.1.jsonl").write_bytes(b"mine\n")
    done = purge(settings, folder)
    assert (named(done), kept(done)) == (["old-2"], {"old.1": "not_exported"})
    assert done.kept[0].detail == (
        f"{folder}/old.1.jsonl: already exists and is another file; name another folder, or move it"
    )
    assert (folder / "old.1.jsonl").read_bytes() == b"mine\n"
    assert faults(settings) == {}
    (folder / "old.1.jsonl").unlink()
    (folder / ".old.1.jsonl.part").write_bytes(b"left by one that was killed")
    assert named(purge(settings, folder)) == ["old.1"]
    assert sorted(path.name for path in folder.iterdir()) == [
        f"{name}.{kind}" for name in sorted(OLD) for kind in ("json", "jsonl")
    ]
    assert {oct(path.stat().st_mode & 0o777) for path in folder.iterdir()} == {"0o600"}
    assert oct(folder.stat().st_mode & 0o777) == "0o700"
    assert json.loads((folder / "old.1.json").read_text())["final_decision"] == "go"


def test_a_folder_that_cannot_be_one_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError, match="file: cannot be written: File exists"):
        Exports(tmp_path / "file")


def test_an_earlier_export_of_the_same_record_is_replaced_and_nothing_else(tmp_path: Path) -> None:
    """As where a purge was killed between the export and the deletion, and the record went on since."""
    settings, folder = settings_at(tmp_path / "home"), tmp_path / "kept"
    begin(settings, "t")
    chain = export_of(settings, "t")
    Exports(folder).write("t", {"thread_id": "t", "old": True}, chain)
    hold(settings, "t")
    hold(settings, "t", is_release=True)
    longer = export_of(settings, "t")
    for name, data in {"t.jsonl": (b"", chain[:-1], chain[:-2] + b"\n"), "t.json": (b"{}", b"mine")}.items():
        for each in data:
            kept_there = (folder / name).read_bytes()
            (folder / name).write_bytes(each)
            assert kept(purge(settings, folder)) == {"t": "not_exported"}
            assert (folder / name).read_bytes() == each
            (folder / name).write_bytes(kept_there)
    assert named(purge(settings, folder)) == ["t"]
    assert (folder / "t.jsonl").read_bytes() == longer
    assert "old" not in json.loads((folder / "t.json").read_text())
