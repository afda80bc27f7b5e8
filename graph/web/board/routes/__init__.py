"""The routes of the board, one file a page."""

from graph.web.board.routes import answer, inbox, login, reopen, run, runs, static, teams, watch, why

BOARD = (
    *(login.router, runs.router, inbox.router, watch.router, answer.router, reopen.router),
    *(run.router, why.router, teams.router, static.router),
)
