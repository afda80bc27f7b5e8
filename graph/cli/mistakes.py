"""Mistakes on the command line: what click says of them, in sentences that name what is allowed and what to do next."""

import re
from typing import Any

import click

from policies.language import phrase, say
from policies.nearest import allowed_names, did_you_mean

MAX_SHOWN = 80
"""Characters of a wrong value that are shown."""

_OTHERS = {
    r"Got unexpected extra arguments? \((?P<given>.*)\)": phrase("`{path}` does not take `{given}`"),
    r"Option '(?P<given>.*)' requires an argument\.": phrase("`{given}` needs a value"),
    r"Option '(?P<given>.*)' requires \d+ arguments\.": phrase("`{given}` needs more values"),
    r"Option '(?P<given>.*)' does not take a value\.": phrase("`{given}` does not take a value"),
}
"""What click says of arguments that are of no other kind below, and what a person reads."""


class WrongValue(click.BadParameter):
    """A value that a command refuses; what is wrong is said once it is known in which language."""

    def __init__(self, sentence: str, *, param_hint: str | None = None, **values: object) -> None:
        super().__init__(sentence, param_hint=param_hint)
        self.values = values


def sentence_of(error: click.ClickException) -> str:
    """Return what is wrong with the arguments as one sentence."""
    context = error.ctx if isinstance(error, click.UsageError) else None
    path = context.command_path if context else "accord"
    parameter = error.param if isinstance(error, click.BadParameter) else None
    if isinstance(error, click.NoSuchOption):
        lists = say("; `{path} --help` lists the options", path=path)
        hint = did_you_mean(error.option_name, _options(context)) or lists
        return say("`{path}` has no option `{name}`{hint}", path=path, name=error.option_name[:MAX_SHOWN], hint=hint)
    if isinstance(error, click.MissingParameter) and parameter is not None:
        return _with_help(say("`{path}` needs {name}", path=path, name=_named(parameter)), path)
    if isinstance(error, click.BadParameter):
        return _bad_value(error, parameter)
    command = getattr(error, "command_name", None)
    if isinstance(command, str):
        hint = _other_commands(command, context, path)
        return say("`{path}` has no command `{name}`{hint}", path=path, name=command[:MAX_SHOWN], hint=hint)
    told = _other(error, path)
    return _with_help(told, path) if context else told


def _with_help(problem: str, path: str) -> str:
    return say("{problem}; see `{path} --help`", problem=problem, path=path)


def _options(context: click.Context | None) -> list[str]:
    declared = context.command.get_params(context) if context else ()
    return [name for each in declared if isinstance(each, click.Option) for name in each.opts if name.startswith("--")]


def _other_commands(name: str, context: click.Context | None, path: str) -> str:
    """Return the end of a sentence: the few commands of a group, or of many the nearest, or else what lists them."""
    group = context.command if context else None
    commands = group.list_commands(context) if context and isinstance(group, click.Group) else []
    if context and context.parent:
        return allowed_names(name, commands)
    return did_you_mean(name, commands) or say("; `{path} --help` lists the commands", path=path)


def _named(parameter: click.Parameter) -> str:
    name = parameter.opts[0] if isinstance(parameter, click.Option) else parameter.metavar
    return name or str(parameter.name).upper()


def _bad_value(error: click.BadParameter, parameter: click.Parameter | None) -> str:
    """Return which value an option or an argument has, and which it may have."""
    hint = error.param_hint if isinstance(error.param_hint, str) else None
    name = hint or (_named(parameter) if parameter else say("a value"))
    if isinstance(error, WrongValue):
        return f"{name} {say(error.message, **error.values)}"
    value, is_refused, _ = error.message.partition(" is not ")
    if parameter is None or not is_refused or not value:
        return f"{name} {error.message}"
    shown = value if len(value) <= MAX_SHOWN else f"{value[:MAX_SHOWN]}..."
    kind: Any = parameter.type
    if isinstance(kind, click.Choice):
        allowed = allowed_names(value.strip(chr(39)), map(str, kind.choices))
        return say("{name} is {value}{allowed}", name=name, value=shown, allowed=allowed)
    return say("{name} is {value}; allowed: {allowed}", name=name, value=shown, allowed=_range(kind))


def _range(kind: Any) -> str:
    is_whole = isinstance(kind, click.IntRange)
    if not isinstance(kind, click.IntRange | click.FloatRange):
        return say("a number")
    if kind.max is None:
        told = phrase("a whole number from {least} on") if is_whole else phrase("a number from {least} on")
        return say(told, least=kind.min)
    told = phrase("a whole number from {least} to {most}") if is_whole else phrase("a number from {least} to {most}")
    return say(told, least=kind.min, most=kind.max)


def _other(error: click.ClickException, path: str) -> str:
    said = error.format_message()
    for pattern, told in _OTHERS.items():
        found = re.fullmatch(pattern, said, re.DOTALL)
        if found:
            return say(told, path=path, **found.groupdict())
    return f"{said[:1].lower()}{said[1:].removesuffix('.')}"
