"""`accord` as processes of their own that have nothing left to import: each is forked from one that imported it all.

    with Command(["show", "t", "--json"], stdout=subprocess.PIPE, env=env) as command: ...
    accord("list", cwd=folder, env=env, capture_output=True)

A command has its own arguments, environment, folder, streams and end, and is signalled and killed like any process;
only the import, most of a second each time, is shared. What asks for an interpreter of its own gets one: options of
Python or of the locale in the environment, and whatever a library reads as it is imported.
"""

import atexit
import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from tests.nursery import ERRORS, WARNINGS

ROOT = Path(__file__).parents[1]
READ_AT_START = ("PYTHON", "LANGSMITH", "LANGCHAIN", "LANGGRAPH", "LC_", "LANG", "LD_", "TZ")
"""How the variables begin that are read before a command begins."""
INDIFFERENT = {"PYTHONUNBUFFERED", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "LANGGRAPH_CLI_NO_ANALYTICS", WARNINGS}
"""What of them `accord` does not depend on, or a fork obeys too."""
LONGEST_BYTES = 100_000
"""Of what is asked in one message."""
KNOWN = {"cwd", "env", "start_new_session", "stdin", "stdout", "stderr", "text", "encoding", "errors"}
"""The options of a process that a fork obeys."""


def accord(*arguments: object, **options: Any) -> subprocess.CompletedProcess[Any]:
    """Run `accord` to its end, with the options of `subprocess.run`."""
    given, timeout = options.pop("input", None), options.pop("timeout", None)
    if options.pop("capture_output", False):
        options |= {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    if given is not None:
        options["stdin"] = subprocess.PIPE
    options.pop("check", None)
    given_as = [each if isinstance(each, bytes) else str(each) for each in arguments]
    with Command(given_as, **options) as command:
        try:
            out, err = command.communicate(given, timeout)
        except BaseException:
            command.kill()
            raise
    return subprocess.CompletedProcess(command.args, command.returncode, out, err)


class Command(subprocess.Popen[Any]):
    """A process that runs `accord`, or another module, with these arguments; it is waited for and signalled as any."""

    def __init__(self, arguments: Sequence[str | bytes], module: str = "graph", **options: Any) -> None:
        self._line: socket.socket | None = None
        self._asked = _asked(module, arguments, options)
        super().__init__([sys.executable, "-m", module, *arguments], **options)

    def _execute_child(self, *given: Any) -> None:
        """Ask for a fork; what the streams are Popen has worked out."""
        if self._asked is None:
            super()._execute_child(*given)  # type: ignore[misc]  # unknown to the stubs, as what follows
            return
        pipes = given[10:16]
        streams = [end if end != -1 else own for own, end in enumerate((pipes[0], pipes[3], pipes[5]))]
        try:
            self._line, self.pid = _nursery().born(self._asked, streams)
            self._child_created = True
        finally:
            self._close_pipe_fds(*pipes)  # type: ignore[attr-defined]

    def _try_wait(self, flags: int) -> tuple[int, int]:
        if self._line is None:
            return super()._try_wait(flags)  # type: ignore[misc,no-any-return]
        try:
            status = self._line.recv(16, socket.MSG_DONTWAIT if flags & os.WNOHANG else 0)
        except BlockingIOError:
            return 0, 0
        self._line.close()
        return self.pid, int(status or b"9")

    def _internal_poll(self, *given: Any, **more: Any) -> int | None:
        if self._line is None:
            return super()._internal_poll(*given, **more)  # type: ignore[misc,no-any-return]
        if self.returncode is None and self._waitpid_lock.acquire(False):  # type: ignore[attr-defined]
            try:
                pid, status = self._try_wait(os.WNOHANG)
                if pid:
                    self._handle_exitstatus(status)  # type: ignore[attr-defined]
            finally:
                self._waitpid_lock.release()  # type: ignore[attr-defined]
        return self.returncode


def _asked(module: str, arguments: Sequence[str | bytes], options: Mapping[str, Any]) -> bytes | None:
    """Return what a fork is asked for; None where it would not be what the options say."""
    if not (hasattr(os, "pidfd_open") and options.keys() <= KNOWN and _is_ours(env := _env(options))):
        return None
    try:
        plain = [os.fsencode(each).decode() for each in arguments]
    except ValueError:
        return None
    cwd, session = os.path.abspath(options.get("cwd") or "."), bool(options.get("start_new_session"))
    asked = json.dumps([module, plain, cwd, env, session]).encode()
    return asked if len(asked) <= LONGEST_BYTES and "\0" not in "".join(plain) else None


def _env(options: Mapping[str, Any]) -> dict[str, str]:
    return {**(os.environ if options.get("env") is None else options["env"])}


def _is_ours(env: Mapping[str, str]) -> bool:
    """Return whether an interpreter that was started with it would begin as the one that forks."""
    kept, ours = ({k: v for k, v in each.items() if _is_read_at_start(k)} for each in (env, os.environ))
    return kept == ours and env.get(WARNINGS, "") in ("", ERRORS)


def _is_read_at_start(name: str) -> bool:
    return name.startswith(READ_AT_START) and name not in INDIFFERENT


class Nursery:
    """The process that forks, as those see it who ask."""

    def __init__(self) -> None:
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._lock = threading.Lock()
        command = [sys.executable, "-W", ERRORS, "-m", "tests.nursery", str(theirs.fileno())]
        env = {key: value for key, value in os.environ.items() if key != WARNINGS}
        null = subprocess.DEVNULL
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=env, pass_fds=[theirs.fileno()], stdin=null, stdout=null, start_new_session=True
        )
        theirs.close()
        atexit.register(self.end)

    def end(self) -> None:
        """End it, and whatever it forked."""
        self._line.close()
        self._process.wait()

    def born(self, asked: bytes, streams: Sequence[int]) -> tuple[socket.socket, int]:
        """Return where the end of a new process will be told, and its id."""
        line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, self._lock:
            socket.send_fds(self._line, [asked], [theirs.fileno(), *streams])
        return line, int(line.recv(16))


@cache
def _nursery() -> Nursery:
    return Nursery()
