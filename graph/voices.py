"""Builds the voices; the model's libraries are imported only where a model can be asked."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from graph.endpoints import load_endpoints, route_of
from graph.problems import UsageError
from graph.settings import Settings
from nodes.voices.rules import RulesVoice
from nodes.voices.voice import Voice

PROXIES = ("all_proxy", "https_proxy", "http_proxy")


def build_voices(settings: Settings) -> dict[str, Any]:
    """Return every voice that can answer: `rules` always, `model` where there is an endpoint.

    Raises:
        UsageError: an endpoint, the certificates or a proxy cannot be used.
    """
    endpoints = load_endpoints(settings)
    if not endpoints:
        return {"rules": RulesVoice()}
    # Imported here: these libraries take longer to import than a whole run by rules.
    from nodes.voices.model import ModelVoice  # noqa: PLC0415

    try:
        return {"rules": RulesVoice(), "model": ModelVoice([*endpoints.values()], route_of(settings))}
    except OSError as error:
        place = settings.ssl_cert_file or settings.ssl_cert_dir
        variable = "SSL_CERT_FILE" if settings.ssl_cert_file else "SSL_CERT_DIR"
        raise UsageError(f"{variable}: {place} cannot be read as certificates: {error.strerror or error}") from None
    except ValueError as error:
        raise UsageError(f"NO_PROXY: {error}") from None
    except ImportError:
        name = next(name for name in PROXIES if (getattr(settings, name) or "").startswith("socks"))
        told = "a SOCKS proxy needs a package that speaks it; install it: pip install 'accord[socks]'"
        raise UsageError(f"{name.upper()}: {told}") from None


@asynccontextmanager
async def open_voices(settings: Settings) -> AsyncIterator[Mapping[str, Voice]]:
    """Open the voices, and close the model's HTTP client in the end."""
    voices = build_voices(settings)
    try:
        yield voices
    finally:
        if "model" in voices:
            await voices["model"].close()
