"""`accord teams`: what is shipped, and the schema of a team file."""

from typing import Any

import click

from graph.cli.exits import Exit
from graph.cli.session import json_option, print_json


@click.command("teams")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of a team file, for your editor.")
@json_option
def command(schema: bool, as_json: bool) -> Exit:
    """List the shipped teams with their roles."""
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
            click.echo(f"{entry['name']}\n  {entry['title']}\n  {', '.join(entry['sequence'])}\n  {entry['file']}")
    return Exit.DONE


def _entry(team: Any, path: str) -> dict[str, Any]:
    disabled = [name for name, role in team.roles.items() if not role.enabled]
    return {
        "name": team.name,
        "title": team.title,
        "sequence": list(team.sequence),
        "not_enabled": disabled,
        "policy": team.policy.name,
        "file": path,
    }
