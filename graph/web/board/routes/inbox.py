"""Inbox: what waits for people in a tenant, what waits for whoever reads first."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import HTMLResponse

from graph.inbox import Entry
from graph.languages.catalogue import language_of
from graph.people import run_path
from graph.report.dossier.people import HEADINGS, answer_shown
from graph.report.words import KINDS_ASKED, said_stage
from graph.service.questions import Plain, waiting_for
from graph.web.board.answers.sheet import progress_of, times_of
from graph.web.board.pages import ON_A_PAGE, address_of, shown
from graph.web.calls import Calling, Serving
from graph.web.paging import After, Mark, page_of
from policies.access.caller import Caller
from policies.language import say
from policies.people.answering import MAX_NAME

Kind = Literal["", "decide", "contribute", "supply", "sign_off"]

router = APIRouter(prefix="/board", include_in_schema=False)


@router.get("/inbox", response_class=HTMLResponse)
async def inbox_page(
    request: Request,
    service: Serving,
    caller: Calling,
    name: Annotated[str, Query(alias="for", max_length=MAX_NAME)] = "",
    kind: Kind = "",
    after: After = None,
) -> HTMLResponse:
    """Show what waits, the oldest first; where a token proves who reads, what waits for them before the rest."""
    waiting, inbox = await waiting_for(service, caller, name or None)
    found = sorted([each for each in waiting if kind in ("", each["kind"])], key=lambda each: _mark(each, caller))
    page = page_of(found, lambda each: _mark(each, caller), ON_A_PAGE, after)
    named = "" if caller.is_proved else name
    entries = [
        _shown(each, service.runner.now(), language_of(inbox.languages[each["thread_id"]]).code, named)
        | {"goal": inbox.goals[each["thread_id"]], "is_mine": _is_for(each, caller)}
        for each in page["items"]
    ]
    following = address_of("/board/inbox", for_=name, kind=kind, after=page["next"]) if page["next"] else None
    return await shown(
        request,
        "inbox.html",
        mine=[each for each in entries if each["is_mine"]],
        others=[each for each in entries if not each["is_mine"]],
        is_known=caller.is_proved,
        name=name,
        kind=kind,
        lost=len(inbox.lost),
        kinds=[(each, say(words)) for each, words in KINDS_ASKED.items()],
        following=following,
    )


def _is_for(entry: Entry, caller: Caller) -> bool:
    """Return whether whoever calls may still answer, and is known to."""
    return caller.is_proved and (caller.person in entry["may_answer"] or not entry["asked"])


def _mark(entry: Entry, caller: Caller) -> Mark:
    first = "0" if _is_for(entry, caller) else "1"
    return f"{first} {entry['since']}", f"{entry['thread_id']}/{entry['id']}"


def _shown(entry: Entry, now: str, language: str, named: str) -> Plain:
    return {
        "address": address_of(run_path(entry["thread_id"], entry["id"]), for_=named),
        "thread": entry["thread_id"],
        "team": entry["team"],
        "language": language,
        "heading": _heading(entry),
        "question": entry["question"],
        "times": times_of(entry["since"], entry["expires_at"], now),
        "asked": _names(entry["asked"]) or say("anybody who says a name"),
        "progress": progress_of(entry),
        "answered": _names(entry["answered"]) if entry["asked"] else "",
        "answers": [answer_shown(each, {}) for each in entry.get("answers", ())],
    }


def _heading(entry: Mapping[str, Any]) -> str:
    heading, seat = say(HEADINGS[entry["kind"]]), entry.get("seat")
    about = entry.get("path") or (seat and said_stage(seat))
    return say("{heading}: {about}", heading=heading, about=about) if about else heading


def _names(names: Sequence[str]) -> str:
    return ", ".join(names)
