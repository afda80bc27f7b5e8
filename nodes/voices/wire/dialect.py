"""Dialects: in which form one model of an endpoint takes a question, learned from what it refuses."""

import re
from dataclasses import dataclass, replace
from typing import get_args

from nodes.voices.wire.complaints import Complaint
from nodes.voices.wire.endpoint import Cap, Endpoint, Schema

SCHEMAS: tuple[Schema, ...] = get_args(Schema)
CAPS: tuple[Cap, ...] = get_args(Cap)

REFUSING = (400, 404, 415, 422, 500)
"""Statuses with which servers refuse a field that they do not know; 404 where a gateway finds no model that has it."""

SCHEMA_WORDS = (
    "response_format",
    "response format",
    "json_schema",
    "schema",
    "structured output",
    "grammar",
    "guided",
    "json mode",
)


LIMITS = ("too large", "at most", "at least", "maximum", "exceed", "less than", "greater than", "between")
"""Words of a complaint about the value of a field, not about the field."""


_SPEAKERS, _ALTERNATE = r"\b(?:roles?|user|assistant)\b", r"\balternat(?:e|es|ed|ing)\b"
TURNS = re.compile(rf"{_SPEAKERS}[^.\n]{{0,60}}?{_ALTERNATE}|{_ALTERNATE}[^.\n]{{0,60}}?{_SPEAKERS}")
"""What a chat template says that takes no two user messages in a row: conversation roles must alternate."""


SEED = re.compile(r"\bseed\b")
"""How a complaint names the seed of a question."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """The form in which a question is sent, and what of it may still be learned."""

    schema: Schema
    sends_temperature: bool
    cap: Cap
    learns: frozenset[str]
    joins: bool = False
    """Whether the user messages are sent as one, since its template wants users and assistants to take turns."""
    sends_seed: bool = True
    """Whether a question that has a seed is sent with it."""


def first_dialect(endpoint: Endpoint) -> Dialect:
    """Return the dialect to begin with: as configured, else the strongest.

    >>> first_dialect(Endpoint("k", None, "m", schema="none")).schema
    'none'
    """
    learns = {name for name in ("schema", "temperature", "output_cap") if getattr(endpoint, name) == "auto"}
    schema = SCHEMAS[0] if endpoint.schema == "auto" else endpoint.schema
    cap = CAPS[0] if endpoint.output_cap == "auto" else endpoint.output_cap
    return Dialect(schema, endpoint.temperature != "omit", cap, frozenset(learns))


def weaker(dialect: Dialect, complaint: Complaint, users: int = 1, is_seeded: bool = False) -> Dialect | None:
    """Return the dialect that leaves out what a complaint names, or None: it names nothing that can be left out.

    `users` is how many user messages were sent: only several can be joined, where nothing else is named. A seed is
    left out where the question had one.

    >>> first = first_dialect(Endpoint("k", None, "m"))
    >>> refused = Complaint("llm_error:400", "", 400, "This response_format type is unavailable now")
    >>> weaker(first, refused).schema, weaker(first, Complaint("llm_error:400", "", 400, "Too long"))
    ('json_object', None)
    """
    if complaint.status not in REFUSING:
        return None
    said = f"{complaint.parameter or ''} {complaint.said}".lower()
    learns = dialect.learns
    if "temperature" in learns and dialect.sends_temperature and "temperature" in said:
        return replace(dialect, sends_temperature=False)
    if is_seeded and dialect.sends_seed and SEED.search(said):
        return replace(dialect, sends_seed=False)
    if "output_cap" in learns and dialect.cap in said and not any(word in said for word in LIMITS):
        return with_other_cap(dialect)
    place = SCHEMAS.index(dialect.schema) + 1
    if "schema" in learns and place < len(SCHEMAS) and any(word in said for word in SCHEMA_WORDS):
        return replace(dialect, schema=SCHEMAS[place])
    if users > 1 and not dialect.joins and TURNS.search(said):
        return replace(dialect, joins=True)
    return None


def names_limit(complaint: Complaint) -> bool:
    """Return whether a complaint is about how long an answer may be."""
    said = complaint.said.lower()
    return complaint.status in REFUSING and any(word in said for word in (*LIMITS, *CAPS))


def with_other_cap(dialect: Dialect) -> Dialect:
    """Return the dialect with the cap of an answer under its other name, which is tried once.

    An endpoint that ignores the first one gives itself away by an answer that is longer.

    >>> with_other_cap(first_dialect(Endpoint("k", None, "m"))).cap
    'max_tokens'
    """
    if "output_cap" not in dialect.learns:
        return dialect
    other = CAPS[1 - CAPS.index(dialect.cap)]
    return replace(dialect, cap=other, learns=dialect.learns - {"output_cap"})


def learned(before: Dialect, now: Dialect) -> dict[str, str]:
    """Return what was learned, by the names of the settings; nothing where the first form is still in use.

    >>> first = first_dialect(Endpoint("k", None, "m"))
    >>> learned(first, replace(first, cap="max_tokens", sends_temperature=False))
    {'temperature': 'omit', 'output_cap': 'max_tokens'}
    """
    found = {
        "schema": now.schema if now.schema != before.schema else None,
        "seed": None if now.sends_seed else "omit",
        "temperature": "omit" if before.sends_temperature and not now.sends_temperature else None,
        "output_cap": now.cap if now.cap != before.cap else None,
        "messages": "joined" if now.joins else None,
    }
    return {name: value for name, value in found.items() if value is not None}
