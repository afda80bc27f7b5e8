"""`accord init`: a commented team file to start from."""

import click

from graph.cli.exits import Exit


@click.command("init")
@click.argument("file", default="team.yaml")
def command(file: str) -> Exit:
    """Write a commented team file that runs as it is; a file that is there is never replaced."""
    from importlib.resources import files

    from graph.problems import neutral
    from graph.report.writing import write_new_file

    write_new_file(file, (files("graph") / "teams" / "new" / "team.yaml").read_bytes())
    click.echo(neutral(f"wrote {file}; next: accord run {file}, accord policy verify {file}"))
    return Exit.DONE
