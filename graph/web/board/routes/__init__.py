"""The routes of the board, one file a page."""

from graph.web.board.routes import login, reopen, run, runs, static, teams, watch, why

BOARD = (
    *(login.router, runs.router, watch.router, reopen.router, run.router, why.router),
    *(teams.router, static.router),
)
