"""The language of a team, in its raw values: named as its writer likes, and a code from then on."""

from collections.abc import Iterator, Mapping
from typing import Any

from graph.languages.catalogue import find_code, language_of
from policies.language import Language, say
from policies.team.rules import Problem

Raw = Mapping[str, Any]


def with_language(raw: Any) -> Any:
    """Return a team's values with the codes of the languages that it names, where these are known."""
    if not isinstance(raw, dict):
        return raw
    brief = raw.get("brief")
    inner = {"brief": _coded(brief)} if isinstance(brief, dict) else {}
    return {**_coded(raw), **inner}


def language_problems(raw: Any) -> Iterator[Problem]:
    """Yield that the language of a team is not one; that of a brief may be any that its writer understands."""
    named = raw.get("language") if isinstance(raw, dict) else None
    if isinstance(named, str) and find_code(named) is None:
        told = say("is {value}; allowed: the code of a language or its name, as in `fr` or French", value=repr(named))
        yield Problem(("language",), told)


def language_in(raw: Any, around: Language) -> Language:
    """Return the language that a team's raw values ask for; where they ask for none, the one of the team around it."""
    named = raw.get("language") if isinstance(raw, dict) else None
    return language_of(named) if isinstance(named, str) else around


def _coded(raw: Raw) -> Raw:
    named = raw.get("language")
    code = find_code(named) if isinstance(named, str) else None
    return {**raw, "language": code} if code else raw
