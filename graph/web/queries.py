"""Queries: what every route checks besides its fields: that no parameter is unknown, and in which form it answers."""

from fastapi import Request
from starlette.responses import JSONResponse

from graph.web.faults import unknown_parameters
from graph.web.problems import MEDIA, ProblemError
from policies.language import phrase, say


async def check_query(request: Request) -> None:
    """Refuse a parameter that nobody reads, and a request that accepts no form in which the route answers.

    Raises:
        ProblemError: 422 or 406.
    """
    faults = unknown_parameters(request)
    if faults:
        raise ProblemError(422, faults[0]["detail"], faults)
    form = _form_of(request)
    if form is not None and not _accepts(request.headers.get("accept", "*/*"), (form, MEDIA)):
        told = phrase("the answer comes as {form}, which the header Accept leaves out; add it")
        raise ProblemError(406, say(told, form=form))


def _form_of(request: Request) -> str | None:
    """Return the media type that the route answers with; None where the route alone knows."""
    response = getattr(request.scope.get("route"), "response_class", JSONResponse)
    response = getattr(response, "value", response)
    return getattr(response, "media_type", None)


def _accepts(accept: str, forms: tuple[str, ...]) -> bool:
    """Return whether a header Accept allows one of these forms.

    >>> _accepts("text/html, application/*;q=0.9", ("application/json",)), _accepts("text/html", ("application/json",))
    (True, False)
    >>> _accepts("application/json;q=0", ("application/json",))
    False
    """
    ranges = [_range(each) for each in accept.split(",") if each.strip()]
    allowed = {name for name, is_allowed in ranges if is_allowed}
    kinds = {name for form in forms for name in (form, f"{form.partition('/')[0]}/*", "*/*")}
    return not ranges or bool(allowed & kinds)


def _range(text: str) -> tuple[str, bool]:
    name, *options = (part.strip().lower() for part in text.split(";"))
    weights = [option.removeprefix("q=") for option in options if option.startswith("q=")]
    return name, not any(weight.strip("0.") == "" for weight in weights)
