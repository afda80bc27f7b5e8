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
    import uvicorn

    from graph.service.service import open_service
    from graph.web.app import build_app

    settings = settings_for(db)
    app = build_app(lambda: open_service(settings, at_once))
    uvicorn.run(app, host=host, port=port, log_level="warning", timeout_keep_alive=75)
    return Exit.DONE
