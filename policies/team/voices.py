"""The voices that a team file may name: who answers for a role."""

from typing import Literal, get_args

VoiceName = Literal["model", "rules"]
"""`model`: an OpenAI-compatible endpoint answers. `rules`: the role's own `checks` are evaluated by code."""

VOICE_NAMES: tuple[VoiceName, ...] = get_args(VoiceName)
