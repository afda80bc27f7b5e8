"""Ids of threads and assistants: which a caller may not choose."""

import re

from policies.language import say

RESERVED = re.compile(r"[0-9a-f]{12}5[0-9a-f]{3}[89ab][0-9a-f]{15}")
"""The digits of a UUID of version 5 (RFC 9562), which are made of names and idempotency keys."""


def find_reserved(thread: str) -> str | None:
    """Return why a caller may not give this id to a new thread, in a sentence; None where they may.

    An id that is made of a key is guessed as easily as the key. Who could choose it would take the thread that another
    tenant is to begin under the key, or learn that it is there.

    >>> find_reserved("9b2d1f0e-3c4a-4f5b-8a6c-7d8e9f0a1b2c"), find_reserved("launch-1")
    (None, None)
    >>> find_reserved("9b2d1f0e-3c4a-5f5b-8a6c-7d8e9f0a1b2c")
    'a thread id of UUID version 5 is made of an idempotency key and is not chosen; choose another version, such as 4'
    """
    if not _is_made(thread):
        return None
    return say(
        "a thread id of UUID version 5 is made of an idempotency key and is not chosen; "
        "choose another version, such as 4"
    )


def find_reserved_assistant(assistant: str) -> str | None:
    """Return why a caller may not give this id to a new assistant, in a sentence; None where they may.

    The assistant of a team has an id that is made of the team's name. Who could choose it would take the place of a
    team that is to be offered.

    >>> find_reserved_assistant("9b2d1f0e-3c4a-4f5b-8a6c-7d8e9f0a1b2c")
    >>> find_reserved_assistant("9b2d1f0e-3c4a-5f5b-8a6c-7d8e9f0a1b2c")
    "an assistant id of UUID version 5 is made of a team's name and is not chosen; choose another version, such as 4"
    """
    if not _is_made(assistant):
        return None
    return say(
        "an assistant id of UUID version 5 is made of a team's name and is not chosen; "
        "choose another version, such as 4"
    )


def _is_made(name: str) -> bool:
    digits = name.lower().removeprefix("urn:uuid:").strip("{}").replace("-", "")
    return RESERVED.fullmatch(digits) is not None
