"""The work of a team: what its seats answered, and how one answer is shown."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from graph.report.patterns.repeated import is_repeated
from graph.report.words import said_reason, said_stage, said_value, titles_of
from policies.language import say

Plain = dict[str, Any]
Given = Mapping[str, Any]

NO_TEXT = ("text", "decision")
"""What is shown of an output besides its fields."""


def _nothing(_: Given) -> Plain | None:
    return None


@dataclass(frozen=True, slots=True)
class Work:
    """What a team did as far as it came; `outputs` are those of the record, `inside` describes a team within."""

    outputs: Sequence[Given] = ()
    history: Sequence[Given] = ()
    missing: Sequence[Given] = ()
    roles: Mapping[str, Given] = field(default_factory=dict)
    inside: Callable[[Given], Plain | None] = _nothing

    def of(self, contract: str) -> list[Given]:
        """Return the outputs of one contract that were answered, in order."""
        return [each for each in self.outputs if each["contract"] == contract and each["answer"]]

    def stages(self, *but: str) -> list[tuple[str, list[Given]]]:
        """Return the outputs by stage, in order, those of some labels left out."""
        groups = groupby(self.outputs, key=lambda each: (each["round"], each["stage"]))
        return [(said_stage(label), [*entries]) for (_, label), entries in groups if label not in but]

    def title_of(self, role: str) -> str:
        """Return what people call a role; its name where its title is not known."""
        return titles_of(self.roles).get(role, role)

    def fault_of(self, reason: str | None) -> str | None:
        """Return why a seat is absent, within a sentence."""
        return said_reason(reason, titles_of(self.roles)).removesuffix(".") if reason else None

    def told(self, output: Given) -> Plain:
        """Return how a seat is shown: its number, agent, title, task, text, fields, tone, state, word, fault and team.

        Its text is_repeated where what the team within did says all of it.
        """
        answer, absent = output["answer"] or {}, output["absent"]
        inner = self.inside(output["inner"]) if output.get("inner") else None
        tone, state = ("go", "answered") if output["answer"] else ("refused", "absent")
        return {
            "number": None,
            "task": None,
            "agent": output["agent"],
            "title": self.title_of(output["agent"]),
            "tone": tone,
            "state": state,
            "word": say("answered") if output["answer"] else say("absent"),
            "text": answer.get("text"),
            "is_repeated": inner is not None and is_repeated(answer.get("text") or "", inner["sections"]),
            "fields": [*_fields(answer)],
            "fault": self.fault_of(absent),
            "inner": inner,
        }


def _fields(answer: Given) -> Iterator[Plain]:
    """Yield what a role declared besides its text."""
    for name, value in answer.items():
        if name not in NO_TEXT:
            yield {"name": name, "value": said_value(value)}
