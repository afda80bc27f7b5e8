"""What the tests of traces share: a run whose trace arrives at an endpoint of ours."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from graph.record import Record
from graph.settings import Settings
from tests.harness import run, settings_at, team_of
from tests.scripted_server import Answer, Script, delayed, forever, says, text
from tests.tracing.endpoint import LangSmithEndpoint

ROLES = ("demand_analyst", "finance_analyst", "risk_analyst")
KEY = "lsv2_pt_0123456789abcdef0123456789abcdef"


def tracing_at(home: Path, endpoint: LangSmithEndpoint, base_url: str | None = None, **changes: Any) -> Settings:
    """Return settings under which each run is traced."""
    told = {"langsmith_tracing": True, "langsmith_endpoint": endpoint.url}
    return settings_at(home, base_url, **{**told, **changes})


def trace(home: Path, endpoint: LangSmithEndpoint, *sets: str, url: str | None = None, **options: Any) -> Record:
    """Run a team, checkout_launch unless `name` says another, and return its record."""
    named = {key: options.pop(key) for key in ("name", "facts", "goal") if key in options}
    settings = tracing_at(home, endpoint, url)
    return run(team_of(settings, named.pop("name", "checkout_launch"), *sets, **named), settings, **options)


def script(answers: Mapping[Any, Any] | None = None, delay: float = 0.0) -> Script:
    """Return a script in which every role says go, unless told otherwise, each later than the one before."""
    lines: dict[Any, Any] = {role: forever(delayed(says("go"), delay * place)) for place, role in enumerate(ROLES, 1)}
    brief: Answer = forever(delayed(text("Ship it."), delay))
    return {**lines, "brief": brief, **(answers or {})}
