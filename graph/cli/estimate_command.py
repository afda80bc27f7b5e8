"""`accord estimate`: what a team takes in calls, time and money, before anything is asked."""

import sys
from typing import Any

import click

from graph.cli.exits import Exit
from graph.cli.session import facts_from, json_option, print_json, settings_for, voice_option, warning


@click.command("estimate")
@click.argument("team", default="checkout_launch", metavar="[TEAM|FILE]")
@click.option("--facts", metavar="FILE", help="A JSON or YAML file of facts, instead of the team's own.")
@click.option("--set", "settings", multiple=True, metavar="PATH=VALUE", help="Set a value of the team; += appends.")
@voice_option("as the team file says, else the model")
@json_option
def command(team: str, facts: str | None, settings: tuple[str, ...], voice: Any, as_json: bool) -> Exit:
    """Show what TEAM takes: calls, how many at once and one after another, tokens, cost. Nothing is asked.

    The shortest course is that of a team that agrees at once, the longest that of one that never does before the end.
    """
    from graph.languages.catalogue import speak_as
    from graph.patterns.estimate import look_ahead, plain_outlook
    from graph.teams.loader import Changes, language_at, load_team

    if facts is not None:
        speak_as(language_at(team))
    found = load_team(team, Changes(None, facts_from(facts), settings))
    speak_as(found.language)
    outlook = look_ahead(_voiced(found, voice))
    plain = plain_outlook(outlook)
    if as_json:
        print_json(plain)
    else:
        from graph.report.terminal.outlook import print_outlook
        from graph.report.terminal.visible import console_on

        print_outlook(plain, outlook.team, console_on(sys.stdout, columns=120))
    for told in outlook.warnings:
        click.echo(warning(told), err=True)
    return Exit.DONE


def _voiced(team: Any, voice: Any) -> Any:
    """Return the team with its voices, as if there were a key: none is needed where nothing is asked."""
    from pydantic import SecretStr

    from graph.teams.voicing import voiced

    settings = settings_for(None).model_copy(update={"openai_api_key": SecretStr("not used")})
    return voiced(team, settings, voice)
