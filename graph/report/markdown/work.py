"""What a team did by its pattern, as Markdown: tables and quotations, teams within it quoted."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from graph.report.dossier.prose import blocks_of
from graph.report.markdown.markup import code, escaped, fenced, mark, quoted, quoted_blocks, table

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
        team = escaped(inner["title"]) if inner["title"] else f"Team {code(inner['team'])}"
        yield from ("", f"> {team} ({escaped(inner['pattern'])}){decided}")
        yield from (f"> {line}".rstrip() for line in listed_sections(inner["sections"], "**{}**"))


def _text(written: str) -> Iterator[str]:
    """Yield what somebody wrote at length as a quotation; its lists are lists, as in the brief."""
    return quoted_blocks(blocks_of(written))


def _spoken(item: Plain) -> Iterator[str]:
    number = f"**{item['number']}** " if item["number"] else ""
    word = "" if item["state"] in ("answered", "done") else f": {escaped(item['word'])}"
    fault = f" ({escaped(item['fault'])})" if item["fault"] else ""
    yield from ("", f"{mark(item['tone'])}{number}{escaped(item['title'])}{word}{fault}", "")
    if item["text"] and not item["is_repeated"]:
        yield from (*_text(item["text"]), "")
    if item["fields"]:
        names = [code(each["name"]) for each in item["fields"]]
        yield from (*table(names, [[escaped(each["value"]) for each in item["fields"]]]), "")
    yield from _within(item["inner"])


def _plan(section: Plain) -> Iterator[str]:
    steps = [step for wave in section["waves"] for step in wave]
    yield from (f"Planned by {escaped(section['planner_title'])}; critical path: {section['critical']}.", "")
    yield from table(("Step", "Wave", "", "Agent", "Task", "After"), map(_step, steps), [0, 1])
    for step in steps:
        if step["text"] or step["inner"]:
            yield from _spoken(step)


def _step(step: Plain) -> list[str]:
    number = f"**{step['number']}**" if step["is_critical"] else str(step["number"])
    fault = f": {escaped(step['fault'])}" if step["fault"] else ""
    return [
        number,
        str(step["wave"]),
        f"{mark(step['tone'])}{escaped(step['word'])}{fault}",
        escaped(step["title"]),
        escaped(step["task"]),
        ", ".join(map(str, step["needs"])),
    ]


def _results(section: Plain) -> Iterator[str]:
    for item in section["items"]:
        yield from _spoken(item)


def _assignments(section: Plain) -> Iterator[str]:
    yield from (f"Assigned by {escaped(section['lead_title'])}.", "")
    rows = [[str(item["number"]), escaped(item["title"]), escaped(item["task"])] for item in section["items"]]
    yield from table(("#", "To", "Subtask"), rows, [0])
    yield from _results(section)
    for each in section["missing"]:
        yield from ("", f"{mark('absent')}Missing: {escaped(each['title'])}, {escaped(each['why'])}.")


def _positions(section: Plain) -> Iterator[str]:
    for block in section["blocks"]:
        rows = [[escaped(row["title"]), *map(_position, row["cells"])] for row in block["rows"]]
        yield from (*table(("Debater", *map(_capitalized, block["labels"])), rows), "")
    for part in section["arguments"]:
        yield from (f"**{_capitalized(part['label'])}**", "")
        for each in part["said"]:
            yield from (f"{escaped(each['title'])}:", "", *_text(each["text"]), "")


def _capitalized(label: str) -> str:
    return escaped(label.capitalize())


def _position(cell: Plain) -> str:
    if cell["position"] is None:
        return f"{mark('absent')}{escaped(cell['fault'])}"
    return f"{'→ moved: ' if cell['has_moved'] else ''}{escaped(cell['position'])}"


def _verdict(section: Plain) -> Iterator[str]:
    rows = [
        ["Winner", escaped(section["winner_title"] or "")],
        ["Verdict", escaped(section["decision"] or "")],
        ["Judge", escaped(section["judge_title"])],
        ["Confidence", section["confidence"]],
    ]
    yield from (*table(("", ""), (row for row in rows if row[1])), "")
    yield from (f"- {escaped(reason)}" for reason in section["reasons"])


def _notes(section: Plain) -> Iterator[str]:
    for iteration in section["iterations"]:
        yield from ("", f"**Iteration {iteration['number']}**, {iteration['kind'].lower()}", "")
        for note in iteration["notes"]:
            yield from _note(note)


def _note(note: Plain) -> Iterator[str]:
    if note["fault"]:
        yield from (f"{mark('absent')}{escaped(note['title'])}: {escaped(note['fault'])}.", "")
        return
    adds = f"Adds: {escaped(note['adds'])}" if note["adds"] else "Adds nothing."
    yield from (f"{escaped(note['title'])}:", "", *_text(note["content"]), "", adds, "")
    for each in note["artifacts"]:
        yield from (f"Artifact {code(each['name'])}:", "", *fenced(each["content"]), "")


def _turns(section: Plain) -> Iterator[str]:
    for turn in section["turns"]:
        named = f", names {escaped(turn['next_title'])} next" if turn["next"] else ""
        yield from (f"**{turn['number']}** {escaped(turn['title'])}{named}", "", *_text(turn["text"]), "")


def _ballots(section: Plain) -> Iterator[str]:
    yield from (f"Proposed by {escaped(section['proposer_title'])}:", "", *_text(section["proposal"]), "")
    yield from ("Reason:", "", *quoted(section["reason"]), "")
    rows = [[escaped(each["title"]), f"{mark(each['tone'])}{each['vote']}", escaped(each["reason"])]
            for each in section["ballots"]]  # fmt: skip
    yield from table(("Voter", "Vote", "Reason"), rows)


def _rounds(section: Plain) -> Iterator[str]:
    heads = [f"Round {number}" for number in section["numbers"]]
    rows = [[escaped(row["title"]), *map(_word, row["cells"])] for row in section["rows"]]
    yield from table(("Role", *heads), [*rows, ["**Outcome**", *map(_word, section["outcomes"])]])
    for each in section["last_words"]:
        yield from ("", f"{mark(each['tone'])}{escaped(each['title'])}", "", *_text(each["text"]))
        yield from (">", *(f"> - {escaped(action)}" for action in each["actions"]))


def _word(cell: Plain) -> str:
    return f"{mark(cell['tone'])}{escaped(cell['word'])}"


def _messages(section: Plain) -> Iterator[str]:
    rows = map(_message, section["messages"])
    yield from table(("", "From", "To", "", "Text"), rows)
    if section["more"]:
        yield from ("", f"And {section['more']} more.")


def _message(each: Plain) -> list[str]:
    to = ", ".join(map(escaped, each["receivers"]))
    return [code(each["id"]), escaped(each["sender"]), to, escaped(_beside(each)), escaped(each["content"])]


def _beside(message: Plain) -> str:
    return f"{message['beside']}{', no answer yet' if message['is_open'] else ''}"


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
