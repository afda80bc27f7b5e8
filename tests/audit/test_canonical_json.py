"""What is hashed is RFC 8785 canonical JSON: its published vectors, byte by byte, and a second implementation."""

import hashlib
import json
import math
import struct
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from graph.assurance.records import exported
from nodes.fingerprint import fingerprint
from policies.plain import MAX_INTEGER, is_plain
from tests.audit.canonical import canonical
from tests.hostile.command import Captured, accord

pytestmark = pytest.mark.slow

# The sample of section 3.2.2, and its bytes as section 3.2.4 prints them.
SAMPLE = r"""{
  "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
  "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
  "literals": [null, true, false]
}"""
SAMPLE_BYTES = bytes.fromhex(
    "7b 22 6c 69 74 65 72 61 6c 73 22 3a 5b 6e 75 6c 6c 2c 74 72 75 65 2c 66 61 6c 73 65 5d 2c 22 6e 75 6d 62 65 72 73"
    "22 3a 5b 33 33 33 33 33 33 33 33 33 2e 33 33 33 33 33 33 33 2c 31 65 2b 33 30 2c 34 2e 35 2c 30 2e 30 30 32 2c 31"
    "65 2d 32 37 5d 2c 22 73 74 72 69 6e 67 22 3a 22 e2 82 ac 24 5c 75 30 30 30 66 5c 6e 41 27 42 5c 22 5c 5c 5c 5c 5c"
    "22 2f 22 7d"
)
# The test data that the RFC's appendix F points to, and the names of section 3.2.3: input, then canonical form.
VECTORS = {
    "arrays": (
        '[\n  56,\n  {\n    "d": true,\n    "10": null,\n    "1": [ ]\n  }\n]',
        '[56,{"1":[],"10":null,"d":true}]',
    ),
    "french": (
        '{"peach": "This sorting order", "péché": "is wrong according to French",'
        ' "pêche": "but canonicalization MUST", "sin":   "ingnore locale"}',
        '{"peach":"This sorting order","péché":"is wrong according to French",'
        '"pêche":"but canonicalization MUST","sin":"ingnore locale"}',
    ),
    "structures": (
        r'{"1": {"f": {"f": "hi","F": 5} ,"\n": 56.0}, "10": { }, "": "empty", "a": { }, "111": [ { } ], "A": { }}',
        r'{"":"empty","1":{"\n":56,"f":{"F":5,"f":"hi"}},"10":{},"111":[{}],"A":{},"a":{}}',
    ),
    "unicode": (r'{"Unnormalized Unicode":"A\u030a"}', '{"Unnormalized Unicode":"A\u030a"}'),
    "unicode, two marks": (r'{"Unnormalized Unicode":"\u1e0d\u0307"}', '{"Unnormalized Unicode":"\u1e0d\u0307"}'),
    "values": (
        r"""{"numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
             "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/", "literals": [null, true, false]}""",
        r"""{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"""
        r""""string":"€$\u000f\nA'B\"\\\\\"/"}""",
    ),
    "weird": (
        r'{"\u20ac": "Euro Sign", "\r": "Carriage Return", "\u000a": "Newline", "1": "One", "\u0080": "Control\u007f",'
        r' "\ud83d\ude02": "Smiley", "\u00f6": "Latin Small Letter O With Diaeresis",'
        r' "\ufb33": "Hebrew Letter Dalet With Dagesh", "</script>": "Browser Challenge"}',
        r'{"\n":"Newline","\r":"Carriage Return","1":"One","</script>":"Browser Challenge",'
        '"\x80":"Control\x7f","ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign",'
        '"\U0001f602":"Smiley","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
    ),
    "every control": (
        r'["\u0000\u0001\u0007\u0008\u0009\u000a\u000b\u000c\u000d\u000e\u001f\u007f\u2028"]',
        r'["\u0000\u0001\u0007\b\t\n\u000b\f\r\u000e\u001f' '\x7f\u2028"]',
    ),
}
# Appendix B, as far as it is finite, and the lines of the published sample of a hundred million.
NUMBERS = {
    "0000000000000000": "0",
    "8000000000000000": "0",
    "0000000000000001": "5e-324",
    "8000000000000001": "-5e-324",
    "7fefffffffffffff": "1.7976931348623157e+308",
    "ffefffffffffffff": "-1.7976931348623157e+308",
    "4340000000000000": "9007199254740992",
    "c340000000000000": "-9007199254740992",
    "4430000000000000": "295147905179352830000",
    "44b52d02c7e14af5": "9.999999999999997e+22",
    "44b52d02c7e14af6": "1e+23",
    "44b52d02c7e14af7": "1.0000000000000001e+23",
    "444b1ae4d6e2ef4e": "999999999999999700000",
    "444b1ae4d6e2ef4f": "999999999999999900000",
    "444b1ae4d6e2ef50": "1e+21",
    "3eb0c6f7a0b5ed8c": "9.999999999999997e-7",
    "3eb0c6f7a0b5ed8d": "0.000001",
    "41b3de4355555553": "333333333.3333332",
    "41b3de4355555554": "333333333.33333325",
    "41b3de4355555555": "333333333.3333333",
    "41b3de4355555556": "333333333.3333334",
    "41b3de4355555557": "333333333.33333343",
    "becbf647612f3696": "-0.0000033333333333333333",
    "43143ff3c1cb0959": "1424953923781206.2",
    "4340000000000001": "9007199254740994",
    "4340000000000002": "9007199254740996",
}
EDGES: list[tuple[Any, str]] = [
    (-0.0, "0"),
    (0, "0"),
    (1e21, "1e+21"),
    (1e20, "100000000000000000000"),
    (1e-6, "0.000001"),
    (1e-7, "1e-7"),
    (56.0, "56"),
    (MAX_INTEGER, "9007199254740991"),
    (-MAX_INTEGER, "-9007199254740991"),
    (float(MAX_INTEGER), "9007199254740991"),
    (True, "true"),
    (False, "false"),
    (None, "null"),
]


def assert_hashed_as(value: Any, written: bytes) -> None:
    """The bytes are these, and they are what a fingerprint and a line of a record are made of."""
    assert rfc8785.dumps(value) == written == canonical(value)
    assert fingerprint(value) == hashlib.sha256(written).hexdigest()
    event = {"event": value}
    assert list(exported([event])) == [b'{"event":' + written + b"}\n"]


def test_the_sample_of_the_rfc_gives_its_very_bytes() -> None:
    assert_hashed_as(json.loads(SAMPLE), SAMPLE_BYTES)


@pytest.mark.parametrize("name", VECTORS)
def test_a_published_vector_gives_its_canonical_form(name: str) -> None:
    text, written = VECTORS[name]

    assert_hashed_as(json.loads(text), written.encode())
    assert_hashed_as(json.loads(written), written.encode())


@pytest.mark.parametrize("bits", NUMBERS)
def test_a_number_of_appendix_b_is_written_as_there(bits: str) -> None:
    (number,) = struct.unpack(">d", bytes.fromhex(bits))

    assert_hashed_as(number, NUMBERS[bits].encode())
    assert float(NUMBERS[bits]) == number


@pytest.mark.parametrize(("value", "written"), EDGES)
def test_zero_without_a_sign_and_the_edges_of_notations_and_integers(value: Any, written: str) -> None:
    assert_hashed_as(value, written.encode())


TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
SCALARS = st.none() | st.booleans() | st.integers(-MAX_INTEGER, MAX_INTEGER) | st.floats(allow_nan=False) | TEXTS
VALUES = st.recursive(
    SCALARS.filter(is_plain), lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4)
)


@given(VALUES)
@settings(max_examples=500, deadline=None)
def test_any_value_is_written_alike_by_a_second_implementation(value: Any) -> None:
    assert_hashed_as(value, canonical(value))
    assert json.loads(canonical(value), parse_int=float) == value


@given(st.binary(min_size=8, max_size=8))
@settings(max_examples=2_000, deadline=None)
def test_any_number_is_written_alike_by_a_second_implementation(bits: bytes) -> None:
    (number,) = struct.unpack(">d", bits)
    if math.isfinite(number):
        assert rfc8785.dumps(number) == canonical(number)


@pytest.mark.usefixtures("accord_home")
def test_a_record_is_chained_over_the_bytes_that_a_second_implementation_writes(capsys: Captured) -> None:
    assert accord(capsys, "run", "--thread", "t").code == 0
    assert accord(capsys, "audit", "export", "t", "--out", "t.jsonl").code == 0

    before = "0" * 64
    for line in Path("t.jsonl").read_bytes().splitlines():
        event = json.loads(line)
        own = event.pop("hash")
        assert line == canonical({**event, "hash": own})
        assert own == hashlib.sha256(canonical(event)).hexdigest()
        assert event["prev_hash"] == before
        before = own
    assert before.strip("0")


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, MAX_INTEGER + 1, -MAX_INTEGER - 1, "\ud800", "a\udfff", {"\ud83d": 1}]
)
def test_what_has_no_canonical_form_is_refused_and_never_enters_the_state(value: Any) -> None:
    with pytest.raises(ValueError, match=r"."):
        fingerprint(value)
    assert not is_plain(value)


def test_the_order_and_the_spelling_of_a_value_do_not_change_its_fingerprint() -> None:
    assert fingerprint({"b": 1.0, "a": [0.1]}) == fingerprint({"a": [1e-1], "b": 1})
    assert fingerprint({"a": [1, 2]}) != fingerprint({"a": [2, 1]})
    assert fingerprint({"a": "A\u030a"}) != fingerprint({"a": "\u00c5"})
