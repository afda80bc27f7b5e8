"""Static: the styles and the script of the board."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter
from fastapi import Path as InPath
from starlette.responses import FileResponse

from graph.report.html.page import FOLDER as REPORT
from graph.web.problems import ProblemError
from policies.language import say

FOLDER = Path(__file__).parents[1] / "static"
CSS, JS = "text/css; charset=utf-8", "text/javascript; charset=utf-8"
FILES = {
    "board.css": (FOLDER, CSS),
    "answer.css": (FOLDER, CSS),
    "board.js": (FOLDER, JS),
    "decision.css": (FOLDER, CSS),
    "run.css": (FOLDER, CSS),
    "runs.css": (FOLDER, CSS),
    "palette.css": (REPORT, CSS),
    "parts.css": (REPORT, CSS),
    "icon.svg": (FOLDER, "image/svg+xml"),
}
"""The files by name: where each is, and what it is. Parts of a report look on the board as they do there."""
HEADERS = {
    "cross-origin-resource-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "cache-control": "no-cache",
}
"""Kept by browsers, and asked for again: a new version of the program shows at once."""

router = APIRouter(prefix="/board", include_in_schema=False)


@router.get("/static/{name}", response_class=FileResponse)
async def static(name: Annotated[str, InPath(max_length=40)]) -> FileResponse:
    """Return a file of the board."""
    if name not in FILES:
        raise ProblemError(404, say("the board has no file of that name"))
    folder, kind = FILES[name]
    return FileResponse(folder / name, media_type=kind, headers=HEADERS)
