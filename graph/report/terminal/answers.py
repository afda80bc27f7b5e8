"""Every answer of a thread with what it took: who, how it ended, seconds, tokens, and the cause where it failed."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console, RenderableType
from rich.text import Text

from graph.past import Past
from graph.report.terminal.blocks import rows_shown
from graph.report.terminal.visible import visible
from graph.report.words import said_number, said_phase, said_reason, said_rule, titles_of
from policies.language import in_figures, phrase, say
from policies.rehearsal.timeline import BRIEF

HEADINGS = (
    phrase("answer"),
    phrase("by"),
    phrase("result"),
    phrase("seconds"),
    phrase("tokens"),
    phrase("cause"),
)
RESULTS = {
    "accepted": phrase("accepted"),
    "refused": phrase("refused"),
    "proposed": phrase("written"),
    "failed": phrase("failed"),
}
"""How an answer ended, by its event or the verdict on it."""
VERDICTS = ("accepted", "refused")

Event = Mapping[str, Any]


def answers_shown(past: Past, console: Console) -> RenderableType:
    """Return the answers of a thread, each with its result, what it took, and why it was refused or failed."""
    rows = [*_rows(past)]
    heads = [*map(say, HEADINGS)]
    return rows_shown(console, heads, rows, lined=True) if rows else visible(say("Nobody was asked yet."))


def _rows(past: Past) -> Iterator[tuple[str | Text, ...]]:
    events = list(past.events)
    for event, after in zip(events, [*events[1:], {}], strict=True):
        if event["event"] not in ("proposed", "failed"):
            continue
        is_judged = after.get("event") in VERDICTS and event["event"] == "proposed"
        result = after["event"] if is_judged else event["event"]
        yield (
            _who(event, past),
            event["model"] or event["voice"],
            say(RESULTS[result]),
            *_took(event),
            visible(_cause(event, after, titles_of(past.roles))),
        )


def _who(event: Event, past: Past) -> str:
    titles = titles_of(past.roles)
    role = say("brief") if event["role"] == BRIEF else titles.get(event["role"], event["role"])
    place = said_phase(event.get("seat") or event.get("stage") or f"round_{event['round']}", titles)
    if event["attempt"] > 1:
        return say("{place}, {role}, attempt {number}", place=place, role=role, number=event["attempt"])
    return f"{place}, {role}"


def _took(event: Event) -> tuple[str, str]:
    used = event["usage"]
    tokens = f"{said_number(used['prompt_tokens'])} + {said_number(used['completion_tokens'])}"
    return in_figures(f"{used.get('seconds', 0.0):.2f}"), tokens if used["calls"] else "-"


def _cause(event: Event, after: Event, titles: Mapping[str, str]) -> str:
    """Return why an answer was refused, or why there is none; `-` where it was taken."""
    if event["event"] == "failed":
        return " ".join(filter(None, (said_reason(event["reason"], titles), event.get("cause"))))
    if after.get("event") == "refused":
        return after.get("because") or said_rule(after["rule"], after.get("check"))
    return "-"
