"""Mistakes on the command line: what click says of them, in sentences that name what is allowed and what to do next."""

import re
from collections.abc import Iterable
from typing import Any

import click

from policies.nearest import allowed_names, did_you_mean

MAX_SHOWN = 80
"""Characters of a wrong value that are shown."""

_OTHERS = {
    r"Got unexpected extra arguments? \((.*)\)": "`{path}` does not take `{0}`",
    r"Option '(.*)' requires an argument\.": "`{0}` needs a value",
    r"Option '(.*)' requires \d+ arguments\.": "`{0}` needs more values",
    r"Option '(.*)' does not take a value\.": "`{0}` does not take a value",
}
"""What click says of arguments that are of no other kind below, and what a person reads."""


def sentence_of(error: click.ClickException) -> str:
    """Return what is wrong with the arguments as one sentence."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    path = context.command_path if context else "accord"
    parameter = error.param if isinstance(error, click.BadParameter) else None
    if isinstance(error, click.NoSuchOption):
        return _unknown(error.option_name, "option", path, _options(context))
    if isinstance(error, click.MissingParameter) and parameter is not None:
        return f"`{path}` needs {_named(parameter)}; see `{path} --help`"
    if isinstance(error, click.BadParameter):
        return _bad_value(error, parameter)
    command = getattr(error, "command_name", None)
    if isinstance(command, str):
        return _unknown(command, "command", path, _commands(context))
    return _other(error, path) + (f"; see `{path} --help`" if context else "")


def _unknown(name: str, noun: str, path: str, known: Iterable[str]) -> str:
    """Return that a name is unknown, and the nearest one, else where all of them are listed."""
    hint = did_you_mean(name, known) or f"; `{path} --help` lists the {noun}s"
    return f"`{path}` has no {noun} `{name[:MAX_SHOWN]}`{hint}"


def _options(context: click.Context | None) -> list[str]:
    declared = context.command.get_params(context) if context else ()
    return [name for each in declared if isinstance(each, click.Option) for name in each.opts if name.startswith("--")]


def _commands(context: click.Context | None) -> list[str]:
    group = context.command if context else None
    return group.list_commands(context) if context and isinstance(group, click.Group) else []


def _named(parameter: click.Parameter) -> str:
    name = parameter.opts[0] if isinstance(parameter, click.Option) else parameter.metavar
    return name or str(parameter.name).upper()


def _bad_value(error: click.BadParameter, parameter: click.Parameter | None) -> str:
    """Return which value an option or an argument has, and which it may have."""
    hint = error.param_hint if isinstance(error.param_hint, str) else None
    name = hint or (_named(parameter) if parameter else "a value")
    value, is_refused, _ = error.message.partition(" is not ")
    if parameter is None or not is_refused or not value:
        return f"{name} {error.message}"
    shown = value if len(value) <= MAX_SHOWN else f"{value[:MAX_SHOWN]}..."
    kind: Any = parameter.type
    if isinstance(kind, click.Choice):
        return f"{name} is {shown}{allowed_names(value.strip(chr(39)), map(str, kind.choices))}"
    return f"{name} is {shown}; allowed: {_range(kind)}"


def _range(kind: Any) -> str:
    noun = "a whole number" if isinstance(kind, click.IntRange) else "a number"
    if not isinstance(kind, click.IntRange | click.FloatRange):
        return noun
    return f"{noun} from {kind.min}" + (f" to {kind.max}" if kind.max is not None else " on")


def _other(error: click.ClickException, path: str) -> str:
    said = error.format_message()
    for pattern, told in _OTHERS.items():
        found = re.fullmatch(pattern, said, re.DOTALL)
        if found:
            return told.format(*found.groups(), path=path)
    return f"{said[:1].lower()}{said[1:].removesuffix('.')}"
