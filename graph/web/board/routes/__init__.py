"""The routes of the board, one file a page."""

from graph.web.board.routes import run, runs, static

BOARD = (runs.router, run.router, static.router)
