"""Stages: what a pattern asks at once, what came of it, and how a run of stages ends."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from policies.contracts.answers import Answer, ContractName, Task
from policies.decision.guards import Finding
from policies.decision.outcome import Ruling
from policies.decision.table import Decision, Outcome
from policies.decision.vote import Vote
from policies.run.seats import Reseating
from policies.run.stop import Stop

Tolerance = Literal["none", "some", "all"]
"""How many seats of a stage may fail: none, all but one, or every one; a seat that may is absent, and ends nothing."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Questions that are asked in parallel, in the order in which their answers are taken."""

    label: str
    tasks: tuple[Task, ...]
    tolerance: Tolerance = "none"


@dataclass(frozen=True, slots=True)
class Entry:
    """One seat of a finished stage: its answer, or the reason why it is absent."""

    seat: str
    role: str
    contract: ContractName
    answer: Answer | None = None
    absent: str | None = None


@dataclass(frozen=True, slots=True)
class Closed:
    """A finished stage; of a round also what the policy decided, and whom it convened and released.

    `set_aside` says that the decision is not kept, since what it rests on changed: the team talks once more.
    """

    label: str
    entries: tuple[Entry, ...]
    outcome: Outcome | None = None
    changes: tuple[Reseating, ...] = ()
    set_aside: bool = False


Log = Sequence[Closed]
"""The finished stages, in order."""


@dataclass(frozen=True, slots=True)
class Finish:
    """The end of a run: `answer` as text, or None where it is written, from `results` or the history of rounds."""

    results: tuple[Mapping[str, Any], ...] = ()
    answer: str | None = None
    decision: Decision | None = None
    ended_early: bool = False
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Count:
    """A vote that was counted, what the guards found, and the ruling of the policy on both."""

    vote: Vote
    findings: tuple[Finding, ...]
    ruling: Ruling


Next = Stage | Finish | Stop
"""What follows on a log."""


def entries_of(log: Log, contract: ContractName) -> Iterator[Entry]:
    """Return the entries of one contract that were answered, in order.

    >>> list(entries_of([Closed("steps", (Entry("step_1", "writer", "output", absent="llm_timeout"),))], "output"))
    []
    """
    return (entry for stage in log for entry in stage.entries if entry.contract == contract and entry.answer)


def retried(log: Log, stages: int) -> list[Closed]:
    """Return the log with the absences of its first `stages` forgotten, so that they are asked again.

    Those of a plan that another one replaced stay: nobody asks for its steps any more.

    >>> retried([Closed("steps", (Entry("step_1", "writer", "output", absent="llm_timeout"),))], 1)[0].entries
    ()
    """
    plans = [at for at, stage in enumerate(log[:stages]) if any(entry.contract == "plan" for entry in stage.entries)]
    since = plans[-1] if plans else 0
    asked_again = [
        Closed(each.label, tuple(one for one in each.entries if not one.absent)) for each in log[since:stages]
    ]
    return [*log[:since], *asked_again, *log[stages:]]
