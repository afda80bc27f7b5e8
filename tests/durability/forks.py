"""Many short processes, forked from one that imported everything once and has neither threads nor event loops."""

import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache, partial

from tests.nursery import import_all

WORKERS = 3


def run_alone(module: str, *arguments: str, timeout: float) -> None:
    """Run a module that forks as a process of its own; none of its forks is left when this returns."""
    command = [sys.executable, "-W", "error", "-m", module, *arguments]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    try:
        said = process.communicate(timeout=timeout)[1]
    finally:
        with suppress(ProcessLookupError):  # nobody of its forks is left, or all are ended now
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert (process.returncode, said) == (0, ""), said[-3_000:]


def share_out(works: Sequence[Callable[[], object]]) -> None:
    """Do the works in turn, in a few processes at once; each must end well."""
    workers = [fork(partial(_do, works[first::WORKERS])) for first in range(WORKERS)]
    assert not any([exit_code_of(worker) for worker in workers])


def _do(works: Sequence[Callable[[], object]]) -> None:
    for work in works:
        work()


def fork(work: Callable[[], object]) -> int:
    """Return the id of a new process that does the work and ends."""
    _ready()
    process = os.fork()
    if process:
        return process
    code = 70
    try:
        work()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


@cache
def _ready() -> None:
    import_all()


def exit_code_of(process: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])
