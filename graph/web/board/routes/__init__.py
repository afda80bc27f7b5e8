"""The routes of the board, one file a page."""

from graph.web.board.routes import answer, inbox, login, run, runs, static

BOARD = (login.router, runs.router, run.router, inbox.router, answer.router, static.router)
