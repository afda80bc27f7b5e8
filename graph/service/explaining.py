"""Explaining: why a thread was decided as it was."""

from typing import Any

from graph.problems import ConflictError
from graph.report.dossier.changed import Changed
from graph.report.dossier.explanation import explanation_of, unexplained
from graph.service.aside import aside
from graph.service.reading import Look, reading
from graph.service.service import Service


async def explained(service: Service, thread: str) -> Any:
    """Return the explanation of the last finished round of a thread, as `accord why --json` gives it.

    Raises:
        ConflictError: there is nothing to explain yet.
        UsageError: there is no such thread, or it was changed.
        StorageError: the database failed.
    """
    async with reading(service, thread) as look:
        return await aside(_explained, look)


def _explained(look: Look) -> Any:
    found = explanation_of(look.thread, look.state)
    if found is None:
        raise ConflictError(unexplained(look.thread, look.state))
    if isinstance(found, Changed):
        return {"thread_id": found.thread, "changed": list(found.what), "message": found.sentence}
    return found
