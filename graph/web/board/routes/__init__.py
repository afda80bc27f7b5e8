"""The routes of the board, one file a page."""

from graph.web.board.routes import answer, inbox, runs, static

BOARD = (runs.router, inbox.router, answer.router, static.router)
