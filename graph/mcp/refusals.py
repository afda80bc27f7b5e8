"""Refusals: what went wrong with a call, as the one sentence that its caller reads."""

from graph.problems import StorageError, UsageError
from graph.service.crew import DrainingError
from graph.states import LOST, DamagedError
from graph.store.locks import ThreadBusyError
from graph.store.tombstones import UnreadableError
from graph.web.problems import ProblemError
from policies.language import say


def is_ours(error: Exception) -> bool:
    """Return whether the same call may well work later, so that nothing is wrong with what was asked.

    >>> is_ours(StorageError("locked")), is_ours(ValueError()), is_ours(UsageError("there is no thread `t`"))
    (True, True, False)
    """
    return isinstance(error, StorageError) or not isinstance(error, ProblemError | UsageError)


def sentence_of(error: Exception) -> str | None:
    """Return the sentence; None of what no caller can do anything about.

    >>> sentence_of(UsageError("the goal is missing", "`facts` is 1"))
    'the goal is missing; `facts` is 1'
    """
    if isinstance(error, ProblemError):
        return error.detail
    if isinstance(error, DamagedError | UnreadableError):
        return say(getattr(error, "told", LOST))
    if isinstance(error, StorageError):  # it names the database, and a client need not know that
        return say("the database does not answer; try again later")
    if isinstance(error, UsageError):
        return say("; ").join(error.problems)
    if isinstance(error, ThreadBusyError):
        return say("somebody else works on the thread; try again once it rests")
    if isinstance(error, DrainingError):
        return say("the service is ending; call again, and the next process answers")
    return None
