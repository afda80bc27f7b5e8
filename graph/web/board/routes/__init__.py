"""The routes of the board, one file a page."""

from graph.web.board.routes import login, run, runs, static

BOARD = (login.router, runs.router, run.router, static.router)
