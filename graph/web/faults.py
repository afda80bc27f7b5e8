"""Faults: which fields of a request are wrong, each with its value and what is allowed, in our own words."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fastapi import Request
from pydantic import BaseModel, Field

from policies.language import phrase, say
from policies.nearest import allowed_names
from policies.plain import shown
from policies.wording import refusal

MAX_NAME = 80
MAX_FAULTS = 20
"""So many are worked out: each unknown key is compared with all that are known."""

PARTS = {
    "body": phrase("`{field}` {fault}"),
    "query": phrase("the parameter `{field}` {fault}"),
    "path": phrase("`{field}` in the path {fault}"),
    "header": phrase("the header `{field}` {fault}"),
}


class Fault(BaseModel):
    """A field that is at fault."""

    field: str = Field(description="The field, with dots between the keys that lead to it; empty for the whole body.")
    detail: str = Field(description="What is wrong with it, and what is allowed.")


def faults_of(request: Request, errors: Sequence[Any]) -> list[dict[str, Any]]:
    """Return a fault for each of the first of what pydantic found."""
    model = _body_model(request)
    return [_fault(model, each) for each in errors[:MAX_FAULTS]]


def faults_in(model: type[BaseModel], errors: Sequence[Any]) -> list[dict[str, Any]]:
    """Return a fault for each of the first of what pydantic found in a value of a model."""
    return [_fault(model, {**each, "loc": ("body", *each["loc"])}) for each in errors[:MAX_FAULTS]]


def unknown_parameters(request: Request) -> list[dict[str, Any]]:
    """Return a fault for each of the first parameters that the route does not have, or that are there twice."""
    known = _parameters(request)
    names = [name for name, _ in request.query_params.multi_items()]
    unknown = [name[:MAX_NAME] for name in names if name not in known][:MAX_FAULTS]
    faults = {name: say("is an unknown key{allowed}", allowed=allowed_names(name, known)) for name in unknown}
    faults |= {name: say("is there twice; keep one") for name in known if names.count(name) > 1}
    return [_told("query", name, fault) for name, fault in faults.items()]


def _fault(model: Any, error: Any) -> dict[str, Any]:
    part, *place = error["loc"]
    names = [str(each) or '""' for each in place]
    return _told(str(part), ".".join(names)[: 2 * MAX_NAME], _said(model, error, place))


def _told(part: str, field: str, fault: str) -> dict[str, Any]:
    if part == "body" and not field:
        return {"field": "", "detail": say("the body {fault}", fault=fault)}
    return {"field": field, "detail": say(PARTS.get(part, PARTS["body"]), field=field, fault=fault)}


def _said(whole: Any, error: Any, place: Sequence[Any]) -> str:
    if error["type"] == "missing":
        return say("is missing")
    if error["type"] == "extra_forbidden":
        model = _model_at(whole, place[:-1])
        return say("is an unknown key{allowed}", allowed=allowed_names(str(place[-1])[:MAX_NAME], _keys(model)))
    if error["type"] == "value_error":
        return str(error["msg"]).removeprefix("Value error, ")
    return refusal(error, _as_json)


def _as_json(value: object) -> str:
    """Return a value as a message shows it, what has another name in Python by that of JSON."""
    return json.dumps(value) if value is None or isinstance(value, bool) else shown(value)


def _parameters(request: Request) -> list[str]:
    """Return the names of the parameters that a route takes in its query."""
    return [*_names_in(getattr(request.scope.get("route"), "dependant", None))]


def _names_in(dependant: Any) -> Iterator[str]:
    for each in getattr(dependant, "query_params", ()):
        model = each.field_info.annotation
        yield from _keys(model) if isinstance(model, type) and issubclass(model, BaseModel) else [each.alias]
    for below in getattr(dependant, "dependencies", ()):
        yield from _names_in(below)


def _body_model(request: Request) -> Any:
    field = getattr(request.scope.get("route"), "body_field", None)
    return getattr(getattr(field, "field_info", None), "annotation", None)


def _model_at(model: Any, place: Sequence[Any]) -> Any:
    """Return the model of the part of a body at a place; None where it is none."""
    for name in place:
        fields: Mapping[str, Any] = getattr(model, "model_fields", {})
        model = fields[name].annotation if name in fields else None
    return model


def _keys(model: Any) -> list[str]:
    return [field.alias or name for name, field in getattr(model, "model_fields", {}).items()]
