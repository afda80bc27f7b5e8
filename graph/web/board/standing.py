"""Standing: a decision that is watched as a page shows it, in the language of its team, and the thread around it."""

from dataclasses import dataclass
from typing import Any

from graph.past import Past
from graph.report.dossier.look import look_of
from graph.report.dossier.people import moment
from graph.report.words import label_of, tone_of
from graph.service.service import Service
from graph.service.watched import Standing, standing_of
from graph.store.location import storage_errors
from policies.access.caller import Caller
from policies.assurance.attention import Attention
from policies.language import phrase, say, speaking

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


def sight_of(standing: Standing) -> Plain:
    """Return what a page shows of a decision, in its team's language.

    Keys: {thread, language, team, decision, tone, attention, label, sign, decided, owner, until, look, said, again}.
    `look` is as `graph.report.dossier.look.look_of` has it, `said` are sentences, `again` is the thread in which it is
    taken again.
    """
    with speaking(standing.language):
        label, tone = ASKS[standing.attention]
        found = standing.look
        look = look_of({**found, "expires_at": None}) if found else None
        if look and standing.attention == "sourceless":  # nothing was compared
            look["rows"] = []
        return {
            **{"thread": standing.thread, "language": standing.language.code, "team": standing.team},
            **{"decision": label_of(standing.decision), "tone": tone_of(standing.decision)},
            **{"attention": standing.attention, "label": say(label), "sign": tone},
            "decided": moment(standing.decided_at) if standing.decided_at else None,
            "owner": standing.owner,
            "look": look,
            "said": _said(standing),
            "again": found["reopened_as"] if found else None,
        }


def _said(standing: Standing) -> list[str]:
    told = [standing.fault] if standing.fault else []
    if standing.expires_at:
        until = moment(standing.expires_at)
        told.append(
            say("It was valid until {time}, and has expired.", time=until)
            if standing.expired
            else say("It is valid until {time}.", time=until)
        )
    if standing.attention == "sourceless" and not (standing.look and standing.look["cause"]):
        told.append(say(NO_SOURCE, thread=standing.thread))
    return told


@dataclass(frozen=True, slots=True)
class Around:
    """What `drift.html` shows of a thread: what became of its decision, and whose decision it takes again itself."""

    sight: Plain | None
    reopens: str | None
    may_run: bool
    """Whether the reader may look again, and take the decision again."""


async def around(service: Service, caller: Caller, thread: str) -> Around:
    """Return what `drift.html` shows of a thread, which may not have begun.

    Raises:
        StorageError: the database failed.
    """
    standing = await standing_of(service, thread, caller.tenant)
    sight = sight_of(standing) if standing else None
    return Around(sight, await _reopens(service, thread), caller.may("run"))


async def _reopens(service: Service, thread: str) -> str | None:
    """Return whose decision a thread takes again; None where it takes none, or was not even admitted."""
    with storage_errors(service.runner.threads.location):
        state = await service.runner.threads.state(thread)
        admitted = None if state is not None else await service.runner.threads.index.admitted(thread)
    found = Past.of(state).case["reopens"] if state is not None else (admitted or {}).get("inputs", {}).get("reopens")
    return str(found["thread"]) if found else None
