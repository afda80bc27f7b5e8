"""Asking: the person at the client is shown a form, and what they answer is given, as if they had answered elsewhere.

A client of the protocol up to 2025 is asked while its call waits. One of 2026 is answered that input is needed, asks,
and calls again with what was answered.
"""

import asyncio
from contextlib import suppress
from typing import Any

import anyio
from mcp.shared.exceptions import MCPError
from mcp_types import ElicitRequest, ElicitRequestFormParams, ElicitResult, InputRequiredResult
from pydantic import ValidationError

from graph.languages.catalogue import language_of
from graph.mcp.call import Call, InputNeededError, Pause
from graph.mcp.forms import Form, form_for
from graph.mcp.waiting import Patience, rested
from graph.problems import StorageError, UsageError
from graph.service.answering import answered
from graph.service.reading import Look, look_at
from graph.service.unless import EndedError, unless
from policies.language import phrase, say, speaking
from policies.people.question import open_of

MAX_TRIES = 3
"""So often a question is asked whose answer is not taken."""
LOOK_SECONDS = 1.0
"""How often it is looked whether somebody answered elsewhere what the person at the client is asked."""
AGAIN = phrase("Not taken: {problem}.")


async def settled(call: Call, look: Look, patience: Patience) -> tuple[Look, str | None]:
    """Return a thread once it rests and the person at the client has answered all that they may, or gives up.

    With it comes why their last answer was refused, where it was.

    Raises:
        InputNeededError: the client is to ask, and to call again.
        StorageError: the database failed.
    """
    problem: str | None = None
    tries = call.pause.tries if call.pause else 0
    while tries < MAX_TRIES and (form := await _form(call, look)) is not None:
        filled = await _filled(call, look, form, problem, tries)
        if filled is not None:
            problem = await _give(call, look, form, filled)
            tries = tries + 1 if problem else 0
        elif await _waits(call, look, form):
            break
        look = await rested(call, look.thread, patience.after_answer)
    return look, problem


async def _waits(call: Call, look: Look, form: Form) -> bool:
    """Return whether a question still waits; others may have answered it meanwhile."""
    now = await look_at(call.service, look.thread)
    return form.question.id in [each.id for each in open_of(now.past.waiting)]


async def _form(call: Call, look: Look) -> Form | None:
    """Return what may be asked here; nothing where the client cannot ask, or its token may not decide."""
    if not call.can_ask or not call.caller.may("decide"):
        return None
    with speaking(language_of(look.past.language)):
        return await form_for(look, call.caller, call.answered)


async def _filled(call: Call, look: Look, form: Form, problem: str | None, tries: int) -> dict[str, Any] | None:
    """Return what the person filled in; None where they did not."""
    with speaking(language_of(look.past.language)):
        message = f"{say(AGAIN, problem=problem)}\n{form.message}" if problem else form.message
    said = call.answer_to(form.question.id)
    if said is None and call.calls_again:
        raise InputNeededError(_needed(call, look.thread, form, message, tries))
    if said is None:
        said = await _elicited(call, look, form, message)
    return dict(said.content) if said is not None and said.action == "accept" and said.content is not None else None


def _needed(call: Call, thread: str, form: Form, message: str, tries: int) -> InputRequiredResult:
    name = form.question.id
    params = ElicitRequestFormParams(message=message, requested_schema=form.schema)
    pause = Pause(thread=thread, question=name, tries=tries, answered=tuple(sorted(call.answered)))
    state = pause.model_dump_json()
    return InputRequiredResult(input_requests={name: ElicitRequest(params=params)}, request_state=state)


async def _elicited(call: Call, look: Look, form: Form, message: str) -> ElicitResult | None:
    """Ask while the call waits; None where the client fails, the process ends, or somebody answers elsewhere."""
    asking = call.session.elicit_form(message, form.schema, related_request_id=call.request)
    try:
        return await unless(_moot(call, look, form), asking)
    except (EndedError, MCPError, ValidationError):
        return None


async def _moot(call: Call, look: Look, form: Form) -> None:
    """Return once nobody need answer any more: the process ends, or the question is settled."""
    seen: object = None
    while not call.service.drives.ending.is_set():
        await asyncio.sleep(LOOK_SECONDS)
        with suppress(StorageError):
            newest = await call.newest(look.thread)
            if newest == seen:
                continue
            if not await _waits(call, look, form):
                return
            seen = newest


async def _give(call: Call, look: Look, form: Form, filled: dict[str, Any]) -> str | None:
    """Give an answer; return why it is not taken, None where it is."""
    await call.check()
    try:
        said = form.read(filled)
        with anyio.CancelScope(shield=True):  # a client that goes away meanwhile takes no answer back
            await answered(call.service, look.thread, said, call.caller)
    except StorageError:
        raise
    except UsageError as error:
        return str(error)
    call.answered.add(form.question.id)
    return None
