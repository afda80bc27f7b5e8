"""Names of tenants and persons: one form, whoever writes one down."""

import re

from policies.language import phrase, say
from policies.plain import shown

NAME = r"^[a-z0-9][a-z0-9_.@-]{0,63}$"
"""What a tenant or a person may be called, as a pattern."""
NAME_WORDS = phrase("1 to 64 of a-z 0-9 _ . @ -, the first one a letter or a digit")
"""What that is, in words."""


def find_misnamed(name: str) -> str | None:
    """Return why a tenant or a person may not be called so, in a sentence; None where they may.

    >>> find_misnamed("acme"), find_misnamed("ada@acme.example")
    (None, None)
    >>> find_misnamed("Acme Inc.")
    "'Acme Inc.' is not allowed; allowed: 1 to 64 of a-z 0-9 _ . @ -, the first one a letter or a digit"
    """
    if re.fullmatch(NAME[1:-1], name):
        return None
    return say("{name} is not allowed; allowed: {allowed}", name=shown(name), allowed=say(NAME_WORDS))
