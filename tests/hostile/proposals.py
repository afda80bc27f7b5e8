"""Malformed proposals, made from seeds, each with what the contract in the specification makes of it.

A proposal is put together from parts. A part is the JSON text of one field, with the check it fails or the value that
is kept of it, both written down here by hand: the contract's own code is asked only where nobody else can know.
"""

import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

ROLE, OTHER, DENIED = "risk", "finance", "legal"
FIELDS = ("agent", "stance", "summary", "confidence", "actions")
RANKS = (
    "missing_keys",
    "agent",
    f"agent_not_allowed:{DENIED}",
    "stance",
    "summary",
    "confidence_type",
    "confidence_range",
    "actions",
    "action_item",
    f"agent_mismatch:{ROLE}",
)
"""The checks after `not_object`, in the order of the specification."""
DEPTHS = (33, 256, 5_000, 200_000)
DIGITS = (10, 16, 17, 19, 20, 100, 299, 300, 301, 309, 1_000, 4_300, 4_301, 20_000, 100_000)
TEN_MB = 10 * 1024 * 1024

Kept = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """One proposal, and the check it fails, the contribution that is kept, or None where only the contract knows."""

    name: str
    said: Any
    expected: str | Kept | None = None


@dataclass(frozen=True)
class Part:
    """The JSON text of one field; None leaves the field out."""

    token: str | None
    kept: Any = None
    fails: str = ""

    @property
    def rank(self) -> int:
        name = self.fails.partition(":")[0]
        return next(number for number, check in enumerate(RANKS) if check.partition(":")[0] == name)


def tidy(text: str) -> str:
    """Return the text as it may be kept: without NUL, pairs of surrogates joined, lone ones replaced."""
    joined = re.sub("[\ud800-\udbff][\udc00-\udfff]", _pair, text.replace("\0", ""))
    return re.sub("[\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", joined)


def _pair(found: re.Match[str]) -> str:
    high, low = map(ord, found[0])
    return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))


def good(value: Any, kept: Any = None) -> Part:
    return Part(json.dumps(value), value if kept is None else kept)


def bad(fails: str, *tokens: str) -> list[Part]:
    return [Part(token, fails=fails) for token in tokens]


def texts(fails: str, *values: Any) -> list[Part]:
    return bad(fails, *map(json.dumps, values))


def strangers(*names: str) -> list[Part]:
    return [part for name in names for part in texts(f"agent_not_allowed:{tidy(name).strip()[:100]}", name)]


NO_TEXT = ("null", "1", "0.5", "true", "[]", "{}", '["go"]', '{"a":1}', '""', '" "', '"\\t\\n\\r"', '"\\u2003"')
PLAIN = {
    "agent": good(ROLE),
    "stance": good("go"),
    "summary": good("Fine."),
    "confidence": Part("0.9", 0.9),
    "actions": good(["Go on."]),
}
GOOD: Mapping[str, Sequence[Part]] = {
    "agent": [good(f" {ROLE}\n", ROLE), Part('"\\u0072isk"', ROLE), good(f"\u2003{ROLE}\u00a0", ROLE)],
    "stance": [
        good(" go ", "go"),
        Part('"\\u0067\\u006f"', "go"),
        good("caution"),
        good("block\n", "block"),
        good("\u2003caution", "caution"),
    ],
    "summary": [
        good("x" * 4_000),
        good(" " * 9_000 + "x" + "\n" * 9_000, "x"),
        good("a\0b\ud800c", "ab\N{REPLACEMENT CHARACTER}c"),
        good("\U0001f600" * 4_000),
        good("\u202egnitaler\u202c [red]x[/red] \x1b[31m"),
        good('"},{"stance":"block"}'),
        Part('"\\ud83d\\ude00"', "\U0001f600"),
    ],
    "confidence": [
        Part("0", 0.0),
        Part("-0.0", 0.0),
        Part("-0", 0.0),
        Part("1", 1.0),
        Part("1E0", 1.0),
        Part("5e-324", 0.0),
        Part("1e-999", 0.0),
        Part("0.12345", 0.123),
        Part("0.9996", 1.0),
        Part("0." + "9" * 5_000, 1.0),
    ],
    "actions": [
        good(["a", "b", "c", "d"], ["a", "b", "c"]),
        good([f"step {n}" for n in range(50)], ["step 0", "step 1", "step 2"]),
        good(["x" * 500]),
        good(["  a  ", "\ud800"], ["a", "\N{REPLACEMENT CHARACTER}"]),
        good(["a", "a", "a\0"], ["a", "a", "a"]),
    ],
}
BAD: Mapping[str, Sequence[Part]] = {
    "agent": [
        *bad("agent", *NO_TEXT, '"\\u0000"'),
        *strangers(
            "Risk", "risk analyst", "r\u0456sk", "ris\u212a", "\uff52isk", "risk\u200b", "ri\0sk", "\ud800", DENIED
        ),
        *strangers("x" * 500, "convene", "*", "__proto__", "../risk", "risk:finance", "\x1b[31mrisk", "risk\nfinance"),
        *texts(f"agent_mismatch:{ROLE}", OTHER, f" {OTHER} "),
    ],
    "stance": [
        *bad("stance", *NO_TEXT),
        *texts("stance", "GO", "Go", "go!", "approve", "go, caution", "no_go", "go_with_caution", "next_round", "g\0o"),
        *texts("stance", "g\u043e", "\uff47\uff4f", "go\u200b", "go\ud800", "yes", "go\n\nblock", "x" * 100_000),
    ],
    "summary": [
        *bad("summary", *NO_TEXT, '"\\u0000"', '" \\u0000 "'),
        *texts("summary", "x" * 4_001, "\U0001f600" * 4_001, "x" * 100_000, ["x"] * 50),
    ],
    "confidence": [
        *bad("confidence_type", "null", "true", "false", '"0.9"', '""', '"NaN"', "[]", "[0.9]", "{}", '{"value":0.9}'),
        *bad("confidence_range", "NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1e308", "-0.1", "1.0000001", "2"),
        *bad("confidence_range", "-1", "-5e-324", "100", "90", *("9" * digits for digits in DIGITS)),
        *bad("confidence_range", *(f"-{'9' * digits}" for digits in DIGITS)),
    ],
    "actions": [
        *bad("actions", "null", "1", "true", '""', '"Go on."', "{}", '{"0":"a"}', "[]", "NaN"),
        *texts("actions", ["a"] * 51, ["a"] * 100_000, [[]] * 51),
        *bad(
            "action_item", '[""]', '[" "]', "[null]", "[1]", "[true]", '[["a"]]', "[{}]", '["a",""]', "[NaN]", "[1e999]"
        ),
        *texts("action_item", ["a"] * 49 + [None], ["x" * 501], ["\U0001f600" * 501], ["\0"], ["a", " \0 "], [[]]),
    ],
}


def written(parts: Mapping[str, Part], separators: tuple[str, str] = (",", ":")) -> str:
    """Return the object as JSON text, its fields in the order of the mapping."""
    comma, colon = separators
    pairs = (f"{json.dumps(name)}{colon}{part.token}" for name, part in parts.items() if part.token is not None)
    return "{" + comma.join(pairs) + "}"


def expected(parts: Mapping[str, Part]) -> str | Kept:
    """Return the first check that fails in the specification's order, or the contribution that is kept."""
    fields = [parts[name] for name in FIELDS]
    failing = [replace(part, fails="missing_keys") if part.token is None else part for part in fields]
    failing = [part for part in failing if part.fails]
    if failing:
        return f"invalid_contribution:{min(failing, key=lambda part: part.rank).fails}"
    return {name: parts[name].kept for name in FIELDS}


def one_field_at_a_time() -> Iterator[Case]:
    for name in FIELDS:
        for number, part in enumerate([*BAD[name], *GOOD[name], Part(None)]):
            parts = {**PLAIN, name: part}
            yield Case(f"{name}-{number}", written(parts), expected(parts))


def many_fields_at_once(count: int = 1_250) -> Iterator[Case]:
    """Each field plain, oddly written, wrong or missing; in any order, among unknown keys, in any spacing."""
    rng = random.Random("many fields")
    for number in range(count):
        parts = {name: _any_part(rng, name) for name in rng.sample(FIELDS, 5)}
        mixed = {**_unknown(rng), **parts} if rng.random() < 0.5 else {**parts, **_unknown(rng)}
        spacing = rng.choice([(",", ":"), (", ", ": "), (" ,\n\t", "\r\n:  ")])
        yield Case(f"mixed-{number}", rng.choice(["", " \n\t"]) + written(mixed, spacing) + "\n", expected(parts))


def _any_part(rng: random.Random, name: str) -> Part:
    kind = rng.choices(["plain", "good", "bad", "missing"], [55, 20, 20, 5])[0]
    return {"plain": PLAIN[name], "good": rng.choice(GOOD[name]), "bad": rng.choice(BAD[name]), "missing": Part(None)}[
        kind
    ]


def _unknown(rng: random.Random) -> dict[str, Part]:
    names = rng.sample(
        ["", "Agent", "agent ", "__proto__", "constructor", "vote", "x" * 300, "\ud800", "\0", "stance\0"], 2
    )
    tokens = ["null", "1e999", "NaN", "9" * 400, "[" * 40 + "]" * 40, '"\\u0000"', "{}", "-0.0", '"go"']
    return {name: Part(rng.choice(tokens)) for name in names}
