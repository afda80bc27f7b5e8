"""The routes of the board, one file a page."""

from graph.web.board.routes import login, runs, static, teams, why

BOARD = (login.router, runs.router, why.router, teams.router, static.router)
