"""`accord mcp`: tools for other agents, over the Model Context Protocol."""

import asyncio
from typing import Any

import click

from graph.cli.exits import Exit
from graph.cli.serve_command import check_libraries, serve_app
from graph.cli.session import database_option, settings_for
from graph.settings import is_empty
from policies.language import say

HELP = """Let other agents run teams and read decisions, over the Model Context Protocol.

A client starts this and speaks to it on stdin and stdout, until it closes stdin. ACCORD_TOKEN says on whose behalf; it
is the command line's own without one. --http serves at /mcp instead, to whoever has a token, until Ctrl-C or SIGTERM.

\b
accord mcp
accord mcp --http --port 8300
"""
HOST, PORT = "127.0.0.1", 8300


@click.command("mcp", help=HELP)
@click.option("--http", "is_http", is_flag=True, help="Serve over HTTP instead of stdin and stdout.")
@click.option("--host", help=f"With --http: the address to listen on. Default: {HOST}.")
@click.option("--port", type=click.IntRange(0, 65535), help=f"With --http: the port; 0 is any. Default: {PORT}.")
@click.option(
    "--at-once", type=click.IntRange(1, 1000), help="Runs at work at once. Default: as accord.toml says, or 8."
)
@database_option
def command(is_http: bool, host: str | None, port: int | None, at_once: int | None, db: str | None) -> Exit:
    """Let other agents run teams and read decisions."""
    from graph.problems import UsageError

    if not is_http and (host is not None or port is not None):
        raise UsageError(say("--host and --port go with --http; add it, or leave them out"))
    check_libraries("mcp", ("mcp", "fastapi", "limits", "prometheus_client", "structlog", "uvicorn"))
    if is_http:
        from graph.mcp.http import build_tools

        serve_app(build_tools, HOST if host is None else host, PORT if port is None else port, at_once, db)
    else:
        asyncio.run(_speak(settings_for(db), at_once))
    return Exit.DONE


async def _speak(settings: Any, at_once: int | None) -> None:
    """Serve the client that started this process.

    Raises:
        UsageError: ACCORD_TOKEN is set to nothing, and whoever set it does not mean everything.
    """
    from graph.mcp.stdio import finds_of, speak
    from graph.problems import UsageError
    from graph.service.service import open_service
    from graph.service.terms import load_terms
    from graph.web.logs import log_libraries, to_stderr

    if is_empty("ACCORD_TOKEN"):
        raise UsageError(say("ACCORD_TOKEN is empty; give it a token, or leave it out to act as the command line does"))
    write, token = to_stderr(), settings.accord_token
    log_libraries(write)
    async with open_service(settings, load_terms(settings, None, at_once)) as service:
        await speak(service, await finds_of(service, token.get_secret_value() if token else None), write)
