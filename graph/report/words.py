"""The words in which a dossier says outcomes, reasons, checks and numbers."""

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from graph.problems import neutral
from policies.contracts.table import said_check
from policies.run.stop import Stop, StopInput
from policies.team.titles import distinct_titles

LABELS = {
    "go": "Go",
    "go_with_caution": "Go with caution",
    "no_go": "No go",
    "next_round": "Next round",
    "escalate": "A human decides",
    "again": "Another round",
    "stop": "Stop",
}

DECISION_NAMED = re.compile(
    r"\bdecision(?:\s+is)?\W{1,4}(?:an?\s+)?(?:clear\s+)?(go[\s_-]+with[\s_-]+caution|no[\s_-]?go|go)\b", re.IGNORECASE
)
"""Where a text names a decision."""

TONES = {
    "go": "go",
    "caution": "caution",
    "go_with_caution": "caution",
    "block": "block",
    "no_go": "block",
    "next_round": "open",
    "again": "open",
    "escalate": "human",
    "absent": "absent",
}
"""The colour and the mark of a stance or an outcome."""

NEEDS: Mapping[StopInput | None, str] = {
    None: "",
    "facts": " --facts FILE",
    "corrected_facts": " --facts FILE --accept-changes",
}
"""What a resume needs besides a raised limit."""

CONFLICTS = {
    "no_contributions": "nobody contributed",
    "go_vs_caution": "go against caution",
    "blocking_vs_non_block": "a block against other stances",
    "high_divergence": "all three stances at once",
}

KINDS_ASKED = {
    "decide": "a decision",
    "contribute": "an answer for a role",
    "supply": "a fact",
    "sign_off": "a name to a decision",
}
"""What people are asked for."""

PLACES = {"finalize": "the closing text", "human": "a question to people"}
"""Where a run stopped that was in no round and no stage."""

FLAGS = {
    "contradicts_facts": "is more permissive than its own checks allow on these facts",
    "unsupported": "rests on evidence that the facts do not have, or on none",
    "moved_without_reason": "moved without naming a fact that it had not named before",
    "ungrounded": "says a number that nothing bears out",
}


DIRECTIONS = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""The twelve characters of Unicode that turn the direction of text."""


NO_TITLES: Mapping[str, str] = {}

NAMING_A_ROLE = ("invalid_output", "agent_denied")
"""Stops whose detail is a role."""


def said_round(number: int, most: int, words: str) -> str:
    """Return a round and how many there may be; a thread that was resumed under other limits can be beyond them.

    >>> said_round(2, 3, "of at most"), said_round(4, 3, "of")
    ('2 of at most 3', '4')
    """
    return f"{number} {words} {most}" if number <= most else str(number)


def said_rounds(numbers: Sequence[int]) -> str:
    """Return rounds in order, those that follow each other joined.

    >>> said_rounds([2]), said_rounds([1, 2, 3, 4]), said_rounds([1, 2, 4])
    ('Round 2', 'Rounds 1–4', 'Rounds 1–2 and 4')
    """
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    said = [str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs]
    return f"Round{'' if len(numbers) == 1 else 's'} {listed(said)}"


def titles_of(roles: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return what people call each role of a team as a thread keeps it."""
    return distinct_titles({name: str(role["title"]) for name, role in roles.items()})


def label_of(outcome: str | None) -> str:
    """Return an outcome as people say it."""
    return LABELS.get(outcome or "", (outcome or "none").replace("_", " "))


def plain_word(word: str) -> str:
    """Return an outcome or a stance inside a sentence."""
    return LABELS.get(word, word.replace("_", " ")).lower()


def tone_of(word: str | None) -> str:
    """Return the tone of a stance or an outcome."""
    return TONES.get(word or "", "stopped")


def said_reason(reason: str, titles: Mapping[str, str] = NO_TITLES) -> str:
    """Return a stop reason as a sentence, what it names behind it; a role by its title, where that is known.

    >>> said_reason("llm_error:503"), said_reason("invalid_output:cfo", {"cfo": "Chief financial officer"})[:38]
    ('The provider failed (503).', 'What Chief financial officer returned ')
    """
    stop = Stop.find(reason)
    if stop is None:
        return f"It ended with {Stop(reason).kind}."
    if stop.rule.names_check and stop.detail:
        return stop.rule.told(said_check(stop.kind, stop.detail))
    return stop.rule.told(titles.get(stop.detail, stop.detail) if stop.kind in NAMING_A_ROLE else stop.detail)


def said_phase(phase: str, titles: Mapping[str, str] = NO_TITLES) -> str:
    """Return where a run stopped, as people say it.

    >>> said_phase("round_1:risk", {"risk": "Risk analyst"}), said_phase("finalize")
    ('round 1, Risk analyst', 'the closing text')
    """
    stage, _, seat = phase.partition(":")
    place = PLACES.get(stage, stage.replace("_", " "))
    return f"{place}, {titles.get(seat, seat.replace('_', ' '))}" if seat else place


def resume_of(record: Mapping[str, Any]) -> str | None:
    """Return the command that resumes a thread, with what it needs; None where nothing can, or it works or waits."""
    if record["status"] in ("running", "waiting") or not record["resumable"]:
        return None
    rule = Stop.parse(record["stop_reason"]).rule if record["stop_reason"] else None
    limit = f" --budget {rule.raised_by}=N" if rule and rule.raised_by else ""
    return f"accord resume {record['thread_id']}{NEEDS[rule.needs] if rule else ''}{limit}"


def said_rule(rule: str, check: str | None = None) -> str:
    """Return the rule of a refusal in words; `check` is what the rule does not name itself."""
    stop = Stop.find(rule)
    if stop is not None and (check or (stop.rule.names_check and stop.detail)):
        return said_check(stop.kind, check or stop.detail)
    return said_reason(rule).removesuffix(".")


def said_repair(repair: str) -> str:
    """Return in words what a role was asked to mend: the reason of the refusal, for an output its check behind it.

    >>> said_repair("invalid_contribution:stance"), said_repair("invalid_output:writer:text")
    ('the stance is not go, caution or block', 'there is no usable text')
    """
    stop = Stop.find(repair)
    is_behind = stop is not None and stop.rule.is_contract and not stop.rule.names_check
    return said_rule(repair, stop.detail.partition(":")[2] if stop and is_behind else None)


def said_number(value: float) -> str:
    """Return a number as people read it, every digit of it.

    >>> said_number(15200), said_number(684000.0), said_number(0.002), said_number(5e-324), said_number(-0.0)
    ('15,200', '684,000', '0.002', '5e-324', '0')
    """
    if isinstance(value, int):
        return f"{value:,}"
    if value and not 1e-6 <= abs(value) < 1e16:
        return repr(value)
    return f"{Decimal(repr(value + 0.0)):,f}".removesuffix(".0")  # no negative zero


def said_value(value: Any) -> str:
    """Return any plain value as people read it.

    >>> said_value(True), said_value(None), said_value(["a", 1]), said_value({"risk": "go"})
    ('true', 'none', 'a, 1', 'risk: go')
    """
    if value is None or isinstance(value, bool):
        return "none" if value is None else str(value).lower()
    if isinstance(value, int | float):
        return said_number(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key}: {said_value(part)}" for key, part in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(map(said_value, value)) or "none"
    return str(value)


def thousands(number: int) -> str:
    """Return a count in a few characters.

    >>> thousands(999), thousands(7_240), thousands(999_950), thousands(12_000_000)
    ('999', '7.2k', '1.0M', '12.0M')
    """
    if number < 1_000:
        return str(number)
    return f"{number / 1_000:.1f}k" if number < 999_950 else f"{number / 1_000_000:.1f}M"


def counted(number: int, noun: str) -> str:
    """Return a number and its noun.

    >>> counted(1, "role"), counted(2, "role")
    ('1 role', '2 roles')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def part_of(some: int, all_of_them: int, noun: str, word: str) -> str:
    """Return how many of a number there are.

    >>> part_of(3, 3, "stage", "done"), part_of(2, 3, "role", "answered")
    ('3 stages done', '2 of 3 roles answered')
    """
    of = "" if some == all_of_them else f"{some:,} of "
    return f"{of}{counted(all_of_them, noun)} {word}"


def listed(names: list[str]) -> str:
    """Return names as a sentence lists them.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)


def written(value: Any, limit: int) -> str:
    """Return a plain value as JSON, or text as itself, cut to a length."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= limit else f"{text[:limit]} …"


def cleaned(value: Any) -> Any:
    r"""Return a value whose every text a reader only sees, its lines kept.

    A character that turns the direction of text is written out, and what else a reader would obey is replaced.

    >>> print(cleaned("invoice" + chr(0x202E) + "fdp.exe"))
    invoice\u202efdp.exe
    """
    if isinstance(value, str):
        spelled = DIRECTIONS.sub(lambda found: f"\\u{ord(found.group()):04x}", value)
        return "\n".join(map(neutral, spelled.replace("\r\n", "\n").replace("\t", " ").split("\n")))
    if isinstance(value, Mapping):
        return {cleaned(key): cleaned(part) for key, part in value.items()}
    return list(map(cleaned, value)) if isinstance(value, list | tuple) else value


def contradiction(record: Mapping[str, Any]) -> str | None:
    r"""Return a warning where the brief names another decision than the one that was made, or None.

    >>> contradiction({"final_decision": "no_go", "answer": "Decision: no_go\n\nThe decision is a clear go."})
    'The brief names another decision: go. What counts is the decision above.'
    >>> contradiction({"final_decision": "no_go", "answer": "Decision: no_go\n\nDecision: no-go, for two reasons."})
    """
    brief = (record.get("answer") or "").partition("\n\n")[2]
    named = {_decision_in(found) for found in DECISION_NAMED.findall(brief)}
    others = sorted(named - {record.get("final_decision")})
    if not others:
        return None
    return f"The brief names another decision: {', '.join(map(plain_word, others))}. What counts is the decision above."


def _decision_in(words: str) -> str:
    return "_".join(re.split(r"[\s_-]+", words.lower()))
