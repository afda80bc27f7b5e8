"""Builds the voices; the model's libraries are imported only where a key is set."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from graph.settings import Settings
from nodes.voices.rules import RulesVoice
from nodes.voices.voice import Voice


def build_voices(settings: Settings) -> dict[str, Any]:
    """Return every voice that can answer: `rules` always, `model` where a key is set."""
    if settings.openai_api_key is None:
        return {"rules": RulesVoice()}
    # Imported here: these libraries take longer to import than a whole run by rules.
    from nodes.voices.model import ModelVoice  # noqa: PLC0415
    from nodes.voices.wire.endpoint import Endpoint  # noqa: PLC0415

    key = settings.openai_api_key.get_secret_value()
    endpoint = Endpoint(key, settings.openai_base_url, settings.openai_model, settings.openai_timeout_seconds)
    return {"rules": RulesVoice(), "model": ModelVoice([endpoint])}


@asynccontextmanager
async def open_voices(settings: Settings) -> AsyncIterator[Mapping[str, Voice]]:
    """Open the voices, and close the model's HTTP client in the end."""
    voices = build_voices(settings)
    try:
        yield voices
    finally:
        if "model" in voices:
            await voices["model"].close()
