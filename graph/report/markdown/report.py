"""A dossier as Markdown to paste into an issue or a wiki: tables, and no text in it that is more than text."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graph.report.markdown.facts import facts_of
from graph.report.markdown.later import drift_of, reopening_of, stability_of
from graph.report.markdown.markup import code, escaped, fenced, mark, quoted, quoted_blocks, table
from graph.report.markdown.people import people_of
from graph.report.markdown.stances import dissent_of, stances_of
from graph.report.markdown.work import listed_sections
from policies.language import phrase, say, say_count

Plain = Mapping[str, Any]

GUARD = (phrase("Guard"), "", phrase("Fact"), phrase("Tripped while"), phrase("Room"), phrase("Effect"))
TIMELINE = (
    phrase("Time (UTC)"),
    phrase("Where"),
    phrase("What"),
    phrase("Role"),
    phrase("Attempt"),
    phrase("Detail"),
)


def markdown_of(dossier: Plain) -> str:
    """Return the Markdown that shows a dossier."""
    # As on the page: the work of another pattern comes before its answer only where a vote was decided on it.
    work, answer = _work(dossier), _answer(dossier)
    decided = (*_decided(dossier), work, stances_of(dossier), dissent_of(dossier), answer)
    parts = [
        *(_heading(dossier), drift_of(dossier), reopening_of(dossier)),
        *(_goal(dossier), _next(dossier), people_of(dossier)),
        *(decided if dossier["why"] or dossier["matrix"] else (answer, work)),
        *(_power(dossier), _cost(dossier), facts_of(dossier), _timeline(dossier), _record(dossier)),
    ]
    blocks = ("\n".join(part) for part in parts)
    return "\n\n".join(block.strip("\n") for block in blocks if block.strip()) + "\n"


def _decided(dossier: Plain) -> tuple[Iterator[str], ...]:
    """Return why it was decided so, what would have changed it, and how sure it is."""
    return _why(dossier), _guards(dossier), _flips(dossier), stability_of(dossier)


def _heading(dossier: Plain) -> Iterator[str]:
    verdict, dates, why = dossier["verdict"], dossier["dates"], dossier["why"]
    yield from (
        f"# {mark(verdict['tone'])}{escaped(verdict['label'])}",
        "",
        f"**{escaped(dossier['team']['title'])}**",
        "",
    )
    yield from (f"{escaped(sentence)}  " for sentence in (*verdict["people"], *verdict["sentences"]))
    yield ""
    rows = [
        (say("Decided by"), escaped(verdict["ownership"] or "")),
        (say("Stop reason"), code(verdict["reason"]) if verdict["reason"] not in (None, "success") else ""),
        (say("Stopped at"), escaped(verdict["phase"] or "")),
        (dates["word"], escaped(dates["ended"] or "")),
        (say("Round"), (why and why["place"]) or ""),
        (say("Pattern"), escaped(dossier["pattern"] or "")),
        (say("Policy"), code(dossier["team"]["policy"] or "")),
        (say("Thread"), code(dossier["thread"])),
        (say("Held"), escaped(dossier["held"] or "")),
    ]
    yield from table(("", ""), (row for row in rows if row[1]))


def _goal(dossier: Plain) -> Iterator[str]:
    if dossier["goal"]:
        yield from (f"## {say('Goal')}", "", *quoted(dossier["goal"]))


def _next(dossier: Plain) -> Iterator[str]:
    verdict = dossier["verdict"]
    if verdict["raw"] or verdict["resume"] or verdict["answer"]:
        yield from (f"## {say('Next step')}", "")
    if verdict["raw"]:
        yield from (say("This answer broke its contract:"), "", *fenced(verdict["raw"]), "")
    if verdict["resume"]:
        yield say("Resume the thread with {command}", command=code(verdict["resume"]))
    for command in verdict["answer"]:
        yield from (say("Answer it with:"), "", *fenced(command), "")


def _answer(dossier: Plain) -> Iterator[str]:
    if not dossier["brief"]:
        return
    yield from (f"## {say('Answer') if dossier['pattern'] else say('Brief')}", "")
    if dossier["contradiction"]:
        yield from (f"{mark('caution')}{escaped(dossier['contradiction'])}", "")
    yield from quoted_blocks(dossier["text"])
    if not dossier["pattern"]:
        yield from ("", f"{escaped(dossier['writer'])}.")


def _work(dossier: Plain) -> Iterator[str]:
    yield from listed_sections(dossier["work"], is_told=dossier["is_work_told"])


def _why(dossier: Plain) -> Iterator[str]:
    why = dossier["why"]
    if not why:
        return
    yield from (f"## {say('Why')}", "")
    if dossier["verdict"]["status"] != "ok":
        yield from (f"{why['came']} **{why['final']}**.", "")
    because = f" – {escaped(why['because'])}" if why["because"] else ""
    yield from (f"**{escaped(why['row'])}**{because}", "")
    if why["when"]:
        yield from (*fenced(why["when"]), "")
    if why["readings"]:
        yield from table(*_across(why["readings"]))
    if why["rounds_ended"]:
        yield from ("", say("It was the last round, so the next round became: {vote}.", vote=why["vote"]))
    if why["capped_by"]:
        names = ", ".join(map(escaped, why["capped_by"]))
        values = {"vote": why["vote"], "final": why["final"], "guards": names}
        yield from ("", say("The vote alone gave **{vote}**. Capped to **{final}** by {guards}.", **values))


def _across(readings: Sequence[Plain]) -> tuple[list[str], list[list[str]]]:
    return [code(each["name"]) for each in readings], [[escaped(each["value"]) for each in readings]]


def _guards(dossier: Plain) -> Iterator[str]:
    if dossier["guards"]:
        yield from (f"## {say('Guards')}", "", say("Limits that no vote can beat."), "")
        yield from table([*map(say, GUARD)], map(_guard, dossier["guards"]))


def _guard(guard: Plain) -> list[str]:
    limit = f"{guard['comparison']} {escaped(guard['limit'])}"
    path = f" ({code(guard['limit_path'])}{_in_form(', {}', guard['limit_source'])})" if guard["limit_path"] else ""
    return [
        escaped(guard["name"]),
        f"{mark(guard['tone'])}{guard['status']}",
        f"{code(guard['fact'])}{_in_form(' ({})', guard['source'])} = {escaped(guard['value'])}",
        f"{limit}{path}",
        escaped(guard["fault"] or guard["room"]),
        escaped(guard["effect"]),
    ]


def _in_form(form: str, source: str | None) -> str:
    """Return a fact's source in its form, where there is more than one."""
    return form.format(escaped(source)) if source else ""


def _flips(dossier: Plain) -> Iterator[str]:
    flips = dossier["flips"]
    if not flips:
        return
    yield from (f"## {flips['title']}", "")
    if not flips["stances"] and not flips["limits"]:
        yield say_count(
            "No change of up to {number} stances, of a single fact or of a limit would have changed it.",
            "No change of up to {number} stances, of a single fact or of a limit would have changed it.",
            flips["searched"],
        )
        yield from _marked(flips)
        return
    rows = [[_outcome(flip), _stance_line(line)] for flip in flips["stances"] for line in flip["lines"]]
    rows += [[_outcome(flip), _more(flip)] for flip in flips["stances"] if flip["more"]]
    rows += [[_outcome(flip), _limit_line(flip)] for flip in flips["limits"]]
    yield from table((say("It would have been"), say("with")), rows)
    yield from _marked(flips)


def _marked(flips: Plain) -> Iterator[str]:
    if flips["marks"]:
        yield from ("", escaped(flips["marks"]))


def _more(flip: Plain) -> str:
    return say_count(
        "or {number} more sets of {size} stances",
        "or {number} more sets of {size} stances",
        flip["more"],
        size=flip["size"],
    )


def _outcome(flip: Plain) -> str:
    return f"{mark(flip['tone'])}{flip['outcome']}"


def _stance_line(line: Plain) -> str:
    if line["any_of"]:
        roles = ", ".join(map(escaped, line["any_of"]))
        if len(line["any_of"]) > 1:
            return say("**{stance}** from any one of {roles}", stance=line["stance"], roles=roles)
        return say("**{stance}** from {role}", stance=line["stance"], role=roles)
    changes = (f"{escaped(each['title'])} {each['was']} → **{each['stance']}**" for each in line["changes"])
    return f" {say('and')} ".join(changes)


def _limit_line(flip: Plain) -> str:
    changes = f" {say('and')} ".join(map(_change, flip["changes"]))
    return say("{said}; {hint}", said=changes, hint=escaped(flip["border"])) if flip["border"] else changes


def _change(change: Plain) -> str:
    is_guard = change["kind"] == "guard"
    name = say("the limit of {guard}", guard=escaped(change["name"])) if is_guard else code(change["name"])
    return " ".join(filter(None, (escaped(change["before"]), name, escaped(change["after"]))))


def _power(dossier: Plain) -> Iterator[str]:
    if dossier["powers"]:
        yield from (f"## {say('Power of roles')}", "")
        rows = [
            [escaped(power["title"]), f"{mark(power['tone'])}{power['said']}", power["percent"], power["words"] or ""]
            for power in dossier["powers"]
        ]
        yield from table((say("Role"), say("Said"), say("Decides in"), ""), rows, [2])
        yield from ("", escaped(dossier["power_means"]))


def _timeline(dossier: Plain) -> Iterator[str]:
    if dossier["timeline"]:
        yield from (f"## {say('Timeline')}", "")
        rows = [_event(group["title"], line) for group in dossier["timeline"] for line in group["lines"]]
        yield from table(("#", *map(say, TIMELINE)), rows, [0, 5])


def _event(where: str, line: Plain) -> list[str]:
    rule, quote = line["rule"] and f"**{escaped(line['rule'])}**", line["quote"] and code(line["quote"])
    said = say("; ").join(filter(None, (escaped(line["detail"] or ""), rule, quote)))
    time, attempt = escaped(f"{line['date']} {line['time']}"), str(line["attempt"] or "")
    return [
        line["numbers"],
        time,
        where,
        mark(line["tone"]) + escaped(line["what"]),
        escaped(line["role"] or ""),
        attempt,
        said,
    ]


def _cost(dossier: Plain) -> Iterator[str]:
    if dossier["is_begun"]:
        yield from (f"## {say('Cost and usage')}", "")
        rows = [[row["what"], row["used"], row["limit"] or "–"] for row in dossier["cost"]["rows"]]
        yield from (
            *table((say("What"), say("Used"), say("Limit")), rows, [1, 2]),
            "",
            escaped(dossier["cost"]["calls"]),
        )


def _record(dossier: Plain) -> Iterator[str]:
    if not dossier["is_begun"]:
        return
    record = dossier["record"]
    yield from (f"## {say('Record')}", "", say("Head: {head}", head=code(record["head"])), "")
    if record["fault"]:
        yield f"{mark('block')}{say('**The record is broken:** {fault}.', fault=escaped(record['fault']))}"
    else:
        yield say(
            "{events}, each chained to the one before it; every hash was checked for this page.", events=record["said"]
        )
    yield from ("", *table((say("Role"), say("Name"), say("Voice"), ""), map(_role, record["roles"])), "")
    prompts = ((say("prompt {name}", name=name), value) for name, value in record["prompts"].items())
    hashes = ([escaped(name), code(value)] for name, value in (*record["hashes"].items(), *prompts))
    yield from (*table((say("SHA-256 of"), say("Hash")), hashes), "")
    versions = ([escaped(name), escaped(value)] for name, value in record["versions"].items())
    yield from table((say("Package"), say("Version")), versions)


def _role(role: Plain) -> list[str]:
    return [escaped(role["title"]), code(role["role"]), escaped(role["voice"]), role["weight"] or ""]
