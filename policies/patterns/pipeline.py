"""Pipeline: each role in sequence gets the output of the one before."""

from policies.contracts.answers import Task
from policies.language import phrase
from policies.patterns.pattern import Facts, Pattern
from policies.patterns.stages import Finish, Log, Next, Stage, entries_of
from policies.team.team import Team


def advance(team: Team, log: Log, _: Facts) -> Next:
    """Return the next stage of a pipeline, or its end: the last output is the answer."""
    outputs = list(entries_of(log, "output"))
    if len(outputs) == len(team.sequence):
        last = outputs[-1].answer or {}
        return Finish(answer=last["text"], decision=last.get("decision"))
    role = team.sequence[len(outputs)]
    asks = {"previous": {"agent": outputs[-1].role, **(outputs[-1].answer or {})}} if outputs else {}
    return Stage(role, (Task(role, role, "output", asks),))


PATTERN = Pattern(
    phrase("linear work"),
    phrase("one way"),
    "low",
    advance,
    ("output",),
    is_composed=True,
)
