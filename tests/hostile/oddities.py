"""Proposals that are no good JSON, or JSON of monstrous size: the rest of what a model may say."""

import json
import random
from collections.abc import Callable, Iterator
from typing import Any

from tests.hostile.proposals import (
    BAD,
    DEPTHS,
    DIGITS,
    FIELDS,
    GOOD,
    OTHER,
    PLAIN,
    ROLE,
    TEN_MB,
    Case,
    Kept,
    Part,
    expected,
    many_fields_at_once,
    one_field_at_a_time,
    tidy,
    written,
)

VALID = written(PLAIN)
NO_JSON = "invalid_contribution:missing_keys"
NO_OBJECT = "invalid_contribution:not_object"
NASTY = (
    "\0\x01\x1b\x7f\x85\xa0\u200b\u200e\u202e\u2028\u2066\ufeff\ufffe\ud800\udfff\ud83d\ude00\U0001f600\U0010fffe"
    "e\u0301 \\\"'[]{}<&"
)


def under_another_name() -> Iterator[Case]:
    """Whatever else is right, a role speaks for itself alone; this is checked last."""
    for name in FIELDS[1:]:
        for number, part in enumerate([*GOOD[name], *BAD[name]]):
            parts = {**PLAIN, "agent": Part(json.dumps(OTHER), fails=f"agent_mismatch:{ROLE}"), name: part}
            yield Case(f"other-{name}-{number}", written(parts), expected(parts))


def cut_short() -> Iterator[Case]:
    """No beginning of an object is JSON."""
    for length in range(len(VALID)):
        yield Case(f"cut-{length}", VALID[:length], NO_JSON)


def around_it() -> Iterator[Case]:
    """What is around an object makes it none, but for a whole fence of Markdown and a byte order mark."""
    fences = [("```json\n", "\n```"), ("```\n", "\n```"), ("~~~", "~~~"), ("`", "`"), ("<json>", "</json>"), ("(", ")")]
    prose = [("Here you go: ", ""), ("", " That is my view."), ("I say go.\n\n", "\n\nBest, risk"), ("json\n", "")]
    junk = [
        ("\ufeff", ""),
        ("", "\0"),
        ("\0", ""),
        ("", "}"),
        ("{", ""),
        ("", ","),
        ("", ";"),
        ("", VALID),
        ("", "\n{}"),
    ]
    marks = [
        ("\x1b[2J", ""),
        ("/* a */", ""),
        ("", "// a"),
        ("data: ", "\n\ndata: [DONE]"),
        ("", "\ud800"),
        ("\xa0", ""),
    ]
    unwrapped = (*fences[:2], junk[0])
    for number, (before, after) in enumerate([*fences, *prose, *junk, *marks]):
        kept = expected(PLAIN) if (before, after) in unwrapped else NO_JSON
        yield Case(f"around-{number}", f"{before}{VALID}{after}", kept)


def wrong_tokens() -> Iterator[Case]:
    """One value that JSON does not have makes the whole text no JSON."""
    tokens = ["01", "+1", ".5", "1.", "0x1", "nan", "inf", "-inf", "None", "True", "'go'", "undefined", "", "1e", "--1"]
    tokens += [
        "1_0",
        '"\n"',
        '"\t"',
        '"\0"',
        '"\\x41"',
        '"\\u12"',
        '"\\u{1f600}"',
        '"\\"',
        "[1,]",
        '{"a":1,}',
        "[1 2]",
        "go",
    ]
    for name in FIELDS:
        for number, token in enumerate(tokens):
            yield Case(f"token-{name}-{number}", written({**PLAIN, name: Part(token)}), NO_JSON)


def other_values() -> Iterator[Case]:
    """JSON that is no object, empty objects, and what Python alone takes for JSON."""
    tokens = ["null", "true", "0", "-0.0", "1e999", "NaN", "-Infinity", '"go"', '""', "[]", "[{}]", f"[{VALID}]", "[1]"]
    for number, token in enumerate([*tokens, json.dumps(VALID), *("8" * digits for digits in DIGITS)]):
        yield Case(f"value-{number}", token, NO_OBJECT)
    for number, token in enumerate(
        ["{}", "{ }", "\n{\t}\r\n", '{"a":1}', '{"risk":' + VALID + "}", "", " ", "\n\n", "\0"]
    ):
        yield Case(f"keyless-{number}", token, NO_JSON)


def keys_twice() -> Iterator[Case]:
    for name in FIELDS:
        for number, token in enumerate(["null", '"go"', "1", "[]", "{}", '"block"', str(PLAIN[name].token)]):
            twice = f'"{name}":{token}'
            yield Case(f"first-{name}-{number}", "{" + twice + "," + VALID[1:])
            yield Case(f"last-{name}-{number}", VALID[:-1] + "," + twice + "}")


def bent(count: int = 400) -> Iterator[Case]:
    """A valid proposal with some characters changed, dropped or doubled: what it comes to only the contract knows."""
    rng = random.Random("bent")
    for number in range(count):
        text = VALID
        for _ in range(rng.randint(1, 4)):
            at = rng.randrange(len(text))
            text = (
                text[:at] + rng.choice(["", text[at] * 2, rng.choice(NASTY), rng.choice('{}[]",:0')]) + text[at + 1 :]
            )
        yield Case(f"bent-{number}", text)


def nasty_words(count: int = 80) -> Iterator[Case]:
    """Control characters, directions, halves of characters and quotes in every text that is kept."""
    rng = random.Random("nasty")
    for number in range(count):
        summary, action = (f"x{''.join(rng.choices(NASTY, k=rng.randint(1, 40)))}x" for _ in range(2))
        is_ascii = bool(number % 2)
        plain: Any = {"agent": ROLE, "stance": "go", "summary": summary, "confidence": 0.9, "actions": [action]}
        kept: Kept = {**plain, "summary": tidy(summary), "actions": [tidy(action)]}
        yield Case(f"nasty-{number}", json.dumps({**plain, summary: action}, ensure_ascii=is_ascii), kept)


def nested() -> Iterator[Case]:
    for depth in DEPTHS:
        # What is deeper than Python reads counts as no JSON; where exactly that begins is Python's affair.
        is_read = depth <= 256
        for kind, before, after in (("list", "[", "]"), ("object", '{"a":', "}")):
            deep = before * depth + "1" + after * depth
            whole = (NO_OBJECT if kind == "list" else NO_JSON) if is_read else None
            yield Case(f"deep-{kind}-{depth}", deep, whole)
            yield Case(f"open-{kind}-{depth}", before * depth, NO_JSON)
            for name in FIELDS:
                yield Case(
                    f"deep-{kind}-{depth}-{name}", written({**PLAIN, name: Part(deep)}), _deep(name, kind, is_read)
                )
            unknown = {**PLAIN, "more": Part(deep)}
            yield Case(f"deep-{kind}-{depth}-more", written(unknown), expected(PLAIN) if is_read else None)


def _deep(name: str, kind: str, is_read: bool) -> str | None:
    check = {"confidence": "confidence_type", "actions": "action_item" if kind == "list" else "actions"}.get(name, name)
    return f"invalid_contribution:{check}" if is_read else None


def huge() -> Iterator[Case]:
    for digits in DIGITS:
        unknown = {**PLAIN, "more": Part("7" * digits), "less": Part(f"-{'7' * digits}e{digits}")}
        yield Case(f"digits-{digits}", written(unknown), expected(PLAIN))
        yield Case(
            f"digits-{digits}-agent", written({**PLAIN, "agent": Part("7" * digits)}), "invalid_contribution:agent"
        )
    long = json.dumps("\u00e9" * TEN_MB, ensure_ascii=False)
    yield Case("10MB-summary", written({**PLAIN, "summary": Part(long)}), "invalid_contribution:summary")
    yield Case("10MB-unknown", written({**PLAIN, "more": Part(long)}), expected(PLAIN))
    yield Case("10MB-key", written({**PLAIN, "k" * TEN_MB: Part("1")}), expected(PLAIN))
    yield Case("10MB-action", written({**PLAIN, "actions": Part(f"[{long}]")}), "invalid_contribution:action_item")
    yield Case("10MB-prose", "go " * (TEN_MB // 3), NO_JSON)
    yield Case("10MB-text", long, NO_OBJECT)
    yield Case("10MB-blank", " " * TEN_MB, NO_JSON)
    yield Case("10MB-stranger", written({**PLAIN, "agent": Part(long)}), _stranger("\u00e9" * 100))
    yield Case("10MB-list", "[" + "0," * (TEN_MB // 20) + "0]", NO_OBJECT)
    yield Case("many-keys", written({**{f"k{n}": Part("1") for n in range(50_000)}, **PLAIN}), expected(PLAIN))


def _stranger(name: str) -> str:
    return f"invalid_contribution:agent_not_allowed:{name}"


def python_values() -> Iterator[Case]:
    """What a voice may return that never was text."""
    plain: Any = {"agent": ROLE, "stance": "go", "summary": "Fine.", "confidence": 0.9, "actions": ["Go on."]}
    deep: Any = 1
    for _ in range(5_000):
        deep = [deep]
    for number, value in enumerate(
        [None, 5, 1.5, True, [], [plain], (), b"{}", object(), deep, 10**5_000, float("nan")]
    ):
        yield Case(f"python-{number}", value, NO_OBJECT)
    changes: list[tuple[dict[Any, Any], str | Kept]] = [
        ({"confidence": 10**5_000}, "invalid_contribution:confidence_range"),
        ({"confidence": float("nan")}, "invalid_contribution:confidence_range"),
        ({"confidence": 1 + 0j}, "invalid_contribution:confidence_type"),
        ({"actions": deep}, "invalid_contribution:action_item"),
        ({"actions": ("Go on.",)}, "invalid_contribution:actions"),
        ({"summary": deep}, "invalid_contribution:summary"),
        ({"summary": b"Fine."}, "invalid_contribution:summary"),
        ({"stance": {"go"}}, "invalid_contribution:stance"),
        ({"agent": "\ud800", 5: deep, None: 10**5_000, (1, 2): object()}, _stranger("\N{REPLACEMENT CHARACTER}")),
        ({5: deep, None: 10**5_000, "more": object()}, plain),
    ]
    for number, (change, outcome) in enumerate(changes):
        yield Case(f"python-field-{number}", {**plain, **change}, outcome)


Family = Callable[[], Iterator[Case]]
FAMILIES: tuple[Family, ...] = (
    one_field_at_a_time,
    many_fields_at_once,
    under_another_name,
    cut_short,
    around_it,
    wrong_tokens,
    other_values,
    keys_twice,
    bent,
    nasty_words,
    nested,
    huge,
    python_values,
)


def all_cases() -> list[Case]:
    return [case for family in FAMILIES for case in family()]
