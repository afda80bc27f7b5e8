"""`accord graph`: a team's graph as mermaid."""

import click

from graph.cli.exits import Exit


@click.command("graph")
@click.argument("team", default="checkout_launch", metavar="[TEAM|FILE]")
def command(team: str) -> Exit:
    """Draw the graph of TEAM as mermaid text, with that of each team within it."""
    from graph.build import build_graph
    from graph.facts.loader import ask_nobody
    from graph.languages.catalogue import speak_as
    from graph.problems import neutral
    from graph.teams.loader import load_team
    from nodes.services import Services

    found = load_team(team)
    speak_as(found.language)
    drawing = build_graph(found, Services({}, ask_nobody)).compile().get_graph(xray=True)
    for name, node in drawing.nodes.items():  # what a node does is for Studio: mermaid would write it into the box
        told = {key: value for key, value in (node.metadata or {}).items() if key != "description"}
        drawing.nodes[name] = node._replace(metadata=told)
    lines = [(line.removeprefix("\t"), line.startswith("\t")) for line in drawing.draw_mermaid().split("\n")]
    click.echo("\n".join("\t" * is_indented + neutral(line) for line, is_indented in lines), nl=False)
    return Exit.DONE
