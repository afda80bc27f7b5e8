"""`accord graph`: a team's graph as mermaid."""

import click

from graph.cli.exits import Exit


@click.command("graph")
@click.argument("team", default="checkout_launch", metavar="[TEAM|FILE]")
def command(team: str) -> Exit:
    """Draw the graph of TEAM as mermaid text, with that of each team within it."""
    from graph.languages.catalogue import speak_as
    from graph.patterns.mermaid import mermaid_of
    from graph.teams.loader import load_team

    found = load_team(team)
    speak_as(found.language)
    click.echo(mermaid_of(found), nl=False)
    return Exit.DONE
