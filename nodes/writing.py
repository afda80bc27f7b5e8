"""Writing: has the brief or the synthesis written, and written once more where its numbers rest on nothing.

Both calls are made in one node, each journaled under its own attempt, so that a kill between them repeats neither.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from langgraph.runtime import Runtime

from nodes.border import budget_from, plain_usage, spent_from, usage_from
from nodes.call import Call, journal_of, limits_of, make_call, reservation_of, scope_of, thread_of
from nodes.closing import Ending, Update
from nodes.events import Body, asked, said_by, shown_reply
from nodes.grounding import Invented, invented_in_brief, plain_invented, read_facts, told_to_mend
from nodes.journal import CallKey
from nodes.labels import brief_labels
from nodes.prompting import mending_prompt
from nodes.services import Services
from nodes.state import State
from nodes.voices.voice import BriefQuestion, Prompt, Utterance
from policies.contracts.unwrapping import without_thinking
from policies.language import Language, say
from policies.plain import MAX_TEXT, clean_text
from policies.run.budgets import grant, grant_longer, refuse_call
from policies.run.stop import stop_reason
from policies.run.usage import Usage, add_usage
from policies.team.team import Team

SEAT = "brief"

FIRST, SECOND = 1, 2

Reply = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Written:
    """What came of a brief: the text or the failure, or the limit that forbids to ask for it; usage and events."""

    reply: Reply | None
    refused: str | None = None
    usage: Update = field(default_factory=dict)
    events: Sequence[Body] = ()
    invented: Invented = ()
    """The numbers of the text that rest on nothing."""


class Writing:
    """The brief of one run, as it is being written."""

    def __init__(
        self,
        team: Team,
        services: Services,
        state: State,
        ending: Ending,
        runtime: Runtime[Any],
        language: Language,
    ) -> None:
        self._team, self._services, self._ending, self._runtime = team, services, ending, runtime
        self._state, self._language, self._voice = state, language, team.brief.voice or "rules"
        stage = {} if ending.results is None else {"stage": "synthesis"}
        self.place = {"round": state["round"], "role": SEAT, **stage}
        """Where it is written, as it is shown live."""

    async def write(self) -> Written:
        """Return what came of the brief: of the second text, where the first was to be mended and could be."""
        await read_facts(self._state, self._team)
        first = await self._ask(FIRST, self._ending.prompt)
        if not first.invented or self._voice == "rules":
            return first
        told = told_to_mend(first.invented)
        second = await self._ask(SECOND, mending_prompt(self._ending.prompt, told), told)
        if second.reply is None:
            return first
        if second.reply.get("reason") == stop_reason("cancelled"):
            return Written(second.reply)  # both count once the run is resumed: the first is in the journal
        last = first if second.reply["kind"] == "failure" else second
        return replace(last, usage=second.usage, events=[*first.events, *second.events])

    async def _ask(self, attempt: int, prompt: Prompt, repair: str | None = None) -> Written:
        """Return what the writer answers; nothing where the budget has no room for the call."""
        call = self._call(attempt, prompt)
        refused = refuse_call(budget_from(self._state), spent_from(self._state), call.reservation)
        if refused:
            return Written(None, refused)
        if attempt == FIRST:
            self._services.annotate(brief_labels(self._state, SEAT, thread_of(self._runtime)))
        self._runtime.stream_writer({"event": "asked", **self.place, "attempt": attempt})
        reply = await make_call(call, journal_of(self._runtime), self._services)
        usage, invented = self._used(reply), invented_in_brief(self._state, self._team, reply.get("text", ""))
        if reply["kind"] == "failure":
            self._runtime.stream_writer({**self.place, **shown_reply(reply), "usage": reply["usage"]})
        proposed = {**self._proposed(reply, attempt), **plain_invented(invented)}
        events = [asked(self._state["round"], SEAT, attempt, self._team.brief, repair), proposed]
        return Written(reply, None, usage, events, invented)

    def _used(self, reply: Reply) -> Update:
        """Return the usage with that of a reply, which counts for what is asked next."""
        usage = Usage(**reply["usage"])
        update: Update = {"usage": plain_usage(add_usage(usage_from(self._state), usage, usage.seconds))}
        self._state = {**self._state, **update}  # type: ignore[typeddict-item]
        return update

    def _proposed(self, reply: Reply, attempt: int) -> Body:
        """Return the event of a text, or of why there is none."""
        said = said_by(self._team.brief, reply)
        where = {"round": self._state["round"], "role": SEAT, "attempt": attempt}
        if reply["kind"] == "failure":
            caused = {"cause": reply["cause"]} if reply.get("cause") else {}
            return {"event": "failed", **where, "reason": reply["reason"], **said, **caused}
        return {"event": "proposed", **where, "text": reply["text"], **said}

    def _call(self, attempt: int, prompt: Prompt) -> Call:
        team, state, ending, writer = self._team, self._state, self._ending, self._team.brief
        scope, thread = scope_of(self._runtime), thread_of(self._runtime)
        held = reservation_of(writer, prompt, team, state.get("ratios", {}))
        budget, spent = budget_from(state), spent_from(state)
        limits = limits_of(team, state, grows=grant_longer(budget, grant(spent, held), held) is not None)
        question = BriefQuestion(
            state.get("history", []),
            state["round"],
            ending.guards,
            prompt,
            writer.model,
            writer.temperature,
            limits,
            attempt=attempt,
            results=ending.results,
            titles={name: role.title or name for name, role in team.roles.items()},
            people=ending.people,
            scope=scope,
            labels=brief_labels(state, SEAT, thread),
            language=self._language,
        )
        return Call(
            key=CallKey(thread, state["case"]["revision"], state["round"], SEAT, attempt, scope),
            ask=lambda: self._services.voices[self._voice].write_brief(question),
            judge=_judged,
            prompt=prompt,
            meter=question.meter,
            limits=limits,
            reservation=held,
            price=team.price_of(writer.model),
        )


def _judged(answer: Utterance) -> dict[str, Any]:
    text = clean_text(without_thinking(str(answer.said))).strip()[:MAX_TEXT]
    if text:
        return {"kind": "brief", "text": text}
    return {"kind": "failure", "reason": stop_reason("llm_empty"), "cause": say("the answer has no text")}
