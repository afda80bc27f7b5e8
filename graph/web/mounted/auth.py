"""Who may do what on the LangGraph server: every action has a handler, and what has none is refused.

The gate has found out who calls. What is another tenant's is to a caller as if it were not there.
"""

from typing import Any

from langgraph_sdk import Auth

from graph.problems import UsageError
from graph.record import said_hold
from graph.service.answering import NotThemselvesError
from graph.serving import BUSY, begin, hold_on, is_held, speak_of
from graph.store.names import unknown_thread
from graph.web.calls import CALLER
from graph.web.mounted.admitting import admit_run, check_team
from graph.web.mounted.callers import caller_of, user_of
from graph.web.mounted.listing import forget_thread, list_newest, list_thread, metadata_of
from graph.web.mounted.owners import (
    assistant_for,
    claim,
    claimed_by,
    disown,
    disown_configuration,
    find_assistant,
    is_shared,
    own,
    owner_of,
    readable,
)
from graph.web.mounted.requests import refuse_cancel, refuse_configurable, refuse_query, refuse_run, refuse_search
from graph.web.mounted.waits import note_waits
from nodes.services import InputRefusedError
from policies.access.caller import LOCAL, Caller, Scope
from policies.access.ids import find_reserved, find_reserved_assistant
from policies.access.scopes import find_lacking, scope_of_run
from policies.language import phrase, say

REFUSED, MISSING, TAKEN, NOT_ALLOWED = 403, 404, 409, 422
NO_ASSISTANT = phrase("there is no assistant `{name}`")
NOT_FOUND = "Thread or assistant not found."
"""What the server says of a run for which there is no thread or no assistant, and so do we of another tenant's."""

auth = Auth()
"""Named by langgraph.json."""


@auth.authenticate
async def identify(scope: dict[str, Any], query_params: dict[str, str] | None) -> Any:
    """Return who calls, as the gate found out."""
    caller = scope.get(CALLER)
    if caller is None:
        raise _refusal(401, say("nobody has found out who calls: the server is to be started with `http.app`"))
    refused = refuse_query(query_params or {})
    if refused:
        raise _refusal(REFUSED, refused)
    return user_of(caller)


@auth.on
async def deny(ctx: Auth.types.AuthContext, value: Any) -> None:
    """Refuse what no other handler allows."""
    told = phrase("`{action}` is refused: this server has assistants, threads and runs only")
    raise _refusal(REFUSED, say(told, action=f"{ctx.resource}.{ctx.action}"))


# --- assistants ------------------------------------------------------------------------------------------------------


@auth.on.assistants.search
async def on_assistants_search(ctx: Auth.types.AuthContext, value: Any) -> Any:
    """Allow the assistants to be listed that are everybody's, and the tenant's own."""
    return readable(caller_of(ctx))


@auth.on.assistants.read
async def on_assistant_read(ctx: Auth.types.AuthContext, value: Any) -> Any:
    """Allow an assistant to be read that is everybody's, or the tenant's own."""
    return readable(caller_of(ctx))


@auth.on.assistants.create
async def on_assistant_create(ctx: Auth.types.AuthContext, value: Any) -> Any:
    """Allow an assistant to be made, the tenant's own whatever it says of itself."""
    caller = caller_of(ctx)
    reserved = find_reserved_assistant(str(value["assistant_id"]))
    if reserved is not None:  # asked first: whether another has it is not told
        raise _refusal(NOT_ALLOWED, reserved)
    await _refuse_team(value, caller)
    await _refuse_taken(str(value["assistant_id"]), caller)
    claim(value["metadata"], caller, {})
    return own(caller)


@auth.on.assistants.update
async def on_assistant_update(ctx: Auth.types.AuthContext, value: Any) -> Any:
    """Allow the tenant's own assistants to be changed, and those of everybody by who administers the server."""
    caller = caller_of(ctx)
    found = await _changeable(str(value["assistant_id"]), caller)
    await _refuse_team(value, caller)
    disown(value.get("metadata") or {})
    return None if is_shared(found["metadata"]) else own(caller)


@auth.on.assistants.delete
async def on_assistant_delete(ctx: Auth.types.AuthContext, value: Any) -> Any:
    """Allow the tenant's own assistants to be deleted, and those of everybody by who administers the server."""
    caller = caller_of(ctx)
    found = await _changeable(str(value["assistant_id"]), caller)
    return None if is_shared(found["metadata"]) else own(caller)


async def _changeable(assistant: str, caller: Caller) -> Any:
    found = await assistant_for(caller, assistant)
    if found is None:
        raise _refusal(MISSING, say(NO_ASSISTANT, name=assistant))
    if is_shared(found["metadata"]) and caller.tenant != LOCAL:
        told = phrase("the assistant `{name}` is everybody's: only an admin of the tenant `{tenant}` may change it")
        raise _refusal(REFUSED, say(told, name=found["name"], tenant=LOCAL))
    return found


async def _refuse_taken(assistant: str, caller: Caller) -> None:
    """Refuse an id under which another tenant has an assistant, as if there were none."""
    if await assistant_for(caller, assistant) is None and await find_assistant(assistant) is not None:
        raise _refusal(MISSING, say(NO_ASSISTANT, name=assistant))


async def _refuse_team(value: Any, caller: Caller) -> None:
    """Refuse an assistant that names what LangGraph sets, or a team that is not offered to the tenant."""
    disown_configuration(value.get("config") or {}, value.get("context") or {})
    configurable = (value.get("config") or {}).get("configurable") or {}
    wrong = refuse_configurable(configurable, may_name_checkpoint=False)
    if wrong:
        raise _refusal(REFUSED, wrong)
    team = (value.get("context") or {}).get("team") or configurable.get("team")
    if team is not None:
        try:
            await check_team(str(team), caller)
        except UsageError as error:
            raise _refusal(NOT_ALLOWED, str(error)) from None


# --- threads ---------------------------------------------------------------------------------------------------------


@auth.on.threads.create
async def on_create(ctx: Auth.types.AuthContext, value: Any) -> Any:
    """Allow a thread to be created; one that the database has keeps its graph, and whose it is."""
    caller = caller_of(ctx)
    thread = str(value["thread_id"])
    reserved = find_reserved(thread)
    if reserved is not None and await owner_of(thread) != caller.tenant:
        raise _refusal(NOT_ALLOWED, reserved)
    if not await claimed_by(caller, thread):
        raise _refusal(MISSING, str(unknown_thread(thread)))
    metadata = value["metadata"]
    named = {"graph_id": metadata["graph_id"]} if "graph_id" in metadata else {}
    claim(metadata, caller, named | await metadata_of(thread))
    await list_thread(thread)
    return own(caller)


@auth.on.threads.search
async def on_search(ctx: Auth.types.AuthContext, value: Any) -> Any:
    """Allow the tenant's own threads to be listed, those of the command line too, and the runs of one of them."""
    caller = caller_of(ctx)
    if value.get("thread_id") is not None:
        await _own_thread(value, caller)
    else:
        refused = refuse_search(value)
        if refused:
            raise _refusal(NOT_ALLOWED, refused)
        await note_waits(await list_newest(caller.tenant))
    return own(caller)


@auth.on.threads.read
async def on_read(ctx: Auth.types.AuthContext, value: Any) -> Any:
    """Allow a thread of the tenant to be read, also one that the server did not know."""
    caller = caller_of(ctx)
    await list_thread(await _own_thread(value, caller))
    return own(caller)


@auth.on.threads.update
async def on_update(ctx: Auth.types.AuthContext, value: Any) -> Any:
    """Allow metadata to be changed, and runs to be cancelled; the graphs refuse to write state."""
    caller = _caller(ctx, "run")
    metadata = value.get("metadata") or {}
    disown(metadata)
    refused = refuse_cancel(value)
    if refused:
        raise _refusal(REFUSED, refused)
    if value.get("thread_id") is not None:
        await list_thread(await _own_thread(value, caller))
    return own(caller)


@auth.on.threads.delete
async def on_delete(ctx: Auth.types.AuthContext, value: Any) -> Any:
    """Allow a thread to be deleted on which nobody works, and whose record nobody holds."""
    caller = caller_of(ctx)
    thread = await _own_thread(value, caller)
    if value.get("run_id") is not None:
        raise _refusal(REFUSED, say("what a run wrote is not deleted: the record of its thread rests on it"))
    if await is_held(thread):
        await speak_of(thread)
        raise _refusal(TAKEN, say(BUSY))
    held = await hold_on(thread)
    if held:
        await speak_of(thread)
        told = phrase("held by {by} since {when}: {because}; `accord hold {name} --release` releases the record")
        raise _refusal(TAKEN, say(told, name=thread, **said_hold(held)))
    forget_thread(thread)
    return own(caller)


async def _own_thread(value: Any, caller: Caller) -> str:
    """Return the thread that a request is about, refused as if there were none unless it is the tenant's own."""
    thread = str(value["thread_id"])
    if await owner_of(thread) != caller.tenant:
        raise _refusal(MISSING, str(unknown_thread(thread)))
    return thread


@auth.on.threads.create_run
async def on_run(ctx: Auth.types.AuthContext, value: Any) -> Any:
    """Allow a run whose input can be admitted, and keep it as it is admitted."""
    caller = _caller(ctx, scope_of_run(value["kwargs"].get("command")))
    thread = str(value["thread_id"])  # the server has it as a UUID
    owner, assistant = await owner_of(thread), await assistant_for(caller, str(value["assistant_id"]))
    if owner not in (None, caller.tenant) or assistant is None:
        raise _refusal(MISSING, NOT_FOUND)
    if owner is None and value.get("if_not_exists") != "create":
        raise _refusal(MISSING, NOT_FOUND)
    try:
        found = await begin(thread)
        refused = refuse_run(value)
        if refused:
            raise _refusal(REFUSED, refused)
        await admit_run(value, assistant, caller, found)
    except NotThemselvesError as error:
        raise _refusal(REFUSED, str(error)) from None
    except (UsageError, InputRefusedError) as error:
        raise _refusal(NOT_ALLOWED, str(error)) from None
    if not await claimed_by(caller, thread):  # last: a run that is refused leaves its thread to anybody
        raise _refusal(MISSING, NOT_FOUND)
    return own(caller)


# --- refusals --------------------------------------------------------------------------------------------------------


def _caller(ctx: Auth.types.AuthContext, scope: Scope) -> Caller:
    """Return who calls, refused unless their token has a scope.

    Asked only where the route does not decide: of a run, which its body does; and of what cancels one, since the
    server also does so for who sends another, or hangs up.
    """
    caller = caller_of(ctx)
    lacks = find_lacking(caller, (scope,))
    if lacks:
        raise _refusal(REFUSED, lacks)
    return caller


def _refusal(status: int, sentence: str) -> Exception:
    return Auth.exceptions.HTTPException(status_code=status, detail=sentence)
