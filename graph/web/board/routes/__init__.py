"""The routes of the board, one file a page."""

from graph.web.board.routes import answer, inbox, login, runs, static

BOARD = (login.router, runs.router, inbox.router, answer.router, static.router)
