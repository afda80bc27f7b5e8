"""The words in which a dossier says outcomes, reasons, checks and numbers."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from policies.contracts.table import said_check
from policies.language import in_figures, phrase, say, say_count
from policies.run.stop import Stop
from policies.team.titles import distinct_titles

LABELS = {
    "go": phrase("Go"),
    "go_with_caution": phrase("Go with caution"),
    "no_go": phrase("No go"),
    "next_round": phrase("Next round"),
    "escalate": phrase("A human decides"),
    "again": phrase("Another round"),
    "stop": phrase("Stop"),
}

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

CONFLICTS = {
    "no_contributions": phrase("nobody contributed"),
    "go_vs_caution": phrase("go against caution"),
    "blocking_vs_non_block": phrase("a block against other stances"),
    "high_divergence": phrase("all three stances at once"),
}

KINDS_ASKED = {
    "decide": phrase("a decision"),
    "contribute": phrase("an answer for a role"),
    "supply": phrase("a fact"),
    "sign_off": phrase("a name to a decision"),
}
"""What people are asked for."""

STAGES = {
    "round": phrase("round {number}"),
    "reply": phrase("reply {number}"),
    "turn": phrase("turn {number}"),
    "iteration": phrase("iteration {number}"),
    "step": phrase("step {number}"),
    "assignment": phrase("assignment {number}"),
    "opening": phrase("opening"),
    "verdict": phrase("verdict"),
    "plan": phrase("plan"),
    "steps": phrase("steps"),
    "assignments": phrase("assignments"),
    "teams": phrase("teams"),
    "workers": phrase("workers"),
    "answers": phrase("answers"),
    "proposal": phrase("proposal"),
    "ballots": phrase("ballots"),
    "synthesis": phrase("synthesis"),
    "open": phrase("open"),
    "facts": phrase("facts"),
    "human": phrase("a question to people"),
    "asked_again": phrase("asked again"),
    "finalize": phrase("the closing text"),
}
"""Stages and seats that no role gives its name; those that are counted by the word before the number."""

FLAGS = {
    "contradicts_facts": phrase("is more permissive than its own checks allow on these facts"),
    "unsupported": phrase("rests on evidence that the facts do not have, or on none"),
    "moved_without_reason": phrase("moved without naming a fact that it had not named before"),
    "ungrounded": phrase("says a number that nothing bears out"),
}

OUT_OF = {"of at most": phrase("{number} of at most {most}"), "of": phrase("{number} of {most}")}
"""A round and how many there may be, by the words between the two."""


NO_TITLES: Mapping[str, str] = {}

NAMING_A_ROLE = ("invalid_output", "agent_denied")
"""Stops whose detail is a role."""


def said_round(number: int, most: int, words: str) -> str:
    """Return a round and how many there may be; a thread that was resumed under other limits can be beyond them.

    >>> said_round(2, 3, "of at most"), said_round(4, 3, "of")
    ('2 of at most 3', '4')
    """
    return say(OUT_OF[words], number=number, most=most) if number <= most else str(number)


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
    return say_count("Round {rounds}", "Rounds {rounds}", len(numbers), rounds=listed(said))


def titles_of(roles: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return what people call each role of a team as a thread keeps it."""
    return distinct_titles({name: str(role["title"]) for name, role in roles.items()})


def label_of(outcome: str | None) -> str:
    """Return an outcome as people say it."""
    if not outcome:
        return say("none")
    return say(LABELS[outcome]) if outcome in LABELS else outcome.replace("_", " ")


def said_conflict(name: str) -> str:
    """Return a conflict between the roles in words; one that has none as it is called."""
    return say(CONFLICTS[name]) if name in CONFLICTS else name


def plain_word(word: str) -> str:
    """Return an outcome or a stance inside a sentence."""
    return label_of(word).lower()


def tone_of(word: str | None) -> str:
    """Return the tone of a stance or an outcome."""
    return TONES.get(word or "", "stopped")


def said_reason(reason: str, titles: Mapping[str, str]) -> str:
    """Return a stop reason as a sentence, what it names behind it; a role by its title, where that is known.

    >>> said_reason("llm_error:503", {}), said_reason("invalid_output:cfo", {"cfo": "Chief financial officer"})[:38]
    ('The provider failed (503).', 'What Chief financial officer returned ')
    """
    stop = Stop.find(reason)
    if stop is None:
        return say("It ended with {reason}.", reason=Stop(reason).kind)
    if stop.rule.names_check and stop.detail:
        return stop.rule.told(said_check(stop.kind, stop.detail))
    return stop.rule.told(titles.get(stop.detail, stop.detail) if stop.kind in NAMING_A_ROLE else stop.detail)


def said_phase(phase: str, titles: Mapping[str, str]) -> str:
    """Return where a run stopped, as people say it.

    >>> said_phase("round_1:risk", {"risk": "Risk analyst"}), said_phase("finalize", {})
    ('round 1, Risk analyst', 'the closing text')
    >>> said_phase("round_1:risk~2", {"risk": "Risk analyst"})
    'round 1, Risk analyst, sample 2'
    """
    stage, _, seat = phase.partition(":")
    place, (role, _, sample) = said_stage(stage), seat.partition("~")
    who = titles.get(role) or said_stage(role)
    who = say("{role}, sample {number}", role=who, number=sample) if sample else who
    return f"{place}, {who}" if seat else place


def said_stage(name: str) -> str:
    """Return a stage or a seat as people say it; one that a role gives its name by that.

    >>> said_stage("reply_2"), said_stage("ballots"), said_stage("market_analyst")
    ('reply 2', 'ballots', 'market analyst')
    """
    word, _, number = name.rpartition("_")
    if word in STAGES and number.isdecimal():
        return say(STAGES[word], number=number)
    is_bare = name in STAGES and "{" not in STAGES[name]
    return say(STAGES[name]) if is_bare else name.replace("_", " ")


def said_rule(rule: str, check: str | None = None) -> str:
    """Return the rule of a refusal in words; `check` is what the rule does not name itself."""
    stop = Stop.find(rule)
    if stop is not None and (check or (stop.rule.names_check and stop.detail)):
        return said_check(stop.kind, check or stop.detail)
    return said_reason(rule, NO_TITLES).removesuffix(".")


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
        return in_figures(f"{value:,}")
    if value and not 1e-6 <= abs(value) < 1e16:
        return in_figures(repr(value))
    return in_figures(f"{Decimal(repr(value + 0.0)):,f}".removesuffix(".0"))  # no negative zero


def said_percent(share: float) -> str:
    """Return a share of 1 in percent.

    >>> said_percent(0.1234)
    '12.3%'
    """
    return say("{number}%", number=in_figures(f"{share:.1%}".removesuffix("%")))


def said_value(value: Any) -> str:
    """Return any plain value as people read it.

    >>> said_value(True), said_value(None), said_value(["a", 1]), said_value({"risk": "go"})
    ('true', 'none', 'a, 1', 'risk: go')
    """
    if value is None or isinstance(value, bool):
        return say("none") if value is None else say("true") if value else say("false")
    if isinstance(value, int | float):
        return said_number(value)
    if isinstance(value, Mapping):
        pairs = (say("{name}: {value}", name=key, value=said_value(part)) for key, part in value.items())
        return ", ".join(pairs) or say("none")
    if isinstance(value, list):
        return ", ".join(map(said_value, value)) or say("none")
    return str(value)


def thousands(number: int) -> str:
    """Return a count in a few characters.

    >>> thousands(999), thousands(7_240), thousands(999_950), thousands(12_000_000)
    ('999', '7.2k', '1.0M', '12.0M')
    """
    if number < 1_000:
        return str(number)
    return in_figures(f"{number / 1_000:.1f}k" if number < 999_950 else f"{number / 1_000_000:.1f}M")


def counted(number: int, noun: str) -> str:
    """Return a number and its noun.

    >>> counted(1, "role"), counted(2, "role")
    ('1 role', '2 roles')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def listed(names: list[str]) -> str:
    """Return names as a sentence lists them.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return say("{names} and {last}", names=", ".join(names[:-1]), last=names[-1]) if len(names) > 1 else "".join(names)


def joined(parts: Sequence[str | None]) -> str:
    """Return what a line says one after the other, empty parts left out.

    >>> joined(["row 2", None, "it was the last round"])
    'row 2; it was the last round'
    """
    return say("; ").join(filter(None, parts))


def written(value: Any, limit: int) -> str:
    """Return a plain value as JSON, or text as itself, cut to a length."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= limit else f"{text[:limit]} …"
