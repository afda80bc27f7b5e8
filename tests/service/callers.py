"""Callers of a service: tokens as `accord token create` prints them, and what two tenants need to meet."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests import forked
from tests.service.process import Served, serving

GO = {"stance": "go", "summary": "Fine.", "actions": ["Go on."]}
"""What an agent says by its own rules."""


def accord(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command on the data of a service."""
    env = {**os.environ, "ACCORD_HOME": str(home)}
    return forked.accord(*arguments, env=env, capture_output=True, text=True)


def token(home: Path, tenant: str, person: str, *scopes: str) -> str:
    """Return a new token."""
    asked = [part for scope in scopes or ("admin",) for part in ("--scope", scope)]
    made = accord(home, "token", "create", "--tenant", tenant, "--person", person, *asked)
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


@dataclass(frozen=True)
class Meeting:
    """A service with two tenants: a client of each, and the data they share."""

    served: Served
    home: Path
    acme: httpx.Client
    globex: httpx.Client


@contextmanager
def meeting(home: Path, env: Mapping[str, str] | None = None) -> Iterator[Meeting]:
    """Start a service for two tenants."""
    tokens = [token(home, "acme", "ada"), token(home, "globex", "gus")]
    with ExitStack() as stack:
        served = stack.enter_context(serving(home, env=env))
        acme, globex = (stack.enter_context(served.client(each)) for each in tokens)
        yield Meeting(served, home, acme, globex)


def problem_of(answer: httpx.Response) -> dict[str, Any]:
    """Return the problem that a refused request was answered with."""
    assert 400 <= answer.status_code < 500, (answer.status_code, answer.text)
    assert answer.headers["content-type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()
    assert problem["status"] == answer.status_code
    return problem
