"""Who may do what on the LangGraph server: every action has a handler, and what has none is refused.

Everybody who reaches the server is the same person here; it listens on this machine alone.
"""

import asyncio
import json
from functools import cache
from typing import Any

from langgraph_sdk import Auth
from langgraph_sdk.errors import NotFoundError

from graph.languages.catalogue import speak_as
from graph.problems import UsageError
from graph.record import said_hold
from graph.serving import BUSY, begin, hold_on, is_held, own_facts, speak_of, team_for
from graph.settings import load_settings, variable
from graph.teams.forms import Configuration, defaults_of
from graph.teams.offered import load_offered
from graph.web.mounted.listing import forget_thread, list_newest, list_thread, metadata_of, this_server
from graph.web.mounted.requests import (
    admitted_input,
    changed,
    check_command,
    check_configuration,
    refuse_another,
    refuse_configurable,
    refuse_route,
    refuse_run,
)
from nodes.services import InputRefusedError
from policies.language import phrase, say

PERSON = {"identity": "local", "is_authenticated": False}
"""Whoever reaches the server. It never checks who that is, so no answer is proved by it."""
REFUSED, TAKEN, NOT_ALLOWED = 403, 409, 422
HTTP = "LANGGRAPH_HTTP"
"""The variable in which the server has what langgraph.json says of `http`."""
PROVIDED = "__context_provided__"
"""Under this key the server notes that a run names its configuration as context."""

auth = Auth()
"""Named by langgraph.json."""


@cache
def _origins() -> tuple[str, ...]:
    """Return the pages whose requests a browser may send: those that langgraph.json allows to read the answers."""
    return tuple(json.loads(variable(HTTP, None) or "{}").get("cors", {}).get("allow_origins", ()))


@auth.authenticate
async def identify(method: str, path: str, headers: dict[bytes, bytes], query_params: dict[str, str] | None) -> Any:
    """Return who calls; a page that is not Studio's calls nothing."""
    origin, host = (headers.get(name, b"").decode("latin-1") for name in (b"origin", b"host"))
    if origin and origin not in (*_origins(), f"http://{host}"):
        told = phrase("pages of {origin} may not call this server; allowed: {origins}")
        raise _refusal(REFUSED, say(told, origin=origin[:200], origins=", ".join(_origins())))
    refused = refuse_route(method, path)
    if refused is None and "delete_threads" in (query_params or {}):
        refused = say("`delete_threads` is refused: a thread is a record; delete it itself (DELETE /threads/ID)")
    if refused:
        raise _refusal(REFUSED, refused)
    return PERSON


@auth.on
async def deny(ctx: Auth.types.AuthContext, value: Any) -> None:
    """Refuse what no other handler allows."""
    told = phrase("`{action}` is refused: this server has assistants, threads and runs only")
    raise _refusal(REFUSED, say(told, action=f"{ctx.resource}.{ctx.action}"))


@auth.on.assistants
async def on_assistants(ctx: Auth.types.AuthContext, value: Any) -> None:
    """Allow whatever is done to assistants, except to name a team that is not offered."""
    configurable = (value.get("config") or {}).get("configurable") or {}
    wrong = refuse_configurable(configurable, may_name_checkpoint=False)
    if wrong:
        raise _refusal(REFUSED, wrong)
    team = (value.get("context") or {}).get("team") or configurable.get("team")
    if team is not None:
        try:
            await asyncio.to_thread(lambda: load_offered(load_settings(), str(team)))
        except UsageError as error:
            raise _refusal(NOT_ALLOWED, str(error)) from None


@auth.on.threads.create
async def on_create(ctx: Auth.types.AuthContext, value: Any) -> None:
    """Allow a thread to be created; one that the database has keeps its graph."""
    thread = value.get("thread_id")
    metadata = value.get("metadata")
    if thread is not None and isinstance(metadata, dict):
        for name, known in (await metadata_of(str(thread))).items():
            metadata.setdefault(name, known)


@auth.on.threads.search
async def on_search(ctx: Auth.types.AuthContext, value: Any) -> None:
    """Allow threads to be listed, those of the command line too."""
    await list_newest()


@auth.on.threads.read
async def on_read(ctx: Auth.types.AuthContext, value: Any) -> None:
    """Allow a thread to be read, also one that the server did not know."""
    await list_thread(str(value["thread_id"]))


@auth.on.threads.update
async def on_update(ctx: Auth.types.AuthContext, value: Any) -> None:
    """Allow metadata to be changed, and runs to be cancelled; the graphs refuse to write state."""


@auth.on.threads.delete
async def on_delete(ctx: Auth.types.AuthContext, value: Any) -> None:
    """Allow a thread to be deleted on which nobody works, and whose record nobody holds."""
    thread = str(value.get("thread_id"))
    if await is_held(thread):
        await speak_of(thread)
        raise _refusal(TAKEN, say(BUSY))
    held = await hold_on(thread)
    if held:
        await speak_of(thread)
        told = phrase("held by {by} since {when}: {because}; `accord hold {name} --release` releases the record")
        raise _refusal(TAKEN, say(told, name=thread, **said_hold(held)))
    forget_thread(thread)


@auth.on.threads.create_run
async def on_run(ctx: Auth.types.AuthContext, value: Any) -> None:
    """Allow a run whose input can be admitted, and keep it as it is admitted."""
    if refuse_run(value):
        thread = value.get("thread_id")
        await speak_of(None if thread is None else str(thread))  # the server has it as a UUID
        raise _refusal(REFUSED, refuse_run(value) or "")
    try:
        await _admit(value)
    except (UsageError, InputRefusedError) as error:
        raise _refusal(NOT_ALLOWED, str(error)) from None


async def _admit(run: Any) -> None:
    """Check what a run is configured with, and replace its input by what is admitted of it."""
    thread, kwargs = str(run["thread_id"]), run["kwargs"]
    await list_thread(thread)
    given, found = _cleared(kwargs), await begin(thread)
    if PROVIDED in given:
        check_configuration(kwargs.get("context") or {})
    assistant = await this_server().assistants.get(str(run["assistant_id"]))
    configurable = {**(assistant["config"].get("configurable") or {}), **await _configured(thread), **given}
    if kwargs.get("command"):
        check_command(kwargs["command"], found.past, found.interrupts)
    graph: Any = assistant["graph_id"]
    team = await asyncio.to_thread(team_for, graph, configurable, found.team)
    speak_as(team.language)
    if kwargs.get("input") is not None:
        filled = changed(kwargs["input"], await _form(graph, assistant["config"].get("configurable") or {}))
        facts = await own_facts(team) if isinstance(filled, dict) and filled.get("facts") else None
        kwargs["input"] = admitted_input(filled, team, facts, found.past)
        if found.is_over:
            refuse_another(kwargs["input"], team, found.past)


async def _form(graph: Any, configurable: dict[str, Any]) -> dict[str, Any]:
    """Return what the form of an assistant is filled with; nothing where there is none."""
    try:
        team = await asyncio.to_thread(team_for, graph, configurable, None)
        return defaults_of(team, await own_facts(team))
    except UsageError:
        return {}


def _cleared(kwargs: Any) -> dict[str, Any]:
    """Return what a run is configured with, once what is empty, and what only LangGraph may set, is taken out of it."""
    for name in ("recursion_limit", "callbacks"):
        kwargs.get("config", {}).pop(name, None)
    given: dict[str, Any] = (kwargs.get("config") or {}).get("configurable") or {}
    for entries in (given, kwargs.get("context") or {}):
        for name in [name for name in Configuration.model_fields if entries.get(name) in ("", {}, None)]:
            entries.pop(name, None)
    return given


async def _configured(thread: str) -> dict[str, Any]:
    """Return what a thread was configured with by its earlier runs."""
    try:
        row: Any = await this_server().threads.get(thread)
    except NotFoundError:  # the run creates it
        return {}
    return (row.get("config") or {}).get("configurable") or {}


def _refusal(status: int, sentence: str) -> Exception:
    return Auth.exceptions.HTTPException(status_code=status, detail=sentence)
