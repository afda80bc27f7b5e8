"""Problems: what went wrong with a request, as `application/problem+json` (RFC 9457)."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import Scope

from graph.problems import ConflictError, NotFoundError, StorageError, UsageError
from graph.service.crew import DrainingError
from graph.states import LOST, DamagedError
from graph.store.locks import ThreadBusyError
from graph.store.tombstones import PurgedError, UnreadableError
from graph.web.faults import Fault, faults_of
from graph.web.logs import CAUSE
from policies.access.returning import is_board
from policies.language import phrase, say, say_count
from policies.plain import clean_text

MEDIA = "application/problem+json"
AGAIN_SECONDS = "5"
"""After how long a client is to ask again where the database does not answer."""
RETRY_SOON = {"retry-after": "2"}
MAX_PATH = 200
PREFIX = "/v1/"
"""What the paths of our own routes begin with, but for those that balancers and monitors ask."""


def is_ours(path: str) -> bool:
    """Return whether a path is of our own routes: of the service, or of the board."""
    return path.startswith(PREFIX) or is_board(path)


TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}
"""What RFC 9110 calls a status that this version of Python calls by an older name."""


class Problem(BaseModel):
    """What went wrong: a status and a sentence, and a sentence for each field where fields are at fault."""

    type: str = Field(description="Always `about:blank`: the status says of which kind the problem is.")
    title: str = Field(description="What HTTP calls the status.")
    status: int = Field(description="The status of the answer.", ge=400, le=599)
    detail: str = Field(description="What is wrong, which value, what is allowed and what to do next.")
    errors: list[Fault] | None = Field(None, description="The fields that are at fault, at most 20 of them.")


class ProblemError(Exception):
    """A request that cannot be served, with its status and a sentence."""

    def __init__(
        self,
        status: int,
        detail: str,
        errors: list[dict[str, Any]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.errors, self.headers = status, detail, errors, headers


def problem(
    status: int, detail: str, errors: list[dict[str, Any]] | None = None, headers: Mapping[str, str] | None = None
) -> JSONResponse:
    """Return the response: {type, title, status, detail, errors?}, each error with its field and a sentence."""
    told: dict[str, Any] = {"type": "about:blank", "title": _title(status), "status": status}
    told |= {"detail": clean_text(detail)} | ({"errors": [*map(_clean, errors)]} if errors else {})
    return JSONResponse(told, status, headers, media_type=MEDIA)


def no_route(method: str, path: str) -> JSONResponse:
    """Return the answer to a path that is not served."""
    if is_board(path):
        return problem(404, say("the board has no page {path}", path=path[:MAX_PATH]))
    told = phrase("there is no `{method} {path}`; GET /v1/openapi.json lists what there is")
    return problem(404, say(told, method=method[:20], path=path[:MAX_PATH]))


def not_allowed(method: str, path: str, allowed: str) -> JSONResponse:
    """Return the answer to a path that is served by other methods, which `allowed` names."""
    told = phrase("{path} does not take {method}; allowed: {allowed}")
    detail = say(told, path=path[:MAX_PATH], method=method[:20], allowed=allowed)
    return problem(405, detail, headers={"allow": allowed})


def no_database(scope: Scope, error: StorageError) -> JSONResponse:
    """Return the answer where the database failed; the log alone says which and why."""
    scope[CAUSE] = str(error)
    return problem(503, say("the database does not answer; try again later"), headers={"retry-after": AGAIN_SECONDS})


def unreadable(scope: Scope, error: StorageError) -> JSONResponse:
    """Return the answer to whatever rests on a thread that cannot be read; the log alone says where and why."""
    scope[CAUSE] = str(error)
    return problem(409, say(getattr(error, "told", LOST)))


def unexpected() -> JSONResponse:
    """Return the answer where something failed that no caller can do anything about."""
    return problem(500, say("something unexpected failed; the log of the service names it"))


def ended_answer(headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return the response of a process that ends to what it did not do."""
    told = say("the service is ending, and nothing of this request was done; send it again")
    return problem(503, told, headers={**RETRY_SOON, **(headers or {})})


def handle_problems(app: FastAPI) -> None:
    """Answer every error of the routes with a problem."""
    for error, handle in {
        ProblemError: _told,
        DrainingError: _draining,
        UsageError: _usage,
        NotFoundError: _missing,
        ConflictError: _clash,
        PurgedError: _gone,
        StorageError: _storage,
        DamagedError: _damaged,
        UnreadableError: _damaged,
        ThreadBusyError: _busy,
        RequestValidationError: _invalid,
        HTTPException: _http,
        ValueError: _value,
    }.items():
        app.add_exception_handler(error, handle)


def _title(status: int) -> str:
    return TITLES.get(status) or HTTPStatus(status).phrase


def _clean(error: Mapping[str, Any]) -> dict[str, Any]:
    return {name: clean_text(value) if isinstance(value, str) else value for name, value in error.items()}


async def _told(_: Request, error: Any) -> JSONResponse:
    return problem(error.status, error.detail, error.errors, error.headers)


async def _draining(_: Request, error: DrainingError) -> JSONResponse:
    """Say of what was accepted what is said to who does not wait; the next process does it."""
    if error.is_accepted:
        return JSONResponse({"thread_id": error.thread}, 202, RETRY_SOON)
    return ended_answer()


async def _usage(_: Request, error: Any) -> JSONResponse:
    return problem(422, str(error))


async def _missing(_: Request, error: Any) -> JSONResponse:
    return problem(404, str(error))


async def _clash(_: Request, error: Any) -> JSONResponse:
    return problem(409, str(error))


async def _gone(_: Request, error: Any) -> JSONResponse:
    return problem(410, str(error))


async def _storage(request: Request, error: Any) -> JSONResponse:
    return no_database(request.scope, error)


async def _damaged(request: Request, error: Any) -> JSONResponse:
    return unreadable(request.scope, error)


async def _busy(_: Request, error: Any) -> JSONResponse:
    return problem(409, say("somebody else works on the thread; try again once it rests"))


async def _invalid(request: Request, error: Any) -> JSONResponse:
    errors = error.errors()
    faults = faults_of(request, errors)
    return problem(422, summary_of(faults, len(errors)), faults)


def summary_of(faults: Sequence[Mapping[str, Any]], number: int | None = None) -> str:
    """Return a sentence on the first fault, and how many more there are; of `number` where not all are given."""
    first, more = faults[0]["detail"], (number or len(faults)) - 1
    if not more:
        return str(first)
    return say_count(
        "{first}, and {number} more field is wrong", "{first}, and {number} more fields are wrong", more, first=first
    )


async def _http(request: Request, error: Any) -> JSONResponse:
    headers, path = error.headers or {}, request.url.path
    if error.status_code == 404 and error.detail == HTTPStatus.NOT_FOUND.phrase:
        return no_route(request.method, path)
    if error.status_code == 405:
        return not_allowed(request.method, path, headers.get("Allow", ""))
    return problem(error.status_code, str(error.detail), headers=error.headers)


async def _value(request: Request, error: Any) -> JSONResponse:
    """Answer what the LangGraph server's routes refuse with a ValueError; one of ours is a fault of the program."""
    if is_ours(request.url.path):
        raise error
    return problem(400, str(error))
