"""Names of people, as they write them down themselves: what is read is what is there."""

import unicodedata

UNSEEN = frozenset({"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"})
"""Categories of characters that act, hide or stand for nothing: controls, formats, ends of lines, half characters."""
JOINERS = frozenset("\N{ZERO WIDTH NON-JOINER}\N{ZERO WIDTH JOINER}")
"""Formats that Persian and the scripts of India are written with; they move nothing."""
BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Letters and signs without a shape."""


def is_readable(name: str) -> bool:
    r"""Return whether a name is one line that people can see, and nothing in it acts on what is around it.

    >>> [is_readable(each) for each in ("Ada", "O'Hara, J\u00fcrgen", "\u0645\u06cc\u200c\u062e")]
    [True, True, True]
    >>> [is_readable(each) for each in ("", "  ", "a\u202eb", "\u200b", "a\x1b[1m", "a\nb", "\u3164")]
    [False, False, False, False, False, False, False]
    """
    is_plain = all(each in JOINERS or unicodedata.category(each) not in UNSEEN for each in name)
    return is_plain and any(unicodedata.category(each)[0] in "LNPS" and each not in BLANKS for each in name)
