"""Text that a terminal only shows, and the console it is shown on."""

import re
from collections.abc import Iterator
from string import Formatter
from typing import Any

import rich.text
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

NO_BREAK = "\u00a0"
"""A space at which no line ends."""

_break_points = vars(rich.text)["divide_line"]


def _kept_together(text: str, *args: Any, **options: Any) -> list[int]:
    """Where lines end: rich would end one at a no-break space too, as before the colon of a French sentence."""
    found: list[int] = _break_points(text.replace(NO_BREAK, "_"), *args, **options)
    return found


vars(rich.text)["divide_line"] = _kept_together


def visible(text: object, style: str = "") -> Text:
    """Return text that a terminal only shows, on one line: no markup, no control or direction characters."""
    return Text(neutral(str(text)), style=style)


def visible_lines(text: str) -> Text:
    """Return text that a terminal only shows, its lines kept."""
    return Text("\n").join(map(visible, text.split("\n")))


def styled(told: str, /, **values: Text) -> Text:
    """Return a sentence that was said without its values, each of them in its place as it is styled.

    >>> styled("Result: {result}.", result=Text("Go", style="bold")).markup
    'Result: [bold]Go[/bold].'
    """
    return Text.assemble(*_parts(told, values))


def _parts(told: str, values: dict[str, Text]) -> Iterator[Text]:
    for text, name, _, _ in Formatter().parse(told):
        yield visible(text)
        if name is not None:
            yield values[name]


class Trimmed:
    """A stream that leaves out the spaces with which tables fill their lines."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write text; rich writes whole lines."""
        self._stream.write(re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE))
        return len(text)


def console_on(stream: Any, columns: int = 100) -> Console:
    """Return a console; where the stream is not a terminal, it has that many columns."""
    if stream.isatty():
        return Console(file=stream, highlight=False)
    return Console(file=Trimmed(stream), width=columns, highlight=False, force_terminal=False)  # type: ignore[arg-type]  # as rich uses it
