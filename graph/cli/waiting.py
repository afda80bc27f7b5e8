"""What a person sees at a terminal before the libraries are imported."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from graph.problems import neutral
from policies.language import say


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Say at a terminal that something is read, and take it back once there is more to say."""
    told = (
        neutral(say("reading {name} ...", name=name))[: shutil.get_terminal_size().columns - 1]
        if sys.stderr.isatty()
        else ""
    )
    _write(told)
    try:
        yield
    finally:
        _write(f"\r{' ' * len(told)}\r" if told else "")


def _write(text: str) -> None:
    with suppress(OSError):  # a reader who is gone ends no run
        sys.stderr.write(text)
        sys.stderr.flush()
