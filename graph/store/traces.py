"""Where the last trace of each thread is: what `accord feedback` posts to. No part of a thread's record."""

from dataclasses import asdict, dataclass

from langgraph.store.base import BaseStore

NAMESPACE = ("traces",)


@dataclass(frozen=True, slots=True)
class Traced:
    """The run in LangSmith that a thread was last traced as, and the project it is in."""

    run_id: str
    project: str


async def note_trace(store: BaseStore, thread: str, traced: Traced) -> None:
    """Note the trace of a thread; an earlier one is forgotten."""
    await store.aput(NAMESPACE, thread, asdict(traced), index=False)


async def find_trace(store: BaseStore, thread: str) -> Traced | None:
    """Return the last trace of a thread; None where it was never traced."""
    item = await store.aget(NAMESPACE, thread, refresh_ttl=False)
    kept = item.value if item else {}
    run_id, project = kept.get("run_id"), kept.get("project")
    return Traced(run_id, project) if isinstance(run_id, str) and isinstance(project, str) else None
