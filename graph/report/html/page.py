"""The page of a thread: one self-contained HTML file that loads nothing."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from graph.report.dossier.prose import blocks_of
from graph.report.dossier.ties import takes_again
from graph.report.texts import beginning, sentence
from policies.language import say, say_count, spoken

FOLDER = Path(__file__).parent / "templates"

LONG = re.compile(r"\S{12,}")
JOINT = re.compile(r"(?<=\w_)(?=\w)|(?<=\w\.)(?=[^\W\d])")
"""Where a long word may break: behind `_` and `.`, but never in a number."""

QUOTED = re.compile(r"`([^`\n]+)`")


def breakable(text: object) -> Markup:
    """Return text, escaped, whose long words may break at their joints; no character is added to what is read.

    >>> print(breakable("risk_signals.failed_payment_rate <b>"))
    risk_<wbr>signals.<wbr>failed_<wbr>payment_<wbr>rate &lt;b&gt;
    """
    return Markup(LONG.sub(lambda word: JOINT.sub("<wbr>", word.group()), str(escape(text))))


def coded(text: object) -> Markup:
    """Return text, escaped and breakable, with what is between backticks as code.

    >>> print(coded("`accord watch` looks at <b>, ` alone is text"))
    <code>accord watch</code> looks at &lt;b&gt;, ` alone is text
    """
    return Markup(QUOTED.sub(r"<code>\1</code>", str(breakable(text))))


def said(sentence: str, /, **values: object) -> Markup:
    """Return a sentence of the page in the language that is spoken, every value in it escaped.

    >>> print(said("{name} has answered", name="<b>"))
    &lt;b&gt; has answered
    """
    told = Markup(say(sentence))
    return told.format_map(values) if values else told


def said_count(one: str, many: str, number: int, /, **values: object) -> Markup:
    """Return the sentence of the page for one or for many in the language that is spoken, every value in it escaped."""
    return Markup(say_count(one, many, number, **{name: escape(value) for name, value in values.items()}))


def said_again(found: Mapping[str, Any], thread: str, decision: str | None) -> Markup:
    """Return that a thread takes a decision again, every value in it escaped."""
    return Markup(takes_again({**found, "at": escape(found["at"])}, escape(thread), escape(decision)))


def environment_of(*folders: Path) -> Environment:
    """Return what draws templates of these folders: every value escaped, a missing one an error."""
    environment = Environment(
        loader=FileSystemLoader(folders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["breakable"] = breakable
    environment.filters["coded"] = coded
    environment.filters["blocks"] = blocks_of
    environment.filters["beginning"] = beginning
    environment.filters["sentence"] = sentence
    environment.globals.update(say=said, say_count=said_count, takes_again=said_again)
    return environment


@cache
def _environment() -> Environment:
    return environment_of(FOLDER)


def page_of(dossier: Mapping[str, Any]) -> str:
    """Return the page that shows a dossier, in the language that is spoken; every value in it is escaped."""
    return _environment().get_template("page.html").render(dossier=dossier, language=spoken().code)
