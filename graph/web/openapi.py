"""The OpenAPI document of our routes: every answer that there is, problems included, and how a caller is known."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from graph.store.names import PATTERN
from graph.versions import installed_versions
from graph.web.gate.rights import OPEN, OURS
from graph.web.problems import MEDIA, Problem
from graph.web.watched import HEADER
from policies.team.fields import ROLE_PATTERN

ABOUT = """Accord runs a team of role agents to one decision that can be proved, replayed and reopened.

Every answer but a success is a problem (RFC 9457): a status, a sentence, and a sentence for each field at fault."""

PROBLEMS = {
    "400": "The request cannot be read.",
    "401": "No token, or one that is not known, expired or revoked.",
    "403": "The token does not allow this, or the page that asks may not.",
    "404": "There is no such thing for this caller.",
    "405": "The path does not take this method.",
    "406": "The answer comes in no form that the request accepts.",
    "408": "The body did not arrive in time.",
    "409": "Somebody else works on it, or the idempotency key belongs to another request.",
    "410": "It was purged; its hashes are left.",
    "413": "The body is too large.",
    "415": "The body is not JSON.",
    "421": "The host is not served here.",
    "422": "A field is at fault, or what is asked is refused.",
    "429": "Too many requests; `Retry-After` says when to ask again.",
    "431": "The headers are too large.",
    "500": "Something unexpected failed; the log of the service names it.",
    "503": "The database does not answer, or the service is halted or about to end.",
}
"""The problems that any route may answer with."""

PATTERNS = {"thread": f"^{PATTERN.pattern}$", "name": ROLE_PATTERN, "team": ROLE_PATTERN}
"""What the names in a path may be, by what they name."""

ONCE = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Asked again under the same key, the same is answered, and nothing is done twice.",
    "schema": {"type": "string", "pattern": "^[!-~]([ -~]{0,198}[!-~])?$"},
    "example": "order-1017",
}

TOKEN = {"type": "http", "scheme": "bearer", "description": "A token of `accord token create`."}


def describe(app: FastAPI) -> None:
    """Let an application show the document that is made here."""

    def openapi() -> dict[str, Any]:
        document: dict[str, Any] = app.openapi_schema or _document(app)
        app.openapi_schema = document
        return document

    app.openapi = openapi  # type: ignore[method-assign]


def _document(app: FastAPI) -> dict[str, Any]:
    version = installed_versions().get("accord", "0")
    told: dict[str, Any] = get_openapi(title="Accord", version=version, description=ABOUT, routes=app.routes)
    parts = told.setdefault("components", {})
    schemas = {name: each for name, each in parts.get("schemas", {}).items() if name not in _FASTAPIS}
    parts["schemas"] = dict(sorted((schemas | _schemas(Problem)).items()))
    parts["responses"] = {f"Problem{status}": _response(about) for status, about in PROBLEMS.items()}
    parts["securitySchemes"] = {"token": TOKEN}
    for asked, operation in _operations(told):
        given = {status: each for status, each in operation["responses"].items() if status < "400"}
        named = {status: {"$ref": f"#/components/responses/Problem{status}"} for status in PROBLEMS}
        operation["responses"] = {status: _with_id(each) for status, each in given.items()} | named
        if asked.startswith("POST /v1/"):
            operation.setdefault("parameters", []).append(ONCE)
        for each in operation.get("parameters", ()):
            if each["in"] == "path":
                each["schema"] |= {"pattern": PATTERNS[each["name"]]}
        operation["security"] = [] if OURS.get(asked) == OPEN else [{"token": []}]
    return told


_FASTAPIS = ("HTTPValidationError", "ValidationError")
"""What FastAPI says that an invalid request is answered with."""


def _schemas(model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema(ref_template="#/components/schemas/{model}", mode="serialization")
    below: dict[str, Any] = schema.pop("$defs", {})
    return below | {model.__name__: schema}


def _response(about: str) -> dict[str, Any]:
    content = {MEDIA: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return _with_id({"description": about, "content": content})


def _with_id(response: dict[str, Any]) -> dict[str, Any]:
    told = {"description": "The id of the request, as the log has it.", "schema": {"type": "string"}}
    return response | {"headers": {**response.get("headers", {}), HEADER: told}}


def _operations(told: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation
