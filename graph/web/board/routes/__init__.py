"""The routes of the board, one file a page."""

from graph.web.board.routes import answer, inbox, login, reopen, run, runs, static, watch

BOARD = (
    *(login.router, runs.router, run.router, inbox.router),
    *(answer.router, watch.router, reopen.router, static.router),
)
