"""Cancelling: one run is stopped, wherever it is at work, or before its turn comes; a resume continues it."""

from graph.past import Past
from graph.problems import ConflictError
from graph.service.service import Service
from policies.language import phrase, say
from policies.run.stop import Stop, stop_reason
from policies.run.stoppage import Stoppage

ENDED = phrase("the thread `{name}` has ended, so that nothing is at work that could be cancelled")
STOPPED = phrase("the thread `{name}` has stopped already: {reason}; nothing is at work that could be cancelled")
CANCELLED = stop_reason("cancelled")
WAITS = phrase("the thread `{name}` waits for people, and nothing is at work; whoever is asked may answer `stop`")


async def cancel(service: Service, thread: str, by: str, because: str) -> Stoppage:
    """Ask a thread's run to stop, and return who did so first; what waits for its turn stops now.

    Raises:
        ConflictError: it has ended, has stopped for another reason, or waits for people, or did so meanwhile.
        UsageError: there is no such thread.
    """
    state, is_running = await service.runner.threads.look(thread)
    past, stoppage = Past.of(state), Stoppage(by, service.runner.now(), because, thread=thread)
    is_open = is_running or await _is_promised(service, thread)
    if not is_open and past.stop_reason == CANCELLED:
        return await service.runner.cancels.find(thread) or stoppage
    if not is_open:
        _refuse_rest(thread, past)
    found = await service.runner.cancels.put(thread, stoppage)
    await _refuse_late(service, thread, past)
    if not is_running:
        await service.drives.stop(thread)
    return found


async def _refuse_late(service: Service, thread: str, before: Past) -> None:
    """Refuse a cancel that was put after the run rested, and drop it: whoever noted the rest did not see it.

    What is still promised takes it back as it rests.
    """
    is_promised = await _is_promised(service, thread)  # first: the promise is dropped after the rest is written
    state, is_running = await service.runner.threads.look(thread)
    past = Past.of(state)
    is_at_rest = len(past.events) > len(before.events) or not (is_promised or is_running)
    if is_at_rest and past.stop_reason != CANCELLED:
        try:
            _refuse_rest(thread, past)
        except ConflictError:
            await service.runner.cancels.drop(thread)
            raise


async def _is_promised(service: Service, thread: str) -> bool:
    promise = await service.drives.promise_of(thread)
    return promise is not None and promise.problem is None


def _refuse_rest(thread: str, past: Past) -> None:
    """Refuse a thread at rest; one that was cut off is not."""
    stop = Stop.find(past.stop_reason)
    if stop is not None:
        raise ConflictError(say(STOPPED if stop.rule.is_resumable else ENDED, name=thread, reason=stop.reason))
    if past.waiting and past.given is None:
        raise ConflictError(say(WAITS, name=thread))
