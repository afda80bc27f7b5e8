"""The routes of the board, one file a page."""

from graph.web.board.routes import login, run, runs, static, teams, why

BOARD = (login.router, runs.router, run.router, why.router, teams.router, static.router)
