"""Standing: a decision that is watched as a page shows it, in the language that is spoken, and the thread around it."""

from dataclasses import dataclass
from typing import Any

from graph.past import Past
from graph.report.dossier.look import look_of
from graph.report.dossier.people import moment
from graph.report.dossier.ties import tie_to
from graph.report.texts import cleaned
from graph.report.words import label_of, tone_of
from graph.service.service import Service
from graph.service.watched import Standing, standing_of
from graph.store.location import storage_errors
from policies.access.caller import Caller
from policies.assurance.attention import Attention
from policies.language import phrase, say

Plain = dict[str, Any]

ASKS: dict[Attention, tuple[str, str]] = {
    "reopen": (phrase("It should be taken again"), "block"),
    "unknown": (phrase("It is not known whether it holds"), "open"),
    "weakened": (phrase("It holds, closer to a limit"), "caution"),
    "unseen": (phrase("Nobody has looked at it yet"), "plain"),
    "holds": (phrase("It holds"), "go"),
    "sourceless": (phrase("It has no source that can be asked"), "absent"),
    "reopened": (phrase("It was taken again"), "done"),
}
"""What each decision asks for, and its tone."""
LISTED: dict[Attention, str] = {
    "reopen": phrase("Take again"),
    "unknown": phrase("Not known"),
    "weakened": phrase("Closer to a limit"),
    "unseen": phrase("Not looked at yet"),
    "holds": phrase("Holds"),
    "sourceless": phrase("No source"),
    "reopened": phrase("Taken again"),
}
"""The same as a list of decisions is called."""
NO_SOURCE = phrase(
    "Its facts came with the run or are in the team file, so nobody can be asked for those of now; "
    "`accord watch {thread} --facts FILE` checks it against a file."
)

NO_LOOK: Plain = {"at": None, "note": None, "said": [], "rows": [], "reopened_as": None, "changed": [], "more": 0}
"""What a look shows where there was none."""


def sight_of(standing: Standing) -> Plain:
    """Return what a page shows of a decision.

    Keys: {thread, language, goal, team, decision, tone, label, sign, decided, owner, look, said, again, may_look,
    may_reopen}. `language` is that of what its team wrote, `look` as `graph.report.dossier.look.look_of` has it, `said`
    are sentences, `again` is the thread in which it is taken again.
    """
    label, tone = ASKS[standing.attention]
    again = standing.look["reopened_as"] if standing.look else None
    sight: Plain = {
        "thread": standing.thread,
        "language": standing.language.code,
        "goal": standing.goal,
        "team": standing.team,
        "decision": label_of(standing.decision),
        "tone": tone_of(standing.decision),
        "label": say(label),
        "sign": tone,
        "decided": moment(standing.decided_at) if standing.decided_at else None,
        "owner": standing.owner,
        "look": _look(standing),
        "said": _said(standing),
        "again": again,
        "may_look": standing.attention not in ("sourceless", "reopened"),
        "may_reopen": standing.attention == "reopen" and not again,
    }
    return {
        **sight,
        **cleaned({"goal": sight["goal"], "owner": sight["owner"], "look": sight["look"], "said": sight["said"]}),
    }


def _look(standing: Standing) -> Plain | None:
    """Return what the last look found; how long the decision is valid, and that it has no source, `_said` says."""
    if standing.look is None:
        return None
    is_compared = standing.attention != "sourceless"
    look = look_of({**standing.look, "expires_at": None, **({} if is_compared else {"cause": None})})
    return look if is_compared or look is None else {**look, "rows": []}


def _said(standing: Standing) -> list[str]:
    told = [standing.fault] if standing.fault else []
    if standing.expires_at:
        until = moment(standing.expires_at)
        told.append(
            say("It was valid until {time}, and has expired.", time=until)
            if standing.expired
            else say("It is valid until {time}.", time=until)
        )
    if standing.attention == "sourceless":
        told.append(say(NO_SOURCE, thread=standing.thread))
    return told


@dataclass(frozen=True, slots=True)
class Around:
    """What `drift.html` shows of a thread: what became of its decision, and whose decision it takes again itself.

    `reopens` is that of a thread that has not begun; of any other its dossier says it.
    """

    later: Plain | None
    reopens: Plain | None
    may_run: bool
    """Whether the reader may look again, and take the decision again."""


async def around(service: Service, caller: Caller, thread: str, past: Past) -> Around:
    """Return what `drift.html` shows of a thread, which may not have begun.

    Raises:
        StorageError: the database failed.
    """
    standing = await standing_of(service, thread, caller.tenant)
    later = later_of(sight_of(standing)) if standing else None
    return Around(later, None if past.has_begun else await _reopens(service, thread), caller.may("run"))


def later_of(sight: Plain) -> Plain:
    """Return what a page shows of one decision as a later look, though nobody may have looked at it yet."""
    look = sight["look"] or NO_LOOK
    told = {"label": sight["label"], "tone": sight["sign"], "owner": sight["owner"]}
    deeds = {name: sight[name] for name in ("may_look", "may_reopen")}
    return {**look, **told, "said": [*look["said"], *sight["said"]], **deeds}


async def _reopens(service: Service, thread: str) -> Plain | None:
    """Return whose decision a thread takes again that was admitted and has not begun; None where it takes none."""
    with storage_errors(service.runner.threads.location):
        admitted = await service.runner.threads.index.admitted(thread)
    found = (admitted or {}).get("inputs", {}).get("reopens")
    return tie_to(found["thread"]) if found else None
