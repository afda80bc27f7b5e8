"""Drawn: the graph and the forms of an assistant, which show its team, are shown to whom the team is offered."""

import re

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from graph.problems import UsageError
from graph.web.calls import CALLER
from graph.web.mounted.admitting import check_team, team_named
from graph.web.mounted.listing import is_uuid, one_spelling
from graph.web.mounted.owners import assistant_for
from graph.web.problems import problem
from policies.access.caller import Caller

DRAWN = re.compile(r"/assistants/([^/]+)/(?:graph|schemas|subgraphs(?:/.*)?)")


class Drawn:
    """A middleware inside of the gate: an assistant may be older than the limits of its team."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, unless it would show a team that its caller may not use."""
        caller: Caller | None = scope.get(CALLER)
        named = DRAWN.fullmatch(scope["path"]) if scope["type"] == "http" else None
        refused = await _refused(one_spelling(named[1]), caller) if named and caller else None
        await (refused or self._app)(scope, receive, send)


async def _refused(assistant: str, caller: Caller) -> Response | None:
    found = await assistant_for(caller, assistant) if is_uuid(assistant) else None
    team = found and team_named(found)
    try:
        if team:
            await check_team(team, caller)
    except UsageError as error:
        return problem(404, str(error))
    return None
