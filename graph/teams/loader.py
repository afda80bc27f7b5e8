"""Loads teams: by the name of a shipped one, or from any file."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from graph.documents import Document, read_document
from graph.facts.table import anchored, sources_in
from graph.problems import UsageError
from graph.teams.changing import with_facts_changed
from graph.teams.fitting import find_misfitting
from graph.teams.language import language_in, language_problems, with_language
from graph.teams.overrides import is_changed_by, keys_of
from graph.teams.policies import is_path, policy_problems, sentence, with_policy
from graph.teams.presets import preset_problems, with_presets, with_teams
from policies.language import ENGLISH, phrase, say, speaking, spoken
from policies.nearest import allowed_names
from policies.patterns.rules import MAX_DEPTH
from policies.team import rules as team_rules
from policies.team.privacy import withhold
from policies.team.rules import Problem, parse_team
from policies.team.team import Team

DEFAULT_TEAM = "checkout_launch"
OF_THIS_RUN = {"goal": phrase("the goal of this run"), "facts": phrase("the facts of this run")}


@dataclass(frozen=True, slots=True)
class Changes:
    """What a run sets over its team file: facts and goal, `--set` settings, and a batch line's overrides."""

    goal: str | None = None
    facts: dict[str, Any] | None = None
    settings: Sequence[str] = ()
    overrides: Mapping[str, Any] = field(default_factory=dict)
    called: str = "overrides"
    """What the overrides are called where they come from."""
    file_called: str | None = None
    """What the file is called in sentences, in place of its path and lines; None where both may be said."""


class TeamError(UsageError):
    """A team has problems; `brought` are those of values that a run changes, and not of the file."""

    def __init__(self, problems: Sequence[str], brought: Sequence[Problem]) -> None:
        super().__init__(*problems)
        self.brought = brought


def shipped_teams() -> dict[str, Path]:
    """Return the files of the shipped teams by name, sorted."""
    folder = Path(str(files("graph") / "teams"))
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def load_team(name: str, changes: Changes | None = None, depth: int = 1) -> Team:
    """Return the team of that name or file, with the changes applied; `depth` counts it among the teams it is within.

    Raises:
        UsageError: no such team, or every problem of its file with file, line, field, value and what is allowed.
    """
    path = _locate(name)
    if depth > MAX_DEPTH:
        told = say("is a team within itself, or nested deeper than {most} teams", most=MAX_DEPTH)
        raise UsageError(f"{path}: {told}")
    document = read_document(path)
    with speaking(language_in(document.value, ENGLISH if depth == 1 else spoken())):
        return _read(document, changes or Changes(), path, depth)


def _read(document: Document, changes: Changes, path: Path, depth: int) -> Team:
    """Return the team of a document.

    Raises:
        UsageError: every problem.
    """
    raw = _placed(_changed(document, changes, path, depth), path)
    team, misnamed = parse_team(raw), list(_misnamed(raw))
    misfitting = list(find_misfitting(raw, are_given=changes.facts is not None))
    if isinstance(team, Team) and not misnamed and not misfitting:
        return team
    places = [each.path for each in misnamed]
    problems = [] if isinstance(team, Team) else [each for each in team if each.path not in places]
    found = [*((each, ()) for each in (*problems, *misnamed)), *((each.problem, each.fact) for each in misfitting)]
    brought = [each for each, fact in found if _brought_by(each.path, fact, changes)]
    raise TeamError([_sentence(each, document, changes, fact) for each, fact in found], brought)


def place_of_check(name: str, role: str, number: int) -> str | None:
    """Return `file:line` of a role's check, counted from 1, in the file of a team; None where it is not in there.

    Raises:
        UsageError: there is no such team, or its file cannot be read any more.
    """
    document, path = read_document(_locate(name)), ("roles", role, "checks", number - 1)
    return document.at(path) if path in document.lines else None


def language_at(name: str) -> str | None:
    """Return the language that the file of a team asks for; None where there is none, or no such team."""
    with suppress(UsageError):  # said where the team is loaded
        raw = read_document(_locate(name)).value
        named = raw.get("language") if isinstance(raw, dict) else None
        return named if isinstance(named, str) else None
    return None


def _locate(name: str) -> Path:
    shipped = shipped_teams()
    if name in shipped:
        return shipped[name]
    if is_path(name):
        return Path(name)
    told = phrase("there is no team `{name}`{allowed}, or the path of a team file")
    raise UsageError(say(told, name=name, allowed=allowed_names(name, shipped)))


def _misnamed(raw: Any, under: team_rules.Path = ()) -> Iterator[Problem]:
    """Return what is wrong with the policies, presets and teams that a team names, and those within it."""
    for problem in (*policy_problems(raw), *preset_problems(raw), *language_problems(raw)):
        yield replace(problem, path=(*under, *problem.path))
    roles = raw.get("roles") if isinstance(raw, dict) else None
    for name, role in roles.items() if isinstance(roles, dict) else ():
        inner, where = role.get("team") if isinstance(role, dict) else None, (*under, "roles", name, "team")
        if isinstance(inner, str):
            allowed = allowed_names(inner, shipped_teams())
            told = phrase("is {value}{allowed}, a team file, or a team itself")
            yield Problem(where, say(told, value=repr(inner), allowed=allowed))
        yield from _misnamed(inner, where) if isinstance(inner, dict) else ()


def _changed(document: Document, changes: Changes, path: Path, depth: int) -> Any:
    raw = document.value
    if not isinstance(raw, dict):
        return raw
    if changes.goal is not None:
        raw = {**raw, "goal": changes.goal}
    if changes.facts is not None:
        raw = {**raw, "facts": changes.facts}
    raw = with_facts_changed(_placed(raw, path), changes.overrides, changes.settings)
    raw = with_language(with_presets(raw))
    return with_policy(with_teams(raw, lambda named, role: _inner(named, role, path, depth)))


def _inner(named: Any, role: Mapping[str, Any], path: Path, depth: int) -> Any:
    """Return a team that answers for a role, written out: a shipped one, one in a file nearby, or the values here.

    Facts that are private to it are withheld here, since the thread keeps the whole team.
    """
    if isinstance(named, str) and (named in shipped_teams() or is_path(named) or (path.parent / named).exists()):
        found = load_team(named if named in shipped_teams() else str(path.parent / named), depth=depth + 1)
        return _public(found.model_dump(mode="json"))
    if not isinstance(named, dict):
        return named
    told = {"name": role.get("name"), "title": role.get("title"), "goal": role.get("mandate"), **named}
    own = with_teams(with_language(with_presets(told)), lambda inner, within: _inner(inner, within, path, depth))
    return _placed(with_policy(_public(own)), path)


def _public(raw: dict[str, Any]) -> dict[str, Any]:
    """Return a team's raw values without its private facts; what is not a list of paths is refused later."""
    facts, private = raw.get("facts"), raw.get("private")
    if not isinstance(private, list):
        return raw
    paths, sources = tuple(path for path in private if isinstance(path, str)), sources_in(facts)
    if sources is not None:
        return {**raw, "facts": [each.kept(paths).model_dump(exclude_unset=True) for each in sources]}
    return {**raw, "facts": withhold(facts, paths)} if isinstance(facts, dict) else raw


def _placed(raw: Any, path: Path) -> Any:
    return anchored(raw, path.parent) if isinstance(raw, dict) else raw


def _sentence(problem: Problem, document: Document, changes: Changes, fact: team_rules.Path = ()) -> str:
    """Return a problem as a sentence that begins with the change that brought the value or the fact, else the line."""
    brought = _brought_by(problem.path, fact, changes) or changes.file_called
    return sentence(problem, brought or document.at(problem.path), say("the team"))


def _brought_by(place: team_rules.Path, fact: team_rules.Path, changes: Changes) -> str | None:
    """Return the change that brought a value or the fact that it is for, if they do not come from the file."""
    return _changed_by(place, changes) or (_changed_by(fact, changes) if fact else None)


def _changed_by(place: team_rules.Path, changes: Changes) -> str | None:
    """Return the change that brought the value in a place, if it does not come from the file."""
    field = ".".join(map(str, place))
    for setting in changes.settings:
        path = ".".join(keys_of(setting.partition("=")[0]))
        if f"{field}.".startswith(f"{path}.") or f"{path}.".startswith(f"{field}."):
            return f"--set {setting}"
    if not place:
        return None
    given = {"goal": changes.goal, "facts": changes.facts}
    brought = say(OF_THIS_RUN[str(place[0])]) if given.get(str(place[0])) is not None else None
    return f"`{changes.called}`" if is_changed_by(place, changes.overrides) else brought
