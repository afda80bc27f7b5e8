"""Conversation: roles speak in turn until one says the phrase that ends it."""

from collections.abc import Sequence

from policies.contracts.answers import Task
from policies.language import phrase, say
from policies.patterns.pattern import Counted, Facts, Pattern
from policies.patterns.quotations import lines_of
from policies.patterns.results import side_by_side
from policies.patterns.stages import Entry, Finish, Log, Next, Stage, entries_of
from policies.run.stop import Stop, stop_reason
from policies.team.team import Team

TURNS_SHOWN = 3


def advance(team: Team, log: Log, _: Facts) -> Next:
    """Return the next turn, the end when the last speaker said the phrase, or the stop after `max_turns`."""
    turns = list(entries_of(log, "turn"))
    phrase = team.options.phrase
    if turns and says(phrase, _text(turns[-1])):
        return _finish(team, turns)
    speaker = _next_speaker(team, turns)
    if len(turns) >= team.options.max_turns:
        return Stop(stop_reason("max_turns_reached"), f"turn_{len(turns)}")
    shown = [{"agent": turn.role, "text": _text(turn)} for turn in turns[-TURNS_SHOWN:]]
    asks = {
        "turn": len(turns) + 1,
        "last_turns": shown,
        "ends_with": phrase,
        "turns_you_had": sum(turn.role == speaker for turn in turns),
    }
    others = tuple(role for role in team.sequence if role != speaker)
    choices = others if team.options.speakers == "named" else ()
    return Stage(f"turn_{len(turns) + 1}", (Task(speaker, speaker, "turn", asks, choices),))


def says(phrase: str, text: str) -> bool:
    r"""Return whether a text has the phrase on a line of its own, outside of anything quoted.

    >>> [says("DONE", text) for text in ("That is all.\nDONE", "We are DONE", "> DONE", '"\nDONE"')]
    [True, False, False, False]
    """
    return any(not is_quoted and line.strip() == phrase for line, is_quoted in lines_of(text))


def without(phrase: str, text: str) -> str:
    r"""Return the text without the lines that say the phrase.

    >>> without("DONE", "That is all.\nDONE")
    'That is all.'
    """
    kept = [line for line, is_quoted in lines_of(text) if is_quoted or line.strip() != phrase]
    return "\n".join(kept).strip()


def _next_speaker(team: Team, turns: Sequence[Entry]) -> str:
    if not turns:
        return team.sequence[0]
    named = (turns[-1].answer or {}).get("next")
    if team.options.speakers == "named" and named:
        return str(named)
    return team.sequence[(team.sequence.index(turns[-1].role) + 1) % len(team.sequence)]


def _finish(team: Team, turns: Sequence[Entry]) -> Finish:
    """Return the end; what the last speaker wrote besides the phrase is the answer, else the turn before."""
    said = [{"agent": turn.role, "text": without(team.options.phrase, _text(turn))} for turn in turns]
    results = tuple(each for each in said if each["text"])
    answer = None if team.options.synthesis and results else side_by_side(results[-1:]) or say("Nothing was said.")
    return Finish(results, answer, details={"turns": len(turns), "ended_by": turns[-1].role})


def _text(turn: Entry) -> str:
    return str((turn.answer or {})["text"])


PATTERN = Pattern(
    phrase("open-ended work"),
    phrase("free form"),
    "high",
    advance,
    ("turn",),
    writes="synthesis",
    least_roles=2,
    options=("max_turns", "phrase", "speakers", "synthesis"),
    counted=Counted(phrase("Turns"), "turn", "max_turns"),
)
