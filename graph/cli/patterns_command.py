"""`accord patterns`: which pattern to take, and what each takes."""

import sys

import click

from graph.cli.exits import Exit
from graph.cli.session import json_option, print_json


@click.command("patterns")
@click.option("--agents", type=click.IntRange(2, 40), default=3, show_default=True, metavar="N", help="Agents.")
@click.option(
    "--rounds",
    type=click.IntRange(1, 25),
    default=3,
    show_default=True,
    metavar="R",
    help="The most rounds that there may be.",
)
@json_option
def command(agents: int, rounds: int, as_json: bool) -> Exit:
    """Compare the patterns: what each is for, and the calls it takes with N agents and up to R rounds."""
    from graph.patterns.guide import guide_to

    guide = guide_to(agents, rounds)
    if as_json:
        print_json({"agents": agents, "rounds": rounds, "patterns": guide})
    else:
        from graph.report.terminal.outlook import print_guide
        from graph.report.terminal.visible import console_on

        print_guide(guide, agents, rounds, console_on(sys.stdout, columns=140))
    return Exit.DONE
