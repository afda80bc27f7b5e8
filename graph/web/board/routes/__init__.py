"""The routes of the board, one file a page."""

from graph.web.board.routes import login, runs, static

BOARD = (login.router, runs.router, static.router)
