"""The routes of the board, one file a page."""

from graph.web.board.routes import answer, inbox, login, reopen, run, runs, static, teams, watch, why

BOARD = (
    *(login.router, runs.router, run.router, why.router, inbox.router),
    *(answer.router, teams.router, watch.router, reopen.router, static.router),
)
