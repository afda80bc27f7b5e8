"""`accord serve`: the HTTP service."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from importlib import import_module
from typing import Any

import click

from graph.cli.exits import Exit
from graph.cli.session import database_option, settings_for
from policies.language import say, say_count

HELP = """Serve runs, decisions and messages over HTTP, until Ctrl-C or SIGTERM.

What is at work then is taken up by the next start. Hosts, origins and limits are in the table [serve] of accord.toml.

\b
accord serve
accord serve --port 8200 --at-once 4
"""
KEEP_ALIVE_SECONDS = 75
"""Longer than proxies keep a connection, so that none is closed while a request is on its way."""

Builds = Callable[[Any, Any], Any]


@click.command("serve", help=HELP)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8200, show_default=True, help="The port; 0 is any.")
@click.option(
    "--at-once", type=click.IntRange(1, 1000), help="Runs at work at once. Default: as accord.toml says, or 8."
)
@database_option
def command(host: str, port: int, at_once: int | None, db: str | None) -> Exit:
    """Serve runs, decisions and messages over HTTP."""
    check_libraries("serve", ("fastapi", "limits", "prometheus_client", "structlog", "uvicorn"))
    serve_app(_app, host, port, at_once, db)
    return Exit.DONE


def check_libraries(extra: str, names: Sequence[str]) -> None:
    """Refuse to serve where the libraries for it are not installed.

    Raises:
        UsageError: one is not.
    """
    from graph.problems import UsageError

    try:
        for name in names:
            import_module(name)
    except ImportError:
        command = f"pip install 'accord[{extra}]'"
        raise UsageError(say("the service needs its libraries; install them: {command}", command=command)) from None


def serve_app(build: Builds, host: str, port: int, at_once: int | None, db: str | None) -> None:
    """Serve the application that `build` makes of a service and of what writes its log, until a signal ends it."""
    from graph.service.terms import load_terms
    from graph.web.listening import listen_on

    settings = settings_for(db)
    terms = load_terms(settings, host, at_once)
    # Bound before the database is opened: a second service takes up nothing.
    with listen_on(host, port) as listening:
        asyncio.run(_serve(build, settings, terms, host, listening))


def _app(service: Any, write: Any) -> Any:
    from graph.web.app import build_app

    return build_app(lambda: nullcontext(service), write)


async def _serve(build: Builds, settings: Any, terms: Any, host: str, listening: Any) -> None:
    """Serve until a signal ends it; the database is opened first, so that what is wrong with it is said."""
    from graph.service.service import open_service
    from graph.store.tokens import Tokens
    from graph.web.ending import EndingServer
    from graph.web.listening import url_of
    from graph.web.logs import log_libraries, to_stderr

    write = to_stderr()
    log_libraries(write)
    async with open_service(settings, terms) as service:
        app = build(service, write)
        for line in (url_of(host, listening), *_told(service, await Tokens(service.database.store).exist())):
            click.echo(line)
        server = EndingServer(app, log_config=None, server_header=False, timeout_keep_alive=KEEP_ALIVE_SECONDS)
        await server.serve([listening])


def _told(service: Any, has_tokens: bool) -> Iterator[str]:
    """Yield what is good to know at the start, a line each."""
    from graph.store.location import shown

    yield say("database {database}", database=shown(service.runner.threads.location))
    yield (
        say("only requests with a token are served")
        if has_tokens
        else say("there is no token yet, so only this machine is served; `accord token create` makes one")
    )
    if service.promised:
        yield say_count("{number} run is taken up", "{number} runs are taken up", service.promised)
