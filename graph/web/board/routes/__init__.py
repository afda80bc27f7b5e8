"""The routes of the board, one file a page."""

from graph.web.board.routes import runs, static

BOARD = (runs.router, static.router)
