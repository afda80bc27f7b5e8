"""Texts of models and of people in a dossier: what a reader only sees of them, and which decision they name."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from graph.problems import neutral
from graph.report.words import plain_word
from policies.language import say

DIRECTIONS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""The twelve characters of Unicode that turn the direction of text."""


class DecisionWords(NamedTuple):
    """Patterns of the words with which a brief names a decision in one language."""

    decision: str
    verb: str
    article: str
    clear: str
    with_caution: str
    """What follows `go` where the decision is a go with caution."""


DECISION_WORDS: Mapping[str, DecisionWords] = {
    "en": DecisionWords("decision", "is", "an?", "clear", r"with[\s_-]+caution"),
    "fr": DecisionWords("d[eé]cision", "est", "une?", "clair", r"sous[\s_-]+r[ée]serve"),
}
"""The words of each language that has a catalogue, by its code: a brief may be in any of them."""

_ANY = DecisionWords(*("|".join(words) for words in zip(*DECISION_WORDS.values(), strict=True)))

DECISION_NAMED = re.compile(
    rf"\b(?:{_ANY.decision})(?:\s+(?:{_ANY.verb}))?\W{{1,4}}(?:(?:{_ANY.article})\s+)?(?:(?:{_ANY.clear})\s+)?"
    rf"(go[\s_-]+(?:{_ANY.with_caution})|no[\s_-]?go|go)\b",
    re.IGNORECASE,
)
"""Where a text names a decision."""


def cleaned(value: Any) -> Any:
    r"""Return a value whose every text a reader only sees, its lines kept.

    A character that turns the direction of text is written out, and what else a reader would obey is replaced.

    >>> print(cleaned("invoice" + chr(0x202E) + "fdp.exe"))
    invoice\u202efdp.exe
    """
    if isinstance(value, str):
        spelled = DIRECTIONS.sub(lambda found: f"\\u{ord(found.group()):04x}", value)
        return "\n".join(map(neutral, spelled.replace("\r\n", "\n").replace("\t", " ").split("\n")))
    if isinstance(value, Mapping):
        return {cleaned(key): cleaned(part) for key, part in value.items()}
    return list(map(cleaned, value)) if isinstance(value, list | tuple) else value


def beginning(text: str, most: int) -> str:
    """Return the first words of a text on one line; what is left out is shown by an ellipsis.

    >>> beginning("Sales are up, and so is the risk.", 20), beginning("Fine.", 20), beginning("A" * 30, 5)
    ('Sales are up, and so …', 'Fine.', 'AAAAA …')
    """
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    words = line[: most + 1].rpartition(" ")[0] or line[:most]
    return f"{words} …"


def sentence(text: str) -> str:
    """Return what ends a line of a terminal as a sentence of a page: with a capital letter and a full stop.

    >>> sentence("the thread `t` was purged")
    'The thread `t` was purged.'
    """
    return f"{text[:1].upper()}{text[1:]}."


def contradiction(record: Mapping[str, Any]) -> str | None:
    r"""Return a warning where the brief names another decision than the one that was made, or None.

    >>> contradiction({"final_decision": "no_go", "answer": "Decision: no_go\n\nThe decision is a clear go."})
    'The brief names another decision: go. What counts is the decision above.'
    >>> contradiction({"final_decision": "no_go", "answer": "Decision: no_go\n\nDecision: no-go, for two reasons."})
    """
    brief = (record.get("answer") or "").partition("\n\n")[2]
    named = {_decision_in(found) for found in DECISION_NAMED.findall(brief)}
    others = sorted(named - {record.get("final_decision")})
    if not others:
        return None
    decisions = ", ".join(map(plain_word, others))
    return say("The brief names another decision: {decisions}. What counts is the decision above.", decisions=decisions)


def _decision_in(words: str) -> str:
    """Return which decision the words of a text are, in any of the languages."""
    first, *others = re.split(r"[\s_-]+", words.lower())
    return "no_go" if first.startswith("no") else "go_with_caution" if others else "go"
