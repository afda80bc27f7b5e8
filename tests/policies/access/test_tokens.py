"""What a token is, where a request carries it, and when it is taken."""

import hashlib
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from policies.access.caller import SCOPES, Caller
from policies.access.scopes import STRANGER, find_lacking, find_unknown, scope_of_run
from policies.access.tokens import Token, digest_of, find_token, holds_half_token, holds_token, time_after, token_of

TOKEN, OTHER = token_of(bytes(range(32))), token_of(bytes(range(1, 33)))


def test_a_token_is_256_bits_in_base64() -> None:
    random = Random(25)
    for _ in range(200):
        data = random.randbytes(32)
        token = token_of(data)
        assert token == "accord_" + urlsafe_b64encode(data).decode()[:43]
        assert digest_of(token) == hashlib.sha256(token.encode("ascii")).hexdigest()


def test_a_token_is_found_wherever_it_stands_in_a_text() -> None:
    random = Random(26)
    for _ in range(200):
        token = token_of(random.randbytes(32))
        coded = "".join(f"%{ord(each):02X}" if random.random() < 0.3 else each for each in token)
        for text in (token, f"a-{token}-b", f"?x-api-key={token}&limit=1", coded):
            assert holds_token(text), text
            assert holds_half_token(text), text
        part = token[: random.randint(29, 49)]
        assert (holds_token(part), holds_half_token(part)) == (False, True), part
    for text in ("", "accord_", "accord_is_reached", "order-1017", "a" * 60, TOKEN.removeprefix("accord_")):
        assert not holds_token(text), text
        assert not holds_half_token(text), text
    named = "accord_nightly_launch_2026-11-30"
    assert (holds_token(named), holds_half_token(named)) == (False, True)


@pytest.mark.parametrize("count", [0, 16, 31, 33])
def test_a_token_of_fewer_or_more_bytes_is_none(count: int) -> None:
    with pytest.raises(ValueError, match=f"^{count}$"):
        token_of(bytes(count))


@pytest.mark.parametrize(
    ("authorization", "api_key", "found"),
    [
        ([], [], None),
        ([f"Bearer {TOKEN}"], [], TOKEN),
        ([f"BEARER   {TOKEN} "], [], TOKEN),
        ([], [f" {TOKEN}"], TOKEN),
        ([f"Bearer {TOKEN}"], [TOKEN], TOKEN),
        ([f"Bearer {TOKEN}"], [OTHER], None),
        ([f"Bearer {TOKEN}", f"Bearer {OTHER}"], [], None),
        ([f"Bearer {TOKEN}", "Basic eDp5"], [], None),
        ([f"Bearer {TOKEN}"], ["lsv2_key"], None),
        ([TOKEN], [], None),
        ([f"Basic {TOKEN}"], [], None),
        ([f"Bearer{TOKEN}"], [], None),
        ([f"Bearer {TOKEN}x"], [], None),
        ([f"Bearer {TOKEN[:-1]}"], [], None),
        ([f"Bearer {TOKEN.upper()}"], [], None),
        ([f"Bearer {TOKEN}\n"], [], TOKEN),
        ([f"Bearer {TOKEN[:-1]}é"], [], None),
        ([""], [""], None),
        ([f"Bearer {TOKEN}, Bearer {OTHER}"], [], None),
    ],
)
def test_one_token_is_found_where_requests_carry_it(
    authorization: list[str], api_key: list[str], found: str | None
) -> None:
    assert find_token(authorization, api_key) == found


def test_a_token_is_taken_until_it_expires_or_is_revoked() -> None:
    random, start = Random(26), datetime(2026, 3, 1, tzinfo=UTC)
    for _ in range(2_000):
        now, end = (start + timedelta(seconds=random.randrange(100)) for _ in range(2))
        expires, revoked = random.choice((None, end.isoformat())), random.choice((None, None, start.isoformat()))
        token = Token("1", "acme", "ada", ("read",), start.isoformat(), expires, revoked)
        assert token.caller() == Caller("acme", "ada", frozenset({"read"}), is_proved=True)
        assert token.is_good(now.isoformat()) == (revoked is None and (expires is None or now < end))


def test_a_time_after_a_duration_is_counted_in_hours() -> None:
    now = "2026-02-27T23:30:00.250+00:00"
    assert [time_after(now, text) for text in ("30m", "48h", "2d")] == [
        "2026-02-28T00:00:00.250+00:00",
        "2026-03-01T23:30:00.250+00:00",
        "2026-03-01T23:30:00.250+00:00",
    ]


def test_scopes_are_had_one_by_one_and_admin_is_all() -> None:
    """The oracle is the sentence of the specification: read, run, decide, admin; admin does all."""
    random = Random(27)
    for _ in range(2_000):
        has = frozenset(random.sample(SCOPES, random.randrange(5)))
        needed = random.sample(SCOPES, random.randrange(1, 3))
        wanted = "admin" in has or any(each in has for each in needed)
        assert (find_lacking(Caller(scopes=has), needed) is None) == wanted
    assert all(find_lacking(STRANGER, [scope]) for scope in SCOPES)


def test_an_unknown_scope_is_named() -> None:
    assert [find_unknown(scope) for scope in SCOPES] == [None] * 4
    assert find_unknown("Read") == "'Read' is not a scope; allowed: read, run, decide, admin"


def test_an_answer_on_the_langgraph_server_is_a_decision() -> None:
    assert [scope_of_run(each) for each in ({"resume": 1}, {"goto": "x"}, None)] == ["decide", "run", "run"]
