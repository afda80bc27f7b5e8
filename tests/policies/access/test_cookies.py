"""Cookies: which of those that a browser sends is ours, and what a form has to carry."""

import hashlib
from random import Random

import pytest

from policies.access.cookies import cookies_named, find_cookie, form_value
from policies.access.tokens import text_of


def test_a_cookie_is_made_of_as_many_random_bytes_as_a_token() -> None:
    random = Random(3)
    made = {text_of(random.randbytes(32)) for _ in range(200)}
    assert len(made) == 200
    assert {find_cookie("a", [f"a={each}"]) for each in made} == made
    for number in (0, 31, 33):
        with pytest.raises(ValueError, match=str(number)):
            text_of(bytes(number))


def test_the_text_of_a_name_is_found_wherever_it_is() -> None:
    random, good = Random(4), text_of(bytes(range(32)))
    for _ in range(300):
        pairs = [f"{random.choice('bcdA')}={random.choice(['', 'x', good])}" for _ in range(random.randrange(5))]
        pairs.insert(random.randrange(len(pairs) + 1), f"a={good}")
        cut = random.randrange(len(pairs) + 1)
        headers = [random.choice(["; ", ";", " ; "]).join(part) for part in (pairs[:cut], pairs[cut:])]
        assert find_cookie("a", headers) == good
        assert find_cookie("a", [*headers, "a=x"]) is None
        assert cookies_named("a", [*headers, "a="]) == [good, ""]


@pytest.mark.parametrize("value", ["", "x", "A" * 42, "A" * 44, "A" * 42 + "\n", '"' + "A" * 43 + '"', "A" * 42 + "é"])
def test_what_was_not_made_here_is_none(value: str) -> None:
    assert find_cookie("a", [f"a={value}"]) is None


def test_the_value_of_a_form_follows_from_the_cookie_and_is_not_its_hash() -> None:
    cookie = text_of(bytes(32))
    assert form_value(cookie) == hashlib.sha256(b"form\0" + cookie.encode()).hexdigest()
    assert form_value(cookie) != hashlib.sha256(cookie.encode()).hexdigest(), "which is under what the session is kept"
