"""Exports before a purge: two files a thread, whole and on the disk before anything is deleted.

`DIR/<thread>.jsonl` is what `accord audit export` writes, `DIR/<thread>.json` what `accord show --json` prints. Only an
earlier export of the same record is ever replaced.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from graph.problems import UsageError, reason_of
from policies.language import say


class Exports:
    """The folder that threads are exported to."""

    def __init__(self, folder: Path) -> None:
        """Take the folder; it is made for its user alone where there is none.

        Raises:
            UsageError: it cannot be made, or something else has its name.
        """
        self._folder = folder
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _settle(folder.parent)
        except (OSError, ValueError) as error:
            raise UsageError(_unwritten(folder, error)) from None

    def write(self, thread: str, record: Mapping[str, Any], chain: bytes) -> str:
        """Write the files of a thread, and return the SHA-256 of the one with its chain.

        Those of an earlier export of the thread, which ends where the chain did then, are replaced.

        Raises:
            UsageError: one cannot be written, or another file has its name.
        """
        shown = json.dumps(record, ensure_ascii=False, indent=2).encode() + b"\n"
        path, beside = (self._folder / f"{thread}{suffix}" for suffix in (".jsonl", ".json"))
        try:
            there = _read(path)
            if there is not None and not (chain.startswith(there) and there.endswith(b"\n")):
                raise UsageError(_taken(path))
            if _read(beside) not in (None, shown) and (there is None or not _is_record_of(thread, beside)):
                raise UsageError(_taken(beside))
            for each, data in ((path, chain), (beside, shown)):
                if _read(each) != data:
                    _write(each, data)
        except OSError as error:
            raise UsageError(_unwritten(path, error)) from None
        return hashlib.sha256(chain).hexdigest()


def _read(path: Path) -> bytes | None:
    """Return the bytes of a file; None where nothing has its name."""
    if not os.path.lexists(path):
        return None
    return path.read_bytes() if path.is_file() else b""


def _is_record_of(thread: str, path: Path) -> bool:
    with suppress(ValueError, RecursionError):
        there = json.loads(path.read_bytes())
        return isinstance(there, dict) and there.get("thread_id") == thread
    return False


def _write(path: Path, data: bytes) -> None:
    """Write a file that its user alone may read; it takes its place once it is whole and on the disk."""
    # One name for each file, so that what a killed purge left is written over; who purges the thread holds it.
    temporary = path.with_name(f".{path.name}.part")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600), "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _settle(path.parent)


def _taken(path: Path) -> str:
    return say("{name}: already exists and is another file; name another folder, or move it", name=path)


def _settle(folder: Path) -> None:
    """Have the names in a folder on the disk, where its file system can."""
    with suppress(OSError):
        opened = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)


def _unwritten(path: Path, error: Exception) -> str:
    reason = reason_of(error) if isinstance(error, OSError) else str(error)
    return say("{name}: cannot be written: {reason}", name=path, reason=reason)
