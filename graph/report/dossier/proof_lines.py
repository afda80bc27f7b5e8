"""Proofs in words: who votes on what, what was walked, what each property means, and what breaks it."""

import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from graph.assurance.subject import Subject
from graph.report.words import said_percent
from policies.assurance.counterexamples import shown_example, shown_history, shown_place
from policies.assurance.places import Counterexample
from policies.assurance.proof import Cell, Proof, PropertyCheck, Share, Walked
from policies.decision.marks import FLAG_MARKS
from policies.decision.stability import in_percent
from policies.decision.table import Policy
from policies.language import phrase, say, say_count
from policies.team.stability import Stability, Unstable

LIMITS_PAGE = "docs/policies.md#what-the-proof-does-not-show"

ONE_ROUND = phrase(
    "A vote has one round; one that decides nothing ends with no_quorum, and no human is asked but by a row"
)
ASKED_ONCE = phrase("The approvers are asked once, and nobody after them; one whose answer is missing is absent")
"""How often those vote whose table is proved."""

MEANINGS = {
    "total": phrase("every vote has an outcome, and no row errs"),
    "monotone": phrase("a more cautious stance never gives a more permissive outcome"),
    "absence_never_helps": phrase("an absence in place of a go never gives a more permissive outcome"),
    "guards_bind": phrase("no outcome beats the cap of a tripped guard"),
    "veto_honoured": phrase("a role with a veto that blocks is never overruled"),
    "resolves": phrase("a vote that stays ends in a decision or at a human"),
    "overlaps": phrase("no two rows that hold at once disagree"),
    "idle_rows": phrase("every row decides some vote"),
    "asymmetry": phrase("it does not matter who says what"),
    "resolves_always": phrase("votes that change from round to round end in a decision or at a human"),
    "repairs_fit": phrase("the messages suffice where every answer has to be repaired"),
}

SHARED = {"first": phrase("first round"), "last": phrase("last round")}
"""The rounds whose votes are shared out among the outcomes."""

CHECKED: Mapping[Unstable, str] = {
    "escalate": phrase(
        "A decision is announced after its last round was asked {asked}; where more than {limit} of these differ, "
        "people decide. A check never gives a more permissive outcome."
    ),
    "stop": phrase(
        "A decision is announced after its last round was asked {asked}; where more than {limit} of these differ, "
        "the run stops. A check never gives a more permissive outcome."
    ),
}


def said_stability(stability: Stability) -> str:
    """Return what a stability check adds to what is proved."""
    asked = say_count("once more", "{number} more times", stability.samples)
    return say(CHECKED[stability.otherwise], asked=asked, limit=in_percent(stability.max_flip_rate))


def lines_of(example: Counterexample, subject: Subject) -> list[str]:
    """Return a command line for each vote of a counterexample of a subject, which decides it again."""
    return decide_lines(example, subject.words, subject.electorate.max_rounds)


def decide_lines(example: Counterexample, words: Sequence[str], max_rounds: int) -> list[str]:
    """Return a command line for each vote of a counterexample, which decides it again.

    `words` name the team or policy there, whose rounds are `max_rounds`.
    """
    place = example.place
    options = [
        *("--round", place.round),
        *(("--streak", place.rounds_blocked) if place.rounds_blocked else ()),
        *(("--joined", ",".join(place.joined)) if place.joined else ()),
        *(("--released", ",".join(place.released)) if place.released else ()),
        *(("--max-rounds", place.max_rounds) if place.max_rounds != max_rounds else ()),
        *(part for mark, count in asdict(place.marks).items() if count for part in (option_of(mark), count)),
        *(() if place.confidence is None else ("--confidence", place.confidence)),
        *(("--tripped", example.guard) if example.guard else ()),
    ]
    head = ["accord", "policy", "decide", *words, *map(str, options)]
    return [shlex.join([*head, *(f"{role}={cast}" for role, cast in casts.items())]) for casts in example.votes]


def option_of(mark: str) -> str:
    """Return the option of `accord policy decide` for a mark."""
    return f"--{mark.replace('_', '-')}"


def head_line(proof: Proof, subject: Subject) -> str:
    """Return who casts how many votes under which policy."""
    who, voters = _voters(len(proof.roles), subject)
    values = {"policy": proof.policy, "who": who, "voters": voters, "votes": proof.votes}
    if proof.kinds == proof.votes:
        return say("{policy} on {who}: {voters} cast {votes} votes", **values)
    return say(
        "{policy} on {who}: {voters} cast {votes} votes, {kinds} kinds of them by counts", kinds=proof.kinds, **values
    )


def _voters(number: int, subject: Subject) -> tuple[str, str]:
    """Return on whom a policy is shown, and how many vote."""
    if subject.is_of_people:
        return subject.title, say_count("{number} approver", "{number} approvers", number)
    roles = say_count("{number} role", "{number} roles", number)
    return (say("the team {name}", name=subject.title) if subject.is_team else roles), roles


def walked_lines(walked: Walked, subject: Subject) -> Iterator[str]:
    """Yield what was walked: places, limits, teams, and marks."""
    places = walked.places - walked.resumed
    told = say_count("{number} place that rows can tell apart", "{number} places that rows can tell apart", places)
    if walked.resumed:
        told = say("{places}, and {more} more after a resume", places=told, more=walked.resumed)
    yield say("Walked every run from round 1, and decided each vote: {places}", places=told)
    if subject.electorate.is_vote:
        yield say(ASKED_ONCE) if subject.is_of_people else say(ONE_ROUND)
    else:
        yield _raised(walked)
    if len(walked.teams) > 1:
        teams = (", ".join(subject.titles.get(role, role) for role in team) for team in walked.teams)
        yield say("Teams that may sit: {teams}", teams=say("; ").join(teams))
    for mark, numbers in walked.marks.items():
        told = phrase("{mark} is {numbers}, which stand for every number")
        if mark in FLAG_MARKS:
            told = phrase(
                "{mark} is {numbers}, which stand for every number up to that of the roles, whatever they say"
            )
        yield say(told, mark=mark, numbers=", ".join(map(str, numbers)))


def _raised(walked: Walked) -> str:
    most, raised = walked.max_rounds, walked.raised_to
    if walked.calculated:
        return say(
            "max_rounds is {most}, or raised by a resume: up to {raised} only, because rows calculate with {names}",
            most=most,
            raised=raised,
            names=f" {say('and')} ".join(walked.calculated),
        )
    if raised == most:
        return say(
            "max_rounds is {most}; where a resume raises it, no row can tell the places apart from these", most=most
        )
    return say(
        "max_rounds is {most}, or raised by a resume: up to {raised}, beyond which no row can tell rounds apart",
        most=most,
        raised=raised,
    )


def check_lines(check: PropertyCheck, titles: Mapping[str, str]) -> Iterator[str]:
    """Yield what a property means, then what breaks it, vote by vote, and why that is accepted."""
    yield say(MEANINGS[check.property])
    if check.counterexample:
        yield from shown_history(check.counterexample, titles)
        yield shown_example(check.counterexample, titles)
    if check.waived:
        yield say("accepted: {reason}", reason=check.waived)


def count_heads(policy: Policy) -> list[str]:
    """Return the stances that a truth table counts."""
    return ["go", "caution", "block", *([say("absent")] if policy.on_absent == "count" else [])]


def in_order(cells: Iterable[Cell]) -> list[Cell]:
    """Return the cells of a truth table as they are read: the fewest votes first, and among those the most go."""
    return sorted(cells, key=lambda each: (sum(each.counts), each.counts[3], each.counts[2], each.counts[1]))


def share_heads(shares: Mapping[Any, Share], titles: Mapping[str, str]) -> list[str]:
    """Return what the places are called whose votes are shared out among the outcomes."""
    details = {name: shown_place(share.place, titles).partition(", ")[2] for name, share in shares.items()}
    return [f"{say(SHARED[name])}{f' ({told})' if told else ''}" for name, told in details.items()]


def share_rows(shares: Mapping[Any, Share]) -> Iterator[tuple[str, list[str]]]:
    """Yield each outcome that some vote gets, and how many votes get it at each place."""
    for outcome in ("go", "go_with_caution", "next_round", "escalate", "no_go"):
        counts = [share.outcomes.get(outcome, 0) for share in shares.values()]
        if any(counts):
            parts = zip(counts, shares.values(), strict=True)
            yield outcome, [f"{count} ({said_percent(count / share.votes)})" for count, share in parts]
