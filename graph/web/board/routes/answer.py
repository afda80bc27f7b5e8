"""Answer: the form of one question, what is done with it, and the text to sign before it counts."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response

from graph.languages.catalogue import language_of
from graph.past import Past
from graph.people import run_path
from graph.problems import ConflictError, NotFoundError, StorageError, UsageError
from graph.report.dossier.offices import offices_of, titled
from graph.report.dossier.people import answer_shown, ended_in_words, heading_of, moment, silence_gives
from graph.service.answering import NotThemselvesError, answered, check_name, is_clash
from graph.service.aside import aside
from graph.service.fields import Field, fields_of
from graph.service.questions import Asked, Plain, asked_in, question_in, reader_of
from graph.service.service import Service
from graph.service.signing import command_on_file, command_to_sign
from graph.web.board.answers.faults import faults_by_field, missing_in
from graph.web.board.answers.sheet import sheet_of
from graph.web.board.answers.typed import Form, Typed, find_unkept, typed_in, unbroken, was_given
from graph.web.board.forms import form_of
from graph.web.board.pages import HEADERS, shown
from graph.web.calls import Calling, Serving
from graph.web.named import There
from graph.web.problems import ProblemError
from policies.access.caller import Caller
from policies.language import say, speaking
from policies.people.answering import MAX_NAME, Fault
from policies.people.question import is_expired

Name = Annotated[str, Path(max_length=MAX_NAME, description="The id of a question.")]
For = Annotated[str | None, Query(alias="for", max_length=MAX_NAME)]

UNTYPED = dict.fromkeys(("by", "decision", "value", "as", "because"), "")
"""The fields of a form before anything is typed."""

router = APIRouter(prefix="/board/runs", include_in_schema=False)


@router.get("/{thread}/answer/{question}", response_class=HTMLResponse)
async def question_form(
    request: Request, thread: There, question: Name, service: Serving, caller: Calling, name: For = None
) -> Response:
    """Show a question with its form, or what became of it."""
    past = await _settled(service, thread, question, caller)
    with speaking(language_of(past.language)):
        desk = Desk(request, service, caller, thread, question, past, name)
        return await desk.open()


@router.post("/{thread}/answer/{question}")
async def give_answer(request: Request, thread: There, question: Name, service: Serving, caller: Calling) -> Response:
    """Take an answer, and lead to the run; or show the form again with what is wrong, or the text to sign first."""
    form = unbroken(form_of(request))
    past = await _past(service, thread)
    with speaking(language_of(past.language)):
        return await Desk(request, service, caller, thread, question, past, form.get("by")).take(form)


@dataclass(slots=True)
class Desk:
    """One question and whoever looks at it; `name` is who they say to be."""

    request: Request
    service: Service
    caller: Caller
    thread: str
    question: str
    past: Past
    name: str | None = None

    @property
    def reader(self) -> Caller:
        """Who reads, and perhaps sees what others answered."""
        return reader_of(self.caller, self.name)

    async def open(self) -> Response:
        """Show the form, or what became of the question."""
        asked = asked_in(self.past, self.question)
        if asked is None or is_expired(asked.question, self.service.runner.now()):
            return await self._ended(200)
        return await self._form(asked, {} if self.name is None else {"by": self.name})

    async def take(self, form: Form) -> Response:
        """Do what a form asks for; nothing is written before all is right with it."""
        asked = asked_in(self.past, self.question)
        if asked is None:
            return await self._late(form)
        unkept = find_unkept(form)
        if unkept is not None:
            return await self._form(asked, form, unkept, 422)
        typed = await typed_in(asked, form, self.caller)
        if form.get("step") == "edit":
            return await self._form(asked, form)
        refused = await self._refused(asked, typed)
        if refused is not None:
            return refused
        first = await self._first(asked, typed)
        return await self._give(asked, typed) if first is None else first

    async def _refused(self, asked: Asked, typed: Typed) -> Response | None:
        """Return the page that says what is wrong with an answer but for its signature; None where nothing is."""
        try:
            check_name(typed.form.get("by"), self.caller)
        except NotThemselvesError as error:
            return await self._form(asked, typed.form, Fault("by", str(error)), 403)
        if self._is_strange(asked):
            return await self._form(asked, typed.form, Fault("by", self._closed(asked) or ""), 403)
        fault = typed.fault or await asked.find_fault(typed.offered, self.service.runner.now(), is_signed=False)
        if fault is None:
            return None
        if is_clash(self.past, typed.said(self.question), self.service.runner.now()):
            return await self._clashed(typed, fault.told)
        return await self._form(asked, typed.form, fault, 422, missing_in(asked, await self._fields(asked), typed))

    def _is_strange(self, asked: Asked) -> bool:
        return self.caller.is_proved and not asked.concerns(self.caller.person)

    async def _first(self, asked: Asked, typed: Typed) -> Response | None:
        """Return what is shown before an answer is taken: as what it was read, the text to sign; None where nothing."""
        key, step = asked.key_of(typed.offered.by), typed.form.get("step")
        if key is None and typed.read is None:
            return None
        text = None if key is None else asked.text_to_sign(typed.offered.answer, typed.offered.because)
        if step == "text" and text is not None:
            kept = {**HEADERS, "content-disposition": f'attachment; filename="{self._file}"'}
            return PlainTextResponse(text, headers=kept)
        if step != "give":
            return await self._review(asked, typed, key, text)
        fault = await asked.find_fault(typed.offered, self.service.runner.now())
        if fault is None:
            return None
        told = say("the signature is missing; paste what the command prints")
        return await self._review(asked, typed, key, text, fault.told if typed.offered.signature else told)

    async def _give(self, asked: Asked, typed: Typed) -> Response:
        try:
            await answered(self.service, self.thread, typed.said(self.question), self.caller)
        except (StorageError, NotFoundError):
            raise
        except ConflictError as error:
            return await self._clashed(typed, str(error))
        except UsageError as error:
            return await self._form(asked, typed.form, Fault("question", str(error)), 422)
        return self._done()

    def _done(self) -> Response:
        """Lead to the run, which says what the record has of the question."""
        return RedirectResponse(f"{run_path(self.thread)}?answered={quote(self.question, safe='')}", 303, HEADERS)

    async def _late(self, form: Form) -> Response:
        """Return what is shown of a question that waits no more; the same answer once more is done already."""
        by = self.caller.person if self.caller.is_proved else form.get("by", "").strip()
        return self._done() if was_given(self.past, self.question, by, form) else await self._ended(409)

    async def _clashed(self, typed: Typed, told: str) -> Response:
        """Return what is shown where an answer came too late, or again."""
        said = typed.said(self.question)
        self.past = await _past(self.service, self.thread)
        if was_given(self.past, self.question, typed.offered.by, typed.form):
            return self._done()
        asked = asked_in(self.past, self.question)
        if asked is not None and not is_clash(self.past, said, self.service.runner.now()):
            return await self._form(asked, typed.form, Fault("question", told), 409)
        return await self._ended(409, told)

    async def _form(
        self, asked: Asked, form: Form, fault: Fault | None = None, status: int = 200, missing: Sequence[Fault] = ()
    ) -> HTMLResponse:
        """Show the form, and at each field what is wrong with it."""
        fields = await self._fields(asked)
        sheet = await aside(sheet_of, asked, self.reader, self.service.runner.now())
        faults = faults_by_field(fields, fault, missing)
        values = {
            "sheet": sheet,
            "fields": fields,
            "typed": {**UNTYPED, **form},
            "faults": faults,
            "first": next(iter(faults), None),
        }
        return await shown(self.request, "answer.html", status, **values, **self._whose(asked))

    async def _fields(self, asked: Asked) -> list[Field]:
        return fields_of(await asked.contract()) if asked.question.kind == "contribute" else []

    def _whose(self, asked: Asked) -> Plain:
        """Return who may answer here, and why nobody may, where that is so."""
        person, titles = self.caller.person, offices_of(asked.past)
        who = {"person_asked": person if self.caller.is_proved else None, "is_open_to_all": not asked.question.asked}
        names = [{"name": each, "said": titled(each, titles)} for each in asked.free if asked.question.asked]
        signs = asked.key_of(person) is not None if self.caller.is_proved else any(map(asked.key_of, asked.free))
        return {**who, "names": names, "signs": signs, "closed": self._closed(asked)}

    def _closed(self, asked: Asked) -> str | None:
        if not self.caller.may("decide"):
            return say("Your token may read and not answer; ask for one with the scope `decide`.")
        if self._is_strange(asked):
            return say(
                "You are not asked: {person} is neither among those who are, nor their deputy.",
                person=self.caller.person,
            )
        if self.caller.is_proved and self.caller.person not in asked.free and asked.question.asked:
            return say("You have answered, or somebody has for you; each place is filled once.")
        return None

    async def _review(
        self, asked: Asked, typed: Typed, key: str | None, text: str | None, told: str | None = None
    ) -> HTMLResponse:
        sheet = await aside(sheet_of, asked, self.reader, self.service.runner.now())
        kept = {name: value for name, value in typed.form.items() if name not in ("step", "signature")}
        return await shown(
            self.request,
            "review.html",
            200 if told is None else 422,
            sheet=sheet,
            fields=await self._fields(asked),
            typed=kept,
            by=titled(typed.offered.by, offices_of(asked.past)),
            read=typed.read and typed.read.told,
            text=text,
            command=command_to_sign(text, key) if key is not None and text is not None else None,
            on_file=command_on_file(self._file, key) if key is not None else None,
            signature=typed.form.get("signature", ""),
            told=told,
        )

    async def _ended(self, status: int, told: str | None = None) -> HTMLResponse:
        """Show what became of a question.

        Raises:
            ProblemError: 404, there is none.
        """
        found = question_in(self.past, self.question)
        if found is None:
            raise ProblemError(404, say("the thread has no question `{name}`", name=self.question[:MAX_NAME]))
        titles = offices_of(self.past)
        answers = [answer_shown(each, titles) for each in found["answers"]]
        values = {
            "heading": heading_of(found, self.past),
            "question": found["question"],
            "told": told,
            "ended": self._over(found) or ended_in_words(found, self.past),
            "answers": answers,
            "run": run_path(self.thread),
        }
        return await shown(self.request, "ended.html", status, **values)

    def _over(self, found: Plain) -> str | None:
        """Return that the time of the question is over, where nothing has come of that yet."""
        asked = asked_in(self.past, self.question)
        if asked is None or not is_expired(asked.question, self.service.runner.now()):
            return None
        until, gives = moment(found["expires_at"]), silence_gives(found, self.past)
        return say("Its time was over on {time}; then: {outcome}.", time=until, outcome=gives)

    @property
    def _file(self) -> str:
        """The name of the file that holds the text to sign: nothing in it that a header or a shell would read."""
        return f"accord-{self.question}.json" if self.question.isalnum() else "accord.json"


async def _past(service: Service, thread: str) -> Past:
    return Past.of(await service.runner.threads.state(thread) or {})


async def _settled(service: Service, thread: str, name: str, caller: Caller) -> Past:
    """Return what a thread keeps; what an expired question leads to is promised, as the inbox does."""
    past = await _past(service, thread)
    asked = asked_in(past, name)
    if asked is not None and is_expired(asked.question, service.runner.now()):
        with suppress(UsageError):
            await service.drives.resume(thread, {}, caller.tenant)
        past = await _past(service, thread)
    return past
