"""Questions: one question of a thread as whoever is to answer it needs it, and what is wrong with an answer."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from graph.driver import kept_team
from graph.inbox import Entry, Inbox, names_for
from graph.past import Past
from graph.people import questions_in
from graph.service.service import Service
from nodes.asking import thread_in
from nodes.signatures import decision_bytes
from nodes.stages import Stages
from nodes.state import State
from nodes.taking import Taking, signed_part
from policies.access.answering import may_see
from policies.access.caller import Caller
from policies.contracts.schema import Schema
from policies.contracts.table import answer_form
from policies.people.answering import Fault, Offered, seat_for
from policies.people.question import Question
from policies.team.team import Team

Plain = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that waits in a thread, with what the thread keeps."""

    past: Past
    question: Question

    @property
    def thread(self) -> str:
        """The id of the thread."""
        return thread_in(self.past.state)

    @property
    def free(self) -> Sequence[str]:
        """Those who may still answer; nobody in particular where anybody may who says a name."""
        return names_for(self.question, self.past.approvers)

    @property
    def given_by(self) -> Sequence[str]:
        """Those who have answered."""
        return [each.by for each in self.question.answers]

    def concerns(self, person: str) -> bool:
        """Return whether a person is asked, as themselves or as a deputy."""
        return seat_for(self.question, person, self.past.approvers) is not None

    def may_answer(self, caller: Caller) -> bool:
        """Return whether a caller may answer now; where no token proves who that is, whoever they say to be."""
        is_free = not caller.is_proved or not self.question.asked or caller.person in self.free
        return is_free and caller.may("decide")

    def key_of(self, person: str) -> str | None:
        """Return the public key that the team declares for a person, with which each of their answers is signed."""
        approver = self.past.approvers.get(person)
        return approver.key if approver else None

    def text_to_sign(self, answer: Any, because: str) -> str:
        """Return the text that somebody signs who answers so."""
        part = signed_part(cast("State", self.past.state), self.question, answer, because)
        return decision_bytes(**part).decode()

    async def find_fault(self, offered: Offered, now: str, *, is_signed: bool = True) -> Fault | None:
        """Return why an answer would not be taken; where it is not signed yet, why it would not be once it is."""
        return await asyncio.to_thread(self._find_fault, offered, now, is_signed)

    async def contract(self) -> Schema:
        """Return the properties of what a role's answer holds, each with its JSON schema, where one is asked for."""
        return await asyncio.to_thread(self._contract)

    def _find_fault(self, offered: Offered, now: str, is_signed: bool) -> Fault | None:
        team = kept_team(self.past)
        team = team if is_signed else _without_keys(team)
        given = offered if is_signed else replace(offered, signature=None)
        return Taking(team, Stages(team)).find_fault(cast("State", self.past.state), self.question, given, now)

    def _contract(self) -> Schema:
        team = kept_team(self.past)
        task = Stages(team).question(cast("State", self.past.state), self.question.seat or "", None).task
        properties: Schema = answer_form(task, team.roles[task.role])["schema"]["properties"]
        return {name: schema for name, schema in properties.items() if name != "agent"}  # it is the seat's own


def _without_keys(team: Team) -> Team:
    keyless = {name: each.model_copy(update={"key": None}) for name, each in team.approvers.items()}
    return team.model_copy(update={"approvers": keyless})


def question_in(past: Past, name: str) -> Plain | None:
    """Return what became of a question of a thread, as `graph.people.questions_in` has it; None where there is none."""
    return next((each for each in questions_in(past) if each["id"] == name), None)


def asked_in(past: Past, name: str) -> Asked | None:
    """Return a question that waits; None where it waits no more, or there is none."""
    return next((Asked(past, each) for each in past.waiting if each.id == name), None)


def reader_of(caller: Caller, name: str | None = None) -> Caller:
    """Return who reads: the caller where a token proves it, else whoever they say to be, who may do nothing else."""
    return caller if caller.is_proved else Caller(caller.tenant, name or "", frozenset())


def sees_answers(asked: Asked, reader: Caller) -> bool:
    """Return whether a reader may see what was answered so far."""
    return bool(asked.given_by) and may_see(reader, asked.given_by)


async def waiting_for(service: Service, caller: Caller, name: str | None = None) -> tuple[list[Entry], Inbox]:
    """Return what waits in the caller's tenant, the oldest first, and the inbox, which knows the threads' languages.

    With a name only what that person may answer, or has answered. An expired question is settled on the way.
    """

    async def settle(thread: str) -> None:
        """Promise what an expired question leads to; a list of what waits does not wait for it."""
        await service.drives.resume(thread, {}, caller.tenant)

    inbox = Inbox(service.runner, service.runner.now(), settle)
    return await inbox.waiting(name, caller.tenant, caller if caller.is_proved else None), inbox
