"""The voices that a team file may name: who answers for a role."""

import re
from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

VoiceName = Literal["model", "rules"]
"""`model`: an OpenAI-compatible endpoint answers. `rules`: the role's own `checks` are evaluated by code."""

VOICE_NAMES: tuple[VoiceName, ...] = get_args(VoiceName)
OWN_PATTERN = r"^own:[a-z][a-z0-9_]{0,39}$"
"""What a voice is called that a Python program brings."""


def is_own(voice: str | None) -> bool:
    """Return whether a voice is one that a Python program brings.

    >>> is_own("own:oracle"), is_own("rules"), is_own(None)
    (True, False, False)
    """
    return re.fullmatch(OWN_PATTERN, voice or "") is not None


def _known(voice: str) -> str:
    if voice not in VOICE_NAMES and not is_own(voice):
        raise PydanticCustomError("literal_error", "unknown voice", {"expected": " or ".join(map(repr, VOICE_NAMES))})
    return voice


_KNOWN = {"anyOf": [{"enum": list(VOICE_NAMES)}, {"type": "string", "pattern": OWN_PATTERN}]}
Speaker = Annotated[str, AfterValidator(_known), WithJsonSchema(_KNOWN)]
"""A voice that Accord has, or `own:` and the name of one that a Python program brings."""
