"""`accord endpoints`: where models answer, and what is missing before they can be asked."""

from typing import Any

import click

from graph.cli.exits import Exit
from graph.cli.session import json_option, print_json, settings_for

FORMS = ("schema", "temperature", "output_cap")
SHOWN = ("default_model", "timeout_seconds", "max_retries", "max_concurrency", *FORMS)


@click.command("endpoints")
@json_option
def command(as_json: bool) -> Exit:
    """List the endpoints of accord.toml and of the OPENAI_* variables; `accord doctor --ask` asks each."""
    from graph.config.file import config_path
    from graph.endpoints import load_endpoints
    from graph.problems import neutral

    settings = settings_for(None)
    entries = [_entry(endpoint) for endpoint in load_endpoints(settings).values()]
    if as_json:
        print_json(entries)
    elif entries:
        for entry in entries:
            for line in _lines(entry):
                click.echo(neutral(line))
    else:
        click.echo(neutral(f"No endpoint: set OPENAI_API_KEY, or name some in {config_path(settings)}"))
    return Exit.DONE


def _entry(endpoint: Any) -> dict[str, Any]:
    own = {name: getattr(endpoint, name) for name in SHOWN}
    return {"name": endpoint.name, "address": endpoint.address, **own, "lacks": endpoint.lacks}


def _lines(entry: dict[str, Any]) -> list[str]:
    at_once = "any number of calls" if entry["max_concurrency"] is None else f"{entry['max_concurrency']} calls"
    forms = ", ".join(f"{name} {entry[name]}" for name in FORMS)
    return [
        entry["name"],
        f"  {entry['default_model']} at {entry['address']}",
        f"  {at_once} at once, {entry['timeout_seconds']:g} s and {entry['max_retries']} retries each",
        f"  {forms}",
        f"  {entry['lacks'] or 'a key is set, or none is needed'}",
    ]
