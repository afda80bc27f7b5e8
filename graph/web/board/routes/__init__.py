"""The routes of the board, one file a page."""

from graph.web.board.routes import answer, inbox, login, run, runs, static, teams, why

BOARD = (
    *(login.router, runs.router, run.router, why.router, inbox.router, answer.router),
    *(teams.router, static.router),
)
