"""The graph of a team as Mermaid text, which its viewers draw."""

from graph.build import build_graph
from graph.facts.loader import ask_nobody
from graph.problems import neutral
from nodes.services import Services
from policies.team.team import Team


def mermaid_of(team: Team) -> str:
    """Return the graph of a team, with that of each team within it, in the language that is spoken."""
    drawing = build_graph(team, Services({}, ask_nobody)).compile().get_graph(xray=True)
    for name, node in drawing.nodes.items():  # what a node does is for Studio: mermaid would write it into the box
        told = {key: value for key, value in (node.metadata or {}).items() if key != "description"}
        drawing.nodes[name] = node._replace(metadata=told)
    lines = [(line.removeprefix("\t"), line.startswith("\t")) for line in drawing.draw_mermaid().split("\n")]
    return "\n".join("\t" * is_indented + neutral(line) for line, is_indented in lines)
