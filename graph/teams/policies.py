"""Policies: the shipped ones by name, or from any file; and the proof that a run's policy must pass."""

import os
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from graph.documents import Document, read_document
from graph.problems import UsageError
from policies.decision.table import Policy
from policies.language import phrase, say
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
    raw = _with_panel(raw)
    named = raw.get("policy", DEFAULT_POLICY)
    path = shipped_policies().get(named) if isinstance(named, str) else None
    return raw if path is None else {**raw, "policy": read_document(path).value}


def _with_panel(raw: dict[str, Any]) -> dict[str, Any]:
    """Return a team's values with the table written out by which its approvers decide."""
    rule = _at(raw, *PANEL)
    named = rule.get("policy") if isinstance(rule, dict) else None
    path = shipped_policies().get(named) if isinstance(named, str) else None
    if path is None:
        return raw
    decide = {**raw["escalate"]["decide"], "rule": {**_at(raw, *PANEL), "policy": read_document(path).value}}
    return {**raw, "escalate": {**raw["escalate"], "decide": decide}}


PANEL = ("escalate", "decide", "rule")
"""Where a team file says how the answers of several approvers become one."""


def _at(raw: Any, *keys: str) -> Any:
    for key in keys:
        raw = raw.get(key) if isinstance(raw, dict) else None
    return raw


def policy_problems(raw: Any) -> list[Problem]:
    """Return what is wrong with how a team names its policy and that of its approvers."""
    found = (_problem_at(raw), _problem_at(_at(raw, *PANEL), PANEL))
    return [problem for problem in found if problem is not None]


def _problem_at(raw: Any, under: tuple[str, ...] = ()) -> Problem | None:
    """Return what is wrong with how a policy is named: no shipped one, or a shipped name for another table."""
    problem = _policy_problem(raw)
    return replace(problem, path=(*under, *problem.path)) if problem else None


def _policy_problem(raw: Any) -> Problem | None:
    found = raw.get("policy") if isinstance(raw, dict) else None
    if isinstance(found, str):
        allowed = allowed_names(found, shipped_policies())
        told = say("is {value}{allowed}, or a decision table", value=repr(found), allowed=allowed)
        return Problem(("policy",), told)
    name = found.get("name") if isinstance(found, dict) else None
    path = shipped_policies().get(name) if isinstance(name, str) else None
    if path and parse_policy(found) != parse_policy(read_document(path).value):
        told = say("is {value}, but the table is not the shipped one; give it another name", value=repr(name))
        return Problem(("policy", "name"), told)
    return None


def load_policy(name: str) -> Policy:
    """Return the shipped policy of that name, or the one in a file.

    Raises:
        UsageError: there is none, or every problem of its file.
    """
    path = shipped_policies().get(name)
    if path is None and not is_path(name):
        told = phrase("there is no policy `{name}`{allowed}, or a file's path")
        raise UsageError(say(told, name=name, allowed=allowed_names(name, shipped_policies())))
    return policy_from(read_document(path or Path(name)))


def policy_from(document: Document) -> Policy:
    """Return the policy that a file holds.

    Raises:
        UsageError: every problem of the file, each with its line.
    """
    policy = parse_policy(document.value)
    if isinstance(policy, Policy):
        return policy
    whole = say("the policy")
    raise UsageError(*(sentence(problem, document.at(problem.path), whole) for problem in policy))


def is_path(name: str) -> bool:
    """Return whether a name is meant as the path of a file."""
    return name.endswith((".yaml", ".yml", ".json")) or "/" in name or os.path.exists(name)  # False where Path raises


def sentence(problem: Problem, where: str, whole: str) -> str:
    """Return a problem as one sentence that begins with where it is."""
    field = ".".join(map(str, problem.path))
    allowed = allowed_names(str(problem.path[-1]), problem.allowed) if problem.allowed else ""
    return f"{where}: {f'`{field}` ' if problem.path else f'{whole} '}{problem.message}{allowed}"
