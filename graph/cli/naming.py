"""What a command line is about: its mistakes are said in the language of the team or the thread that it names."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from policies.language import ENGLISH, Language

KINDS = {"team": ("TEAM", "FIRST"), "thread": ("THREAD",)}
"""What the help calls a team or a thread that a command takes."""

LAST = "last"


def language_named(arguments: Sequence[str], accord: click.Group) -> Language:
    """Return the language of the first team or thread that arguments name, as far as the command is about any.

    What goes wrong while it is looked for is not said: there is a mistake to be said already. It is English where there
    is none.
    """
    with suppress(Exception):
        parameters, rest = _of_command(accord, arguments)
        return _first(_kinds(parameters), [*_words(rest, parameters)], _value_of("--db", arguments)) or ENGLISH
    return ENGLISH


def _of_command(group: click.Group, arguments: Sequence[str]) -> tuple[list[click.Parameter], Sequence[str]]:
    """Return the parameters of the command that arguments name, and what follows it; a group has all of its commands'.

    Of a command that is unknown there are none.
    """
    context = click.Context(group)
    for number, word in enumerate(arguments):
        found = group.get_command(context, word)
        if isinstance(found, click.Group):
            inner, rest = _of_command(found, arguments[number + 1 :])
            return inner or [each for own in found.commands.values() for each in own.params], rest
        if found is not None:
            return found.params, arguments[number + 1 :]
    return [], arguments[1:]


def _kinds(parameters: Sequence[click.Parameter]) -> list[str]:
    """Return of what kinds the things are that a command may be about; where nothing is known of it, both."""
    names = [f"{each.metavar or ''} {each.name or ''}".upper() for each in parameters]
    return [kind for kind, signs in KINDS.items() if not names or any(sign in name for name in names for sign in signs)]


def _words(arguments: Sequence[str], parameters: Sequence[click.Parameter]) -> Iterator[str]:
    """Yield what may name a team or a thread; where a command needs no name, the newest thread is meant."""
    for word in arguments:
        name = word.partition("=")[2] if word.startswith("--") else word
        if name and not name.startswith("-"):
            yield name
    if any(each.default == LAST for each in parameters):
        yield LAST


def _value_of(option: str, arguments: Sequence[str]) -> str | None:
    for number, word in enumerate(arguments):
        if word == option:
            return arguments[number + 1]
        if word.startswith(f"{option}="):
            return word.partition("=")[2]
    return None


def _first(kinds: Sequence[str], words: Sequence[str], database: str | None) -> Language | None:
    of_teams = map(_of_team, words) if "team" in kinds else ()
    found = next((language for language in of_teams if language), None)
    if found or not words or "thread" not in kinds:
        return found
    return asyncio.run(_of_thread(words, database))


def _of_team(name: str) -> Language | None:
    """Return the language of a shipped team, or the one that a file asks for; None where there is neither."""
    from graph.languages.catalogue import language_of
    from graph.teams.loader import language_at, shipped_teams

    is_shipped = name in shipped_teams()
    asked = language_at(name) if is_shipped or Path(name).is_file() else None  # a pipe would wait to be read
    return language_of(asked) if asked or is_shipped else None


async def _of_thread(words: Sequence[str], database: str | None) -> Language | None:
    from graph.languages.catalogue import language_of
    from graph.past import Past
    from graph.problems import UsageError
    from graph.settings import load_settings
    from graph.threads import open_threads

    given: dict[str, Any] = {"accord_database_url": database} if database else {}
    async with open_threads(load_settings().model_copy(update=given)) as threads:
        for word in words:
            with suppress(UsageError):
                state, _ = await threads.look(await threads.find(word))
                return language_of(Past.of(state).language)
    return None
