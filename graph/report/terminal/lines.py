"""Lines: what one event of a run says, in words, for live progress."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from rich.text import Text

from graph.live import WITHIN
from graph.report.dossier.people import waiting_in_words
from graph.report.terminal.visible import STYLES, visible
from graph.report.words import joined, plain_word, said_conflict, said_reason, said_rule, said_stage
from policies.contracts.table import CONTRACTS
from policies.decision.stability import said_flips
from policies.language import phrase, say, say_count

Event = Mapping[str, Any]
Titles = Mapping[str, str]
"""What people call each role, by its path; empty in a log, which calls them by their names."""

WIDTH = 90
"""Characters of an answer that are shown live."""

COLOURS = {**STYLES, "approve": "green", "abstain": "yellow", "reject": "red"}
WORDS = {"refused": phrase("refused"), "failed": phrase("failed")}
MARKS = {"green": "✓", "yellow": "!", "red": "✗"}


@dataclass(frozen=True, slots=True)
class Said:
    """What a seat answered: a mark, a word where the answer has one, and the beginning of what it says."""

    mark: str
    word: str
    text: str
    style: str = ""

    def shown(self) -> Text:
        """Return the word and the text as one line, without columns."""
        text = visible(self.text)
        dash = " – " if self.word and self.text else ""
        return Text.assemble((self.word, self.style), dash, text)


def said_in(event: Event, titles: Titles) -> Said:
    """Return what an event says that ends a question."""
    if event["event"] == "decided":
        return Said("✓", say("written"), "", "green")
    if event["event"] != "answered":
        return Said("✗", say(WORDS[event["event"]]), short(_fault(event, titles)), "red")
    contract = CONTRACTS[event["contract"]]
    word = contract.word(event["answer"]) or ""
    style = COLOURS.get(word, "")
    told = contract.told(_titled(event["answer"], _beside(event, titles)))
    return Said(MARKS.get(style, "✓"), plain_word(word) if word else "", short(told), style)


def _titled(answer: Mapping[str, Any], titles: Titles) -> dict[str, Any]:
    """Return an answer in which the roles that it names are called by their titles."""
    found = dict(answer)
    if answer.get("winner"):
        found["winner"] = titles.get(answer["winner"], answer["winner"])
    if "assignments" in answer:
        found["assignments"] = [{**each, "to": titles.get(each["to"], each["to"])} for each in answer["assignments"]]
    return found


def _fault(event: Event, titles: Titles) -> str:
    """Return why an answer was refused, or why there is none."""
    if event["event"] == "refused":
        return event.get("because") or said_rule(event["reason"], event.get("check"))
    return said_reason(event["reason"], _beside(event, titles))


def _beside(event: Event, titles: Titles) -> Titles:
    """Return what people call the roles of the team in which an event happened, by their names."""
    path = "".join(f"{role}{WITHIN}" for role in event.get("within", ()))
    return {name.removeprefix(path): title for name, title in titles.items() if name.startswith(path)}


def line_of(event: Event, titles: Titles) -> Text | None:
    """Return what an event that is about no single seat says in one line; None where it says nothing by itself."""
    line = _LINES.get(event["event"])
    return None if line is None else line(event, titles)


def place_of(event: Event, titles: Titles) -> str:
    """Return where an event happened: the round or stage, and the teams it is within."""
    stage = event.get("stage")
    where = said_stage(stage) if isinstance(stage, str) else say("round {number}", number=event["round"])
    return f"{within_of(event, titles)}{where}"


def speaker_of(event: Event, titles: Titles) -> str:
    """Return who was asked: the role, after the seat's own name where it has one that says more than the stage."""
    path = WITHIN.join((*event.get("within", ()), event["role"]))
    title = titles.get(path) or (say("Brief") if titles and event["role"] == "brief" else event["role"])
    seat = event.get("seat")
    return f"{said_stage(seat)} {title}" if seat and seat != event.get("stage") else title


def headed(event: Event, titles: Titles) -> str:
    """Return what a line begins with: where it happened and who speaks, each said once."""
    is_named_so = event.get("stage") == event["role"]
    speaker = speaker_of(event, titles)
    return f"{within_of(event, titles)}{speaker}" if is_named_so else f"{place_of(event, titles)}  {speaker}"


def short(text: object) -> str:
    """Return the beginning of a text, on one line.

    >>> short("Fine. " * 40)[-4:]
    'n...'
    """
    line = " ".join(str(text).split())
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 3].rstrip()}..."


def within_of(event: Event, titles: Titles) -> str:
    """Return the roles that teams answer for around an event, outermost first, as a line begins with them."""
    roles = event.get("within", ())
    paths = (WITHIN.join(roles[: depth + 1]) for depth in range(len(roles)))
    return "".join(f"{titles.get(path, role)}{WITHIN}" for path, role in zip(paths, roles, strict=True))


def _round(event: Event, titles: Titles) -> Text:
    row = say("no row holds") if event["row"] is None else say("row {number}", number=event["row"] + 1)
    named = map(said_conflict, event["conflicts"])
    guards = [say("guard {name}", name=name) for name in event["guards"]]
    more = joined((row, *guards, *named))
    told = f"{place_of(event, titles)} → {plain_word(event['decision'])}"
    if event["because"]:
        told = say("{decision}: {because}", decision=told, because=say(event["because"]))
    return visible(f"{told} ({more})")


def _again(event: Event, titles: Titles) -> Text | None:
    """Say that the last round is asked again, and whom; an event that opens a round or stage says nothing by itself."""
    if not event.get("samples"):
        return None
    roles = dict.fromkeys(speaker_of({**event, **seat, "seat": None}, titles) for seat in event["seats"])
    told = say_count(
        "{where}: asked again once: {roles}",
        "{where}: asked again {number} times: {roles}",
        event["samples"],
        where=place_of(event, titles),
        roles=", ".join(roles),
    )
    return visible(told, "cyan")


def _checked(event: Event, titles: Titles) -> Text:
    flips = said_flips(event["flips"], event["completed"], event["samples"], event["max_flip_rate"])
    told = f"{flips} → {plain_word(event['final'])}"
    return visible(say("{where}: {said}", where=place_of(event, titles), said=told), "cyan")


def _stage(event: Event, titles: Titles) -> Text | None:
    """Say who was absent; that a stage is done shows by itself."""
    within = event.get("within", ())
    absent = ", ".join(titles.get(WITHIN.join((*within, name)), said_stage(name)) for name in event["absent"])
    told = say("{where}: absent: {names}", where=place_of(event, titles), names=absent)
    return visible(told, "yellow") if absent else None


def _stopped(event: Event, titles: Titles) -> Text:
    cause = f" ({event['cause']})" if event.get("cause") else ""
    told = say("stopped: {why}", why=said_reason(event["reason"], _beside(event, titles)))
    return visible(f"{within_of(event, titles)}{told}{cause}", "red")


def _recovered(event: Event, _: Titles) -> Text:
    told = say_count(
        "brought back: {number} call was under way when the process died",
        "brought back: {number} calls were under way when the process died",
        event["calls"],
    )
    return visible(told, "yellow")


def _people(event: Event, _: Titles) -> Text:
    return visible(say("waits for {what}", what=next(waiting_in_words([event]))), "magenta")


def _taken(event: Event, _: Titles) -> Text:
    return visible(say("{name} has answered", name=event["by"]), "green")


def _declined(event: Event, _: Titles) -> Text:
    return visible(say("the answer is not taken: {why}", why=event["problem"]), "red")


def _expired(_: Event, __: Titles) -> Text:
    return visible(say("a question expired: nobody answered in time"), "yellow")


_LINES: Mapping[str, Callable[[Event, Titles], Text | None]] = {
    "opened": _again,
    "stability": _checked,
    "round": _round,
    "stage": _stage,
    "recovered": _recovered,
    "stopped": _stopped,
    "people": _people,
    "taken": _taken,
    "declined": _declined,
    "expired": _expired,
}
