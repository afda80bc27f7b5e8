"""Written: JSON as the command line writes it, made outside the event loop."""

import json
from collections.abc import Callable
from typing import Any, ParamSpec

from fastapi import Response

from graph.service.aside import aside

P = ParamSpec("P")
JSON = "application/json"


async def json_of(make: Callable[P, Any], *args: P.args, **kwargs: P.kwargs) -> Response:
    """Return the response with the value that a function makes."""

    def written() -> bytes:
        return json.dumps(make(*args, **kwargs), ensure_ascii=False, indent=2).encode() + b"\n"

    return Response(await aside(written), media_type=JSON)
