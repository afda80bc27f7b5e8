"""The voices that a team file may name: who answers for a role."""

import re
from typing import Literal, get_args

VoiceName = Literal["model", "rules"]
"""`model`: an OpenAI-compatible endpoint answers. `rules`: the role's own `checks` are evaluated by code."""

VOICE_NAMES: tuple[VoiceName, ...] = get_args(VoiceName)
HUMAN = "human"
"""A person answers. Not a voice that is called: the run waits until somebody has answered."""
OWN_PATTERN = r"^own:[a-z][a-z0-9_]{0,39}$"
"""What a voice is called that a Python program brings."""


def is_own(voice: str | None) -> bool:
    """Return whether a voice is one that a Python program brings.

    >>> is_own("own:oracle"), is_own("rules"), is_own(None)
    (True, False, False)
    """
    return re.fullmatch(OWN_PATTERN, voice or "") is not None
