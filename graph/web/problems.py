"""Problems: what went wrong with a request, as `application/problem+json` (RFC 9457)."""

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from graph.problems import NotFoundError, StorageError, UsageError
from graph.service.crew import DrainingError
from graph.service.drives import BusyError
from graph.store.tombstones import PurgedError
from policies.language import say

MEDIA = "application/problem+json"
RETRY_SOON = {"retry-after": "2"}


class ProblemError(Exception):
    """A request that cannot be served, with its status and a sentence."""

    def __init__(self, status: int, detail: str, errors: list[dict[str, Any]] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.errors = status, detail, errors


def problem(status: int, detail: str, errors: list[dict[str, Any]] | None = None) -> JSONResponse:
    """Return the response: {type, title, status, detail, errors?}, each error with its field and a sentence."""
    told = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return JSONResponse(told | ({"errors": errors} if errors else {}), status, media_type=MEDIA)


def ending() -> JSONResponse:
    """Return the response of a process that ends to what it did not do."""
    answer = problem(503, say("the service is ending, and nothing of this request was done; send it again"))
    answer.headers.update(RETRY_SOON)
    return answer


def handle_problems(app: FastAPI) -> None:
    """Answer every error of the routes with a problem."""
    for error, handle in {
        ProblemError: _told,
        BusyError: _busy,
        DrainingError: _draining,
        UsageError: _usage,
        NotFoundError: _missing,
        PurgedError: _gone,
        StorageError: _storage,
        RequestValidationError: _invalid,
        HTTPException: _http,
        Exception: _unexpected,
    }.items():
        app.add_exception_handler(error, handle)


async def _told(_: Request, error: Any) -> JSONResponse:
    return problem(error.status, error.detail, error.errors)


async def _busy(_: Request, error: Any) -> JSONResponse:
    return problem(409, str(error))


async def _draining(_: Request, error: DrainingError) -> JSONResponse:
    """Say of what was accepted what is said to who does not wait; the next process does it."""
    if error.is_accepted:
        return JSONResponse({"thread_id": error.thread}, 202, RETRY_SOON)
    return ending()


async def _usage(_: Request, error: Any) -> JSONResponse:
    return problem(422, str(error))


async def _missing(_: Request, error: Any) -> JSONResponse:
    return problem(404, str(error))


async def _gone(_: Request, error: Any) -> JSONResponse:
    return problem(410, str(error))


async def _storage(_: Request, error: Any) -> JSONResponse:
    return problem(503, str(error))


async def _invalid(_: Request, error: Any) -> JSONResponse:
    errors = [{"field": ".".join(map(str, each["loc"])), "detail": each["msg"]} for each in error.errors()]
    return problem(422, say("the request has what is not allowed"), errors)


async def _http(_: Request, error: Any) -> JSONResponse:
    return problem(error.status_code, str(error.detail))


async def _unexpected(_: Request, error: Any) -> JSONResponse:
    return problem(500, say("something unexpected failed; the log of the service names it"))
