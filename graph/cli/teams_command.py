"""`accord teams`: what is shipped, and the schema of a team file."""

from collections.abc import Iterator, Mapping
from typing import Any

import click

from graph.cli.exits import Exit
from graph.cli.session import json_option, print_json


@click.command("teams")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of a team file, for your editor.")
@json_option
def command(schema: bool, as_json: bool) -> Exit:
    """List the shipped teams with their patterns and roles."""
    from graph.teams.loader import load_team, shipped_teams
    from graph.teams.schema import team_schema

    if schema:
        print_json(team_schema())
        return Exit.DONE
    entries = [_entry(load_team(name), str(path)) for name, path in shipped_teams().items()]
    if as_json:
        print_json(entries)
    else:
        for entry in entries:
            click.echo("\n".join(_lines(entry)))
    return Exit.DONE


def _entry(team: Any, path: str) -> dict[str, Any]:
    disabled = [name for name, role in team.roles.items() if not role.enabled]
    return {
        "name": team.name,
        "title": team.title,
        **_working(team),
        "not_enabled": disabled,
        "policy": team.policy.name,
        "file": path,
    }


def _working(team: Any) -> dict[str, Any]:
    """Return how a team works, and so the teams that answer for its roles."""
    teams = {name: _working(role.team) for name, role in team.roles.items() if role.team is not None}
    return {"pattern": team.pattern, "lead": team.lead, "sequence": list(team.sequence), "teams": teams}


def _lines(entry: Mapping[str, Any]) -> Iterator[str]:
    yield entry["name"]
    yield f"  {entry['title']}"
    yield from _told(entry, "  ")
    yield f"  {entry['file']}"


def _told(working: Mapping[str, Any], indent: str, whose: str = "") -> Iterator[str]:
    lead = f" (lead: {working['lead']})" if working["lead"] else ""
    yield f"{indent}{whose}{working['pattern']}{lead}: {', '.join(working['sequence'])}"
    for role, team in working["teams"].items():
        yield from _told(team, f"{indent}  ", f"{role} = ")
