"""Facts in a dossier: what they are, and where they come from: which source gave them, when, and how old they were."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from graph.report.words import said_value, written
from policies.language import phrase, say, say_count
from policies.team.ages import UNITS
from policies.team.provenance import GIVEN
from policies.team.sources import SOURCES

Plain = dict[str, Any]
Source = Mapping[str, Any]
Origin = Callable[[str | None], str | None]
"""Names the source of a fact by its path; None where there is only one source, or it is not known."""

MAX_FACTS = 60
MAX_PLACES = 12
"""Places in the facts named for each source."""
MAX_VALUE = 300
SHORT_DIGEST = 12

AT_HAND = {GIVEN: phrase("given with the run"), **{each.key: each.at_hand for each in SOURCES if each.at_hand}}
"""How facts that were not fetched are said, by the kind of their only source."""


def facts_of(facts: Mapping[str, Any], sources: Sequence[Source]) -> Plain:
    """Return {said, at_hand, rows, more, sources}: each fact with its source where there are several, and the sources.

    Facts that were not fetched have no row among the sources: `at_hand` and `said` have where they are from.
    """
    origin = origin_in(sources)
    rows = [{**row, "source": origin(row["path"])} for row in _flat(facts)]
    counted = say_count("{number} fact", "{number} facts", len(rows))
    at_hand = at_hand_in(sources)
    said = say("{facts}, {origin}", facts=counted, origin=at_hand) if at_hand else counted
    shown = [] if at_hand else [_source(each) for each in sources]
    listed_rows, more = rows[:MAX_FACTS], max(len(rows) - MAX_FACTS, 0)
    return {"said": said, "at_hand": at_hand, "rows": listed_rows, "more": more, "sources": shown}


def at_hand_in(sources: Sequence[Source]) -> str | None:
    """Return where facts are from that nobody had to fetch; None where they were fetched, or it is not known.

    >>> at_hand_in([{"kind": "given"}]), at_hand_in([{"kind": "file"}]), at_hand_in([])
    ('given with the run', None, None)
    """
    kinds = [each["kind"] for each in sources]
    return say(AT_HAND[kinds[0]]) if len(kinds) == 1 and kinds[0] in AT_HAND else None


def origin_in(sources: Sequence[Source]) -> Origin:
    """Return a function that names the source of a fact by its path; None where one source gave everything.

    >>> two = [{"source": "crm", "places": ["risk"]}, {"source": "team", "places": ["risk.limit", "goal"]}]
    >>> origin = origin_in(two)
    >>> origin("risk.alerts"), origin("risk.limit"), origin("riskier")
    ('crm', 'team', None)
    """
    owners = {place: each["source"] for each in sources for place in each.get("places") or ()}
    is_one = len(sources) < 2

    def origin(path: str | None) -> str | None:
        keys = [] if path is None or is_one else path.split(".")
        above = (".".join(keys[:count]) for count in range(len(keys), -1, -1))
        return next((owners[place] for place in above if keys and place in owners), None)

    return origin


def said_age(seconds: float) -> str:
    """Return how old something was, in the largest unit of which it has at least two.

    >>> said_age(0.2), said_age(95), said_age(600), said_age(7_000), said_age(400_000), said_age(-5)
    ('less than a second', '95 seconds', '10 minutes', '116 minutes', '4 days', 'dated later than it was fetched')
    """
    if seconds < 0:
        return say("dated later than it was fetched")
    told = (said(int(seconds // unit)) for unit, said in UNITS if seconds >= (2 * unit if unit > 1 else 1))
    return next(told, None) or say("less than a second")


def age_of(source: Source) -> float | None:
    """Return how many seconds old what a source gave was when it was fetched; None where nothing says so.

    >>> age_of({"fetched_at": "2026-03-02T10:00:00+00:00", "as_of": "2026-03-02T09:59:00Z"})
    60.0
    >>> age_of({"fetched_at": "2026-03-02T10:00:00+00:00", "as_of": None}) is None
    True
    """
    fetched, then = _time(source.get("fetched_at")), _time(source.get("as_of"))
    return (fetched - then) / timedelta(seconds=1) if fetched and then else None


def _time(text: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError):  # nothing says so, or the thread was changed
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _source(source: Source) -> Plain:
    age, places = age_of(source), source.get("places") or []
    fetched, cause = source.get("fetched_at"), source.get("cause")
    return {
        "name": source["source"],
        "kind": say(str(source["kind"])),
        "fetched": fetched[:19].replace("T", " ") if fetched else None,
        "age": None if age is None else said_age(age),
        "digest": str(source.get("digest") or "")[:SHORT_DIGEST] or None,
        "places": places[:MAX_PLACES],
        "more": _more(len(places) - MAX_PLACES),
        "fault": cause and written(str(cause), MAX_VALUE),
    }


def _more(left_out: int) -> str | None:
    """Return how many places of a source are not named; None where all are."""
    if left_out <= 0:
        return None
    return say_count("and {number} more place", "and {number} more places", left_out)


def _flat(value: Mapping[str, Any], above: str = "") -> list[Plain]:
    rows: list[Plain] = []
    for key, part in value.items():
        path = f"{above}{key}"
        rows += _flat(part, f"{path}.") if isinstance(part, Mapping) and part else [_fact(path, part)]
    return rows


def _fact(path: str, value: Any) -> Plain:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return {"path": path, "value": written(said_value(value), MAX_VALUE), "is_number": is_number}
