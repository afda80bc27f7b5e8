"""The routes of the board, one file a page."""

from graph.web.board.routes import login, reopen, run, runs, static, watch

BOARD = (login.router, runs.router, watch.router, reopen.router, run.router, static.router)
