"""The nearest name: what somebody probably meant who wrote a name that is unknown."""

from collections.abc import Iterable
from difflib import get_close_matches

from policies.language import say

LONGEST = 100
"""Characters of a name that are compared."""

SHORT = 3
"""Characters of a name in which one wrong letter makes more of a difference."""

ALIKE, SOMEWHAT_ALIKE = 0.7, 0.6
"""How like a name has to be, from 0 to 1: most names, and short ones and paths, of which a part may be missing."""


def nearest(name: str, known: Iterable[str], is_path: bool = False) -> str | None:
    """Return the known name that is most like this one, in upper or lower case; None where none is near.

    >>> nearest("ANA", ["anna", "ben"]), nearest("zoe", ["anna", "ben"]), nearest("mood", ["model"])
    ('anna', None, None)
    >>> nearest("rum", ["run"]), nearest("rate", ["risk.rate"], is_path=True)
    ('run', 'risk.rate')
    """
    folded = {each.casefold(): each for each in known if each != name}
    cutoff = SOMEWHAT_ALIKE if is_path or len(name) <= SHORT else ALIKE
    found = get_close_matches(name.casefold()[:LONGEST], folded, n=1, cutoff=cutoff)
    return folded[found[0]] if found else None


def is_slip(name: str, known: str) -> bool:
    """Return whether a name is a known one with one slip: a letter too many, too few, wrong, or two of them swapped.

    >>> [is_slip(name, "openai") for name in ("opnai", "openaai", "openei", "opeani", "openai", "openia1", "mistral")]
    [True, True, True, True, False, False, False]
    """
    start = 0
    while name[start : start + 1] == known[start : start + 1] != "":
        start += 1
    rest, wanted = name[start:], known[start:]
    return (
        name != known
        and (
            rest[1:] == wanted  # a letter too many
            or rest == wanted[1:]  # too few
            or rest[1:] == wanted[1:]  # wrong
            or (rest[:2] == wanted[1::-1] and rest[2:] == wanted[2:])  # two swapped
        )
    )


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the end of a sentence that names the nearest of what there is; nothing where none is near.

    >>> did_you_mean("ANA", ["anna", "ben"]), did_you_mean("zoe", ["anna", "ben"])
    ('; did you mean `anna`?', '')
    """
    found = nearest(name, known)
    return say("; did you mean `{found}`?", found=found) if found else ""


def allowed_names(name: str, known: Iterable[str]) -> str:
    """Return the end of a sentence that names all there is, and before them the nearest where one is near.

    >>> allowed_names("ana", ["anna", "ben"]), allowed_names("zoe", ["anna", "ben"])
    ('; did you mean `anna`? Allowed: anna, ben', '; allowed: anna, ben')
    """
    names = [*known]
    meant, listed = did_you_mean(name, names), ", ".join(names) or say("none")
    if meant:
        return say("{meant} Allowed: {names}", meant=meant, names=listed)
    return say("; allowed: {names}", names=listed)
