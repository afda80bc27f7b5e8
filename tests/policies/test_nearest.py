"""One slip of the pen, against every name that one slip can make."""

from hypothesis import given
from hypothesis import strategies as st

from policies.nearest import is_slip

LETTERS = "abc"
NAMES = st.text(LETTERS, max_size=5)


def slips_of(known: str) -> set[str]:
    """Every name that is one letter, or one exchange of neighbours, away."""
    cuts = [(known[:place], known[place:]) for place in range(len(known) + 1)]
    too_many = {head + letter + tail for head, tail in cuts for letter in LETTERS}
    too_few = {head + tail[1:] for head, tail in cuts if tail}
    wrong = {head + letter + tail[1:] for head, tail in cuts for letter in LETTERS if tail}
    swapped = {head + tail[1] + tail[0] + tail[2:] for head, tail in cuts if len(tail) > 1}
    return (too_many | too_few | wrong | swapped) - {known}


@given(NAMES, NAMES)
def test_a_slip_is_a_name_that_one_slip_makes(name: str, known: str) -> None:
    assert is_slip(name, known) == (name in slips_of(known))


@given(NAMES)
def test_every_slip_is_found_and_never_the_name_itself(known: str) -> None:
    assert all(is_slip(name, known) for name in slips_of(known))
    assert not is_slip(known, known)
