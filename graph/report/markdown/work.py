"""What a team did by its pattern, as Markdown: tables and quotations, teams within it quoted."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from graph.report.dossier.prose import blocks_of
from graph.report.markdown.markup import code, escaped, fenced, mark, quoted, quoted_blocks, table
from policies.language import say, say_count

Plain = Mapping[str, Any]


def listed_sections(sections: Sequence[Plain], heading: str = "## {}", *, is_told: bool = False) -> Iterator[str]:
    """Yield the sections, each under a heading, as lines of Markdown; `is_told` leaves out their summaries."""
    for section in sections:
        yield from ("", heading.format(escaped(section["title"])), "")
        yield from (() if is_told else (escaped(section["summary"]), ""))
        yield from _LISTED[section["kind"]](section)


def _within(inner: Plain | None) -> Iterator[str]:
    """Yield what a team within did, as a quotation."""
    if inner:
        decided = f" {mark(inner['tone'])}{escaped(inner['decision'])}" if inner["decision"] else ""
        team = escaped(inner["title"]) if inner["title"] else say("Team {name}", name=code(inner["team"]))
        yield from ("", f"> {team} ({escaped(inner['pattern'])}){decided}")
        yield from (f"> {line}".rstrip() for line in listed_sections(inner["sections"], "**{}**"))


def _text(written: str) -> Iterator[str]:
    """Yield what somebody wrote at length as a quotation; its lists are lists, as in the brief."""
    return quoted_blocks(blocks_of(written))


def _spoken(item: Plain) -> Iterator[str]:
    number = f"**{item['number']}** " if item["number"] else ""
    title = escaped(item["title"])
    told = (
        title
        if item["state"] in ("answered", "done")
        else say("{name}: {value}", name=title, value=escaped(item["word"]))
    )
    fault = f" ({escaped(item['fault'])})" if item["fault"] else ""
    yield from ("", f"{mark(item['tone'])}{number}{told}{fault}", "")
    if item["text"] and not item["is_repeated"]:
        yield from (*_text(item["text"]), "")
    if item["fields"]:
        names = [code(each["name"]) for each in item["fields"]]
        yield from (*table(names, [[escaped(each["value"]) for each in item["fields"]]]), "")
    yield from _within(item["inner"])


def _plan(section: Plain) -> Iterator[str]:
    steps = [step for wave in section["waves"] for step in wave]
    planner = escaped(section["planner_title"])
    yield from (say("Planned by {name}; critical path: {steps}.", name=planner, steps=section["critical"]), "")
    heads = (say("Step"), say("Wave"), "", say("Agent"), say("Task"), say("After"))
    yield from table(heads, map(_step, steps), [0, 1])
    for step in steps:
        if step["text"] or step["inner"]:
            yield from _spoken(step)


def _step(step: Plain) -> list[str]:
    number = f"**{step['number']}**" if step["is_critical"] else str(step["number"])
    word, fault = escaped(step["word"]), escaped(step["fault"] or "")
    return [
        number,
        str(step["wave"]),
        f"{mark(step['tone'])}{say('{name}: {value}', name=word, value=fault) if fault else word}",
        escaped(step["title"]),
        escaped(step["task"]),
        ", ".join(map(str, step["needs"])),
    ]


def _results(section: Plain) -> Iterator[str]:
    for item in section["items"]:
        yield from _spoken(item)


def _assignments(section: Plain) -> Iterator[str]:
    yield from (say("Assigned by {name}.", name=escaped(section["lead_title"])), "")
    rows = [[str(item["number"]), escaped(item["title"]), escaped(item["task"])] for item in section["items"]]
    yield from table(("#", say("To"), say("Subtask")), rows, [0])
    yield from _results(section)
    for each in section["missing"]:
        missing = say("Missing: {name}, {why}.", name=escaped(each["title"]), why=escaped(each["why"]))
        yield from ("", f"{mark('absent')}{missing}")


def _positions(section: Plain) -> Iterator[str]:
    for block in section["blocks"]:
        rows = [[escaped(row["title"]), *map(_position, row["cells"])] for row in block["rows"]]
        yield from (*table((say("Debater"), *map(_capitalized, block["labels"])), rows), "")
    for part in section["arguments"]:
        yield from (f"**{_capitalized(part['label'])}**", "")
        for each in part["said"]:
            yield from (_speaker(each), "", *_text(each["text"]), "")


def _capitalized(label: str) -> str:
    return escaped(label.capitalize())


def _position(cell: Plain) -> str:
    if cell["position"] is None:
        return f"{mark('absent')}{escaped(cell['fault'])}"
    position = escaped(cell["position"])
    return say("→ moved: {position}", position=position) if cell["has_moved"] else position


def _verdict(section: Plain) -> Iterator[str]:
    rows = [
        [say("Winner"), escaped(section["winner_title"] or "")],
        [say("Verdict"), escaped(section["decision"] or "")],
        [say("Judge"), escaped(section["judge_title"])],
        [say("Confidence"), section["confidence"]],
    ]
    yield from (*table(("", ""), (row for row in rows if row[1])), "")
    yield from (f"- {escaped(reason)}" for reason in section["reasons"])


def _notes(section: Plain) -> Iterator[str]:
    for iteration in section["iterations"]:
        yield from ("", _iteration(iteration), "")
        for note in iteration["notes"]:
            yield from _note(note)


def _note(note: Plain) -> Iterator[str]:
    if note["fault"]:
        fault = say("{name}: {value}", name=escaped(note["title"]), value=escaped(note["fault"]))
        yield from (f"{mark('absent')}{fault}.", "")
        return
    adds = say("Adds: {text}", text=escaped(note["adds"])) if note["adds"] else say("Adds nothing.")
    yield from (_speaker(note), "", *_text(note["content"]), "", adds, "")
    for each in note["artifacts"]:
        yield from (say("Artifact {name}:", name=code(each["name"])), "", *fenced(each["content"]), "")


def _turns(section: Plain) -> Iterator[str]:
    for turn in section["turns"]:
        speaker = f"**{turn['number']}** {escaped(turn['title'])}"
        if turn["next"]:
            speaker = say("{speaker}, names {name} next", speaker=speaker, name=escaped(turn["next_title"]))
        yield from (speaker, "", *_text(turn["text"]), "")


def _ballots(section: Plain) -> Iterator[str]:
    proposed = say("Proposed by {name}:", name=escaped(section["proposer_title"]))
    yield from (proposed, "", *_text(section["proposal"]), "")
    yield from (say("Reason:"), "", *quoted(section["reason"]), "")
    rows = [[escaped(each["title"]), f"{mark(each['tone'])}{each['vote']}", escaped(each["reason"])]
            for each in section["ballots"]]  # fmt: skip
    yield from table((say("Voter"), say("Vote"), say("Reason")), rows)


def _rounds(section: Plain) -> Iterator[str]:
    heads = [say("Round {number}", number=number) for number in section["numbers"]]
    rows = [[escaped(row["title"]), *map(_word, row["cells"])] for row in section["rows"]]
    yield from table((say("Role"), *heads), [*rows, [f"**{say('Outcome')}**", *map(_word, section["outcomes"])]])
    for each in section["last_words"]:
        yield from ("", f"{mark(each['tone'])}{escaped(each['title'])}", "", *_text(each["text"]))
        yield from (">", *(f"> - {escaped(action)}" for action in each["actions"]))


def _speaker(item: Plain) -> str:
    return say("{name}:", name=escaped(item["title"]))


def _iteration(iteration: Plain) -> str:
    return say("**Iteration {number}**, {kind}", number=iteration["number"], kind=iteration["kind"].lower())


def _word(cell: Plain) -> str:
    return f"{mark(cell['tone'])}{escaped(cell['word'])}"


def _messages(section: Plain) -> Iterator[str]:
    rows = map(_message, section["messages"])
    yield from table(("", say("From"), say("To"), "", say("Text")), rows)
    if section["more"]:
        yield from ("", say_count("And {number} more.", "And {number} more.", section["more"]))


def _message(each: Plain) -> list[str]:
    to = ", ".join(map(escaped, each["receivers"]))
    return [code(each["id"]), escaped(each["sender"]), to, escaped(_beside(each)), escaped(each["content"])]


def _beside(message: Plain) -> str:
    return say("{message}, no answer yet", message=message["beside"]) if message["is_open"] else str(message["beside"])


_LISTED: Mapping[str, Callable[[Plain], Iterator[str]]] = {
    "plan": _plan,
    "results": _results,
    "assignments": _assignments,
    "positions": _positions,
    "verdict": _verdict,
    "notes": _notes,
    "turns": _turns,
    "ballots": _ballots,
    "rounds": _rounds,
    "messages": _messages,
}
