"""Policies: the shipped ones by name, or from any file; and the proof that a run's policy must pass."""

import os
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from graph.documents import Document, read_document
from graph.problems import UsageError
from policies.decision.table import Policy
from policies.nearest import allowed_names
from policies.team.rules import Problem, parse_policy

DEFAULT_POLICY = "launch"
"""The policy of a team file that names none."""


@cache
def shipped_policies() -> Mapping[str, Path]:
    """Return the files of the shipped policies by name, sorted."""
    folder = Path(str(files("policies") / "shipped"))
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def with_policy(raw: Any) -> Any:
    """Return a team's values with the policy that is named, or the default one, written out."""
    if not isinstance(raw, dict):
        return raw
    named = raw.get("policy", DEFAULT_POLICY)
    path = shipped_policies().get(named) if isinstance(named, str) else None
    return raw if path is None else {**raw, "policy": read_document(path).value}


def policy_problem(raw: Any) -> Problem | None:
    """Return what is wrong with how a team names its policy: no shipped one, or a shipped name for another table."""
    found = raw.get("policy") if isinstance(raw, dict) else None
    if isinstance(found, str):
        return Problem(("policy",), f"is {found!r}{allowed_names(found, shipped_policies())}, or a decision table")
    name = found.get("name") if isinstance(found, dict) else None
    path = shipped_policies().get(name) if isinstance(name, str) else None
    if path and parse_policy(found) != parse_policy(read_document(path).value):
        return Problem(("policy", "name"), f"is {name!r}, but the table is not the shipped one; give it another name")
    return None


def load_policy(name: str) -> Policy:
    """Return the shipped policy of that name, or the one in a file.

    Raises:
        UsageError: there is none, or every problem of its file.
    """
    path = shipped_policies().get(name)
    if path is None and not is_path(name):
        raise UsageError(f"there is no policy `{name}`{allowed_names(name, shipped_policies())}, or a file's path")
    return policy_from(read_document(path or Path(name)))


def policy_from(document: Document) -> Policy:
    """Return the policy that a file holds.

    Raises:
        UsageError: every problem of the file, each with its line.
    """
    policy = parse_policy(document.value)
    if isinstance(policy, Policy):
        return policy
    raise UsageError(*(sentence(problem, document.at(problem.path), "the policy") for problem in policy))


def is_path(name: str) -> bool:
    """Return whether a name is meant as the path of a file."""
    return name.endswith((".yaml", ".yml", ".json")) or "/" in name or os.path.exists(name)  # False where Path raises


def sentence(problem: Problem, where: str, whole: str) -> str:
    """Return a problem as one sentence that begins with where it is."""
    field = ".".join(map(str, problem.path))
    allowed = allowed_names(str(problem.path[-1]), problem.allowed) if problem.allowed else ""
    return f"{where}: {f'`{field}` ' if problem.path else f'{whole} '}{problem.message}{allowed}"
