"""The process that `tests/forked.py` asks: it imports all of `accord` once, and forks a process for each command."""

import atexit
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
import threading
import traceback
import warnings
from contextlib import suppress
from typing import Any

WARNINGS, ERRORS = "PYTHONWARNINGS", "error"
LATE = ("graph.serving", "graph.cli.progress", "langgraph.checkpoint.postgres.aio", "langgraph.store.postgres.aio")
"""Imported by commands only once they need it."""


def import_all() -> None:
    """Import what is imported late, and call none of it garbage: a fork that looked through it would copy it all."""
    commands = importlib.import_module("graph.cli.main").COMMANDS
    for name in (*(f"graph.cli.{command}_command" for command in commands), *LATE):
        importlib.import_module(name)
    gc.collect()
    gc.freeze()


def main(line: socket.socket) -> None:
    """Fork what is asked for, and tell how it ended; end with whoever asks, and all of it."""
    import_all()
    born: dict[int, tuple[int, socket.socket]] = {}
    looking = select.poll()
    looking.register(line, select.POLLIN)
    while True:
        for number, _ in looking.poll():
            if number in born:
                looking.unregister(number)
                _tell(number, *born.pop(number))
            elif (made := _made(line)) is None:
                for pid, _ in born.values():
                    os.kill(pid, signal.SIGKILL)
                return
            else:
                pidfd = os.pidfd_open(made[0])
                born[pidfd] = made
                looking.register(pidfd, select.POLLIN)


def _tell(pidfd: int, pid: int, told: socket.socket) -> None:
    os.close(pidfd)
    _, status = os.waitpid(pid, 0)
    with told, suppress(BrokenPipeError):  # nobody may want to know
        told.send(str(status).encode())


def _made(line: socket.socket) -> tuple[int, socket.socket] | None:
    """Return a new process and where its end is told; None once nobody asks any more."""
    asked, numbers, _, _ = socket.recv_fds(line, 200_000, 4)
    if not asked:
        return None
    told = socket.socket(fileno=numbers[0])
    pid = os.fork()
    if not pid:
        line.close()
        told.close()
        _run(numbers[1:], *json.loads(asked))
    for number in numbers[1:]:
        os.close(number)
    told.send(str(pid).encode())
    return pid, told


def _run(
    streams: list[int], module: str, arguments: list[str], folder: str, env: dict[str, str], is_session: bool
) -> None:
    """Be the command, and end as an interpreter does."""
    code: Any = 70
    try:
        if is_session:
            os.setsid()
        _take(streams)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(env)
        code = _ended(module, arguments, env.get(WARNINGS) == ERRORS)
        threading._shutdown()  # type: ignore[attr-defined]  # it waits for threads
        atexit._run_exitfuncs()
        sys.stdout.flush()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _take(streams: list[int]) -> None:
    """Make these the standard streams, and close all else that is open."""
    for own, number in enumerate(streams):
        os.dup2(number, own)
    os.closerange(3, max(map(int, os.listdir("/proc/self/fd"))) + 1)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115  # what was read of another stream is none of its own


def _ended(module: str, arguments: list[str], warns: bool) -> int:
    sys.argv = [module, *arguments]
    if not warns:
        warnings.filters.remove((ERRORS, None, Warning, None, 0))  # type: ignore[attr-defined]
        warnings._filters_mutated()  # type: ignore[attr-defined]
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as asked:
        main(asked)
