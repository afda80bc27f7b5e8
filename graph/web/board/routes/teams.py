"""Teams: those that a tenant may run, what each of them is, and the proof of its policy."""

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import HTMLResponse

from graph.languages.catalogue import language_of
from graph.patterns.mermaid import mermaid_of
from graph.problems import NotFoundError, UsageError
from graph.report.dossier.roster import roster_of, rosters_of
from graph.report.texts import sentence
from graph.service.aside import aside
from graph.service.proofs import offered, proof_of
from graph.service.service import Service
from graph.teams.offered import MAX_NAME, open_to
from graph.web.board.pages import shown
from graph.web.calls import Calling, Serving
from policies.access.caller import Caller
from policies.language import say, speaking
from policies.team.team import Team

PROOF_SECONDS = 3.0
"""How long a page waits for a proof, which is worked out to its end all the same."""

router = APIRouter(prefix="/board/teams", include_in_schema=False)
Plain = dict[str, Any]


@router.get("", response_class=HTMLResponse)
async def teams(request: Request, service: Serving, caller: Calling) -> HTMLResponse:
    """Show the teams that the caller's tenant may run; of one whose file has problems, that it has."""
    names = await aside(open_to, service.settings, caller.tenant)
    entries = [await _entry(service, name, caller.tenant) for name in names]
    return await shown(request, "teams.html", teams=[each for each in entries if each is not None])


async def is_open_to(service: Service, name: str | None, caller: Caller) -> bool:
    """Return whether the board has a page of a team for a caller."""
    return name is not None and name in await aside(open_to, service.settings, caller.tenant)


async def _entry(service: Service, name: str, tenant: str) -> Plain | None:
    """Return the entry of a team; None where it was taken away meanwhile."""
    try:
        team = await offered(service.settings, name, tenant)
    except NotFoundError:
        return None
    except UsageError as error:
        return {"name": name, "fault": str(error)}
    language = language_of(team.language)
    with speaking(language):
        return {"name": name, "fault": None, "language": language.code, **await aside(roster_of, team)}


Named = Annotated[str, Path(max_length=MAX_NAME)]


@router.get("/{team}", response_class=HTMLResponse)
async def team(request: Request, team: Named, service: Serving, caller: Calling) -> HTMLResponse:
    """Show a team: what it decides and by which rows, who is in it, its limits, and what is proved of it."""
    found = await offered(service.settings, team, caller.tenant)
    with speaking(language_of(found.language)):
        roster, *within = await aside(rosters_of, found)
        values: Plain = {"name": team, "team": roster, "within": within, "proof": await _proof(team, found)}
        return await shown(request, "team.html", drawing=await aside(mermaid_of, found), **values)


async def _proof(name: str, team: Team) -> Plain:
    """Return {proofs, fault}: what is proved of a team, or the sentence that says why nothing is shown."""
    try:
        return {"proofs": (await asyncio.wait_for(proof_of(name, team), PROOF_SECONDS)).shown, "fault": None}
    except UsageError as error:
        return {"proofs": [], "fault": sentence(str(error))}
    except TimeoutError:
        return {"proofs": [], "fault": say("The proof takes longer than a page waits. Look again in a minute.")}
