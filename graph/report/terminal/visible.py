"""Text that a terminal only shows, and the console it is shown on."""

from typing import Any

from rich.console import Console
from rich.text import Text

from graph.problems import neutral

STYLES = {
    "go": "green",
    "go_with_caution": "yellow",
    "caution": "yellow",
    "block": "red",
    "no_go": "red",
    "next_round": "cyan",
}


def visible(text: object, style: str = "") -> Text:
    """Return text that a terminal only shows, on one line: no markup, no control or direction characters."""
    return Text(neutral(str(text)), style=style)


def visible_lines(text: str) -> Text:
    """Return text that a terminal only shows, its lines kept."""
    return Text("\n").join(map(visible, text.split("\n")))


def console_on(stream: Any, columns: int = 100) -> Console:
    """Return a console; where the stream is no terminal it keeps to that many columns."""
    return Console(file=stream, width=None if stream.isatty() else columns, highlight=False)
