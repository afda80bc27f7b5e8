"""`accord serve`: the HTTP service."""

import click

from graph.cli.exits import Exit
from graph.cli.session import database_option, settings_for

HELP = """Serve runs, decisions and messages over HTTP, until Ctrl-C or SIGTERM.

\b
accord serve
accord serve --port 8200 --at-once 4
"""


@click.command("serve", help=HELP)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8200, show_default=True, help="The port; 0 is any.")
@click.option("--at-once", type=click.IntRange(1, 1000), default=8, show_default=True, help="Runs at work at once.")
@database_option
def command(host: str, port: int, at_once: int, db: str | None) -> Exit:
    """Serve runs, decisions and messages over HTTP."""
    import signal
    import socket

    from graph.service.service import open_service
    from graph.web.app import build_app
    from graph.web.ending import EndingServer

    settings = settings_for(db)
    app = build_app(lambda: open_service(settings, at_once))
    for signum in (signal.SIGINT, signal.SIGTERM):  # uvicorn raises once more what it was stopped by
        signal.signal(signum, lambda *_: None)
    # Bound here, so that the port is known before anything is served.
    listening = socket.create_server((host, port), backlog=2048)
    click.echo(f"http://{host}:{listening.getsockname()[1]}")
    EndingServer(app, log_level="warning", timeout_keep_alive=75).run([listening])
    return Exit.DONE
