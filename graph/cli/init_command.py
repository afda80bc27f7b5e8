"""`accord init`: a commented team file to start from."""

import click

from graph.cli.exits import Exit


@click.command("init")
@click.argument("file", default="team.yaml")
@click.option("--pattern", metavar="P", help="How the team works: a name from `accord patterns`. Default: in rounds.")
def command(file: str, pattern: str | None) -> Exit:
    """Write a commented team file that runs as it is; a file that is there is never replaced."""
    from graph.problems import neutral
    from graph.report.writing import write_new_file
    from graph.teams.starting import new_team_file
    from policies.patterns.course import pattern_named

    write_new_file(file, new_team_file(pattern).encode())
    check = "policy verify" if pattern_named(pattern).count else "estimate"
    click.echo(neutral(f"wrote {file}; next: accord run {file}, accord {check} {file}"))
    return Exit.DONE
