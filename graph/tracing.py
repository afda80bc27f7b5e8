"""Tracing: one run is one trace in LangSmith. The one file of `graph/` that imports langsmith.

A client of ours, one a process, trims what each node read and said, masks it where a team has private facts, and sends
it from a thread of its own. Nodes say more of their runs through `Services.annotate`.
"""

import asyncio
import atexit
import json
import logging
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any
from uuid import uuid4

import langsmith
from langchain_core.runnables import RunnableConfig
from langgraph.store.base import BaseStore
from langsmith.client import Client
from langsmith.run_helpers import get_current_run_tree, tracing_context
from langsmith.utils import LangSmithConflictError, LangSmithNotFoundError, LangSmithUserError

from graph.delivery import Delivery, EarlyError, Item, RefusedError, UnreachableError, status_of
from graph.posting import OURS, PRIVATE, Postings, merged
from graph.problems import UsageError
from graph.scores import Scores, feedback_of, scores_in
from graph.settings import HOSTED, Settings
from graph.store.traces import Traced, note_trace
from nodes.fingerprint import Pin, fingerprints
from nodes.services import Annotate, say_nothing
from policies.language import phrase, say
from policies.team.nesting import teams_within
from policies.team.team import Team

Plain = dict[str, Any]

LOG = logging.getLogger("accord")
TIMEOUT_MS = (3_000, 10_000)
BUSY, INGEST = (408, 429), "/runs/multipart"
NO_KEY = phrase(
    "LANGSMITH_TRACING is true, but LANGSMITH_API_KEY is not set; set it, or LANGSMITH_ENDPOINT to a server of yours"
)
NOT_ASKED = phrase("LANGSMITH_TRACING is not true, so nothing is posted to LangSmith; set it, and LANGSMITH_API_KEY")


@contextmanager
def _harmless() -> Iterator[None]:
    """Let nothing that goes wrong with a trace reach the run."""
    try:
        yield
    except Exception:
        LOG.debug("accord: a part of a trace is lost", exc_info=True)


class _Client(Client):
    """LangSmith's client, whose runs are trimmed and masked before they are kept, and sent by our own thread."""

    def __init__(self, settings: Settings) -> None:
        key = settings.langsmith_api_key
        super().__init__(
            settings.langsmith_endpoint.rstrip("/"),
            api_key=key.get_secret_value() if key else "",
            workspace_id=settings.langsmith_workspace_id or "",
            timeout_ms=TIMEOUT_MS,
            auto_batch_tracing=False,
            omit_traced_runtime_info=True,  # it would copy environment variables
            tracing_mode="langsmith",
            info={},
            tracing_error_callback=self._note,
        )
        adapters: Mapping[str, Any] = self.session.adapters
        for adapter in adapters.values():
            adapter.max_retries = adapter.max_retries.new(total=0)  # our own thread tries again, and knows when to stop
        self.project, self.scores_itself = settings.langsmith_project, False
        self.under_way = Postings(self.project)
        self.delivery = Delivery(self._greet, self._send)
        self._fault: Exception | None = None

    def create_run(self, name: str, inputs: Plain, run_type: Any, **told: Any) -> None:
        """Queue what is shown of a run that begins."""
        with _harmless():
            self._put(self.under_way.begin({**told, "name": name, "inputs": inputs, "run_type": run_type}))

    def update_run(self, run_id: Any, **told: Any) -> None:
        """Queue what is shown of a run that ends."""
        with _harmless():
            ops = self.under_way.end({**told, "id": run_id})
            self._put(ops)
            for root in (op for op in ops if self.scores_itself and op["parent_run_id"] is None):
                self.score(root["id"], scores_in(root.get("extra", {}).get("metadata", {})))

    def annotate(self, labels: Mapping[str, Any]) -> None:
        """Say something of the run in which this is called."""
        with _harmless():
            run = get_current_run_tree()
            if run is not None:
                self._put(self.under_way.label(str(run.trace_id), str(run.id), labels))

    def _put(self, ops: Sequence[Plain]) -> None:
        for op in ops:
            self.delivery.put("post" if "run_type" in op else "patch", op)

    def score(self, run_id: str, scores: Scores) -> None:
        """Queue the scores of a trace."""
        for key, score in scores.items():
            self.delivery.put("feedback", feedback_of(run_id, key, score, None))

    def request_with_retries(self, method: Any, pathname: str, **kwargs: Any) -> Any:
        """Send a request once, and say whether sending it again may help."""
        try:
            response = super().request_with_retries(method, pathname, **kwargs)
        except (LangSmithNotFoundError, LangSmithConflictError) as error:
            self.delivery.answered()
            if pathname.endswith(INGEST) and isinstance(error, LangSmithNotFoundError):
                raise RefusedError(say("it answered {status}", status=404)) from None
            raise
        except Exception as error:
            status = status_of(error)
            if status is None:
                raise UnreachableError(say("it cannot be reached")) from None
            self.delivery.answered()
            kind = UnreachableError if status in BUSY or status >= 500 else RefusedError
            raise kind(say("it answered {status}", status=status)) from None
        self.delivery.answered()
        return response

    def post_feedback(self, feedback: Plain) -> None:
        """Post one score now; where the endpoint wants to know the project's id, with that."""
        try:
            self._post(feedback)
        except LangSmithNotFoundError:
            raise EarlyError(say("it does not know the trace")) from None
        except RefusedError as refused:
            session = self._session()
            if session is None:
                raise refused from None
            self._post({**feedback, "session_id": session})

    def _session(self) -> str | None:
        """Return the id of the project; None where the endpoint does not say."""
        try:
            found = self.request_with_retries("GET", "/sessions", params={"name": self.project, "limit": 1}).json()
            return str(found[0]["id"])
        except (UnreachableError, RefusedError, LangSmithNotFoundError, ValueError, LookupError, TypeError):
            return None

    def _post(self, feedback: Plain) -> None:
        with suppress(LangSmithConflictError):  # it has it: an earlier answer was lost on the way
            self.request_with_retries("POST", "/feedback", request_kwargs={"data": json.dumps(feedback).encode()})

    def _greet(self) -> None:
        with suppress(LangSmithNotFoundError, LangSmithConflictError):
            self.request_with_retries("GET", "/info")

    def _send(self, batch: Sequence[Item]) -> None:
        (kind, first), *_ = batch
        if kind == "feedback":
            return self.post_feedback(first)
        begun, ended = merged(batch)
        self._fault = None
        self.multipart_ingest(create=begun, update=ended)
        if self._fault is not None:
            raise self._fault if isinstance(self._fault, UnreachableError) else RefusedError(_told(self._fault))
        return None

    def _note(self, error: Exception) -> None:
        """Keep what the library would only log."""
        self._fault = error


def _told(error: Exception) -> str:
    return str(error) if isinstance(error, RefusedError) else type(error).__name__


@dataclass(slots=True)
class Trace:
    """A run that is traced, or not: what its configuration has for that, and its scores once it has ended."""

    config: RunnableConfig = field(default_factory=RunnableConfig)
    scores: Scores = field(default_factory=dict)


class Tracing:
    """Traces runs of this process, or sees to it that none is traced."""

    def __init__(self, client: _Client | None = None) -> None:
        self._client = client

    @property
    def annotate(self) -> Annotate:
        """What nodes say more of their runs with."""
        return self._client.annotate if self._client else say_nothing

    @contextmanager
    def off(self) -> Iterator[None]:
        """Trace nothing, whatever the environment says to the library."""
        with tracing_context(enabled=False):
            yield

    @asynccontextmanager
    async def running(self, team: Team, thread: str, store: BaseStore) -> AsyncIterator[Trace]:
        """Trace the run of a team as one trace, not as a part of a caller's, and note where it lies."""
        if self._client is None:
            yield Trace()
            return
        run_id, project = uuid4(), self._client.project
        await note_trace(store, thread, Traced(str(run_id), project))
        trace = Trace({"run_id": run_id, **config_of(team)})
        with tracing_context(client=self._client, project_name=project, enabled=True, parent=False):
            yield trace
        self._client.score(str(run_id), trace.scores)


def config_of(team: Team) -> RunnableConfig:
    """Return the tags and the metadata of a team's runs."""
    is_private = any(each.private for _, each in teams_within(team))
    tags = [OURS, team.pattern, team.name, *([PRIVATE] if is_private else [])]
    policy = fingerprints(Pin.of(team), team.budget, "", None)["policy"]
    return {"tags": tags, "metadata": {"team": team.name, "pattern": team.pattern, "policy": policy}}


@asynccontextmanager
async def open_tracing(settings: Settings) -> AsyncIterator[Tracing]:
    """Open what traces runs, or traces none; at the end, wait for what is under way, if the endpoint answers.

    Raises:
        UsageError: traces are asked for, and there is no key.
    """
    if not settings.langsmith_tracing:
        yield Tracing()
        return
    client = _open_client(settings)
    try:
        yield Tracing(client)
    finally:
        await asyncio.to_thread(_leave, client, settings.langsmith_endpoint)


def serve_tracing(settings: Settings) -> Annotate:
    """Trace every graph of this process, or none; return what nodes say more of their runs with.

    Raises:
        UsageError: traces are asked for, and there is no key.
    """
    if not settings.langsmith_tracing:
        langsmith.configure(enabled=False)
        return say_nothing
    client = _open_client(settings)
    client.scores_itself = True  # nobody else is there when a run of the server ends
    client.delivery.on_loss = partial(_warn, settings.langsmith_endpoint)
    langsmith.configure(client=client, enabled=True, project_name=client.project)
    atexit.register(_leave, client, settings.langsmith_endpoint)
    return client.annotate


def check_asked(settings: Settings) -> None:
    """Check that traces are asked for.

    Raises:
        UsageError: they are not.
    """
    if not settings.langsmith_tracing:
        raise UsageError(say(NOT_ASKED))


def post_judgement(settings: Settings, traced: Traced, scores: Mapping[str, float | None], comment: str | None) -> None:
    """Post scores of a past run to its trace.

    Raises:
        UsageError: there is no key, or LangSmith did not take them.
    """
    client = _open_client(settings.model_copy(update={"langsmith_project": traced.project}))
    try:
        for key, score in scores.items():
            client.post_feedback(feedback_of(traced.run_id, key, score, comment))
    except (UnreachableError, EarlyError, RefusedError) as error:
        told = phrase("LangSmith at {address} did not take the feedback: {why}")
        raise UsageError(say(told, address=settings.langsmith_endpoint, why=error)) from None


def _open_client(settings: Settings) -> _Client:
    if settings.langsmith_api_key is None and settings.langsmith_endpoint.rstrip("/") == HOSTED:
        raise UsageError(say(NO_KEY))
    logging.getLogger("langsmith").addHandler(logging.NullHandler())  # or its warnings go to the terminal
    try:
        return _Client(settings)
    except LangSmithUserError as error:
        raise UsageError(f"LangSmith cannot be used: {error}") from None


def _leave(client: _Client, endpoint: str) -> None:
    problem = client.delivery.close()
    if problem:
        _warn(endpoint, problem)


def _warn(endpoint: str, problem: str) -> None:
    LOG.warning("accord: warning: not all traces reached LangSmith at %s: %s", endpoint, problem)
