"""Random real runs for the laws of what-if: a team, what its roles say and where they fail, and who resumes it how."""

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from graph.record import Record
from graph.runner import Runner
from graph.store.database import Database
from nodes.fetched import Fetched
from nodes.halt import Halt
from nodes.services import Services
from nodes.voices.voice import BriefQuestion, Question, Tokens, Utterance
from policies.decision.table import Policy
from policies.run.seats import Failure
from policies.team.rules import parse_team
from policies.team.team import Team
from tests.assurance.random_people import BEGIN, Clock, Deed, draw_deed, with_people, without_deciders
from tests.assurance.random_policies import GUESTS, a_policy
from tests.harness import proposal

Plain = dict[str, Any]
SEATS = ("risk", "legal", "sales", "demand")

FAILURES = (
    *("llm_timeout", "llm_timeout", "llm_error:503", "llm_rate_limited", "llm_empty", "llm_error:400", "llm_auth"),
    "max_seconds",
)
FLAGS = ("moved", "ungrounded")
UNGROUNDED = ("ungrounded > 0", "ungrounded >= 2", "ungrounded == 0 && block == 0")
BRIEF_FAILURES = ("llm_timeout", "llm_auth")
LEGS = 14
"""Times that a run is begun or resumed, at most."""


@dataclass
class Script:
    """What is random about one run: its team, what is said, and how it is resumed."""

    seed: int
    rng: random.Random = field(init=False)
    moves: random.Random = field(init=False)
    """What draws the changes that are accepted, so that the runs without any are the same as ever."""
    people: random.Random = field(init=False)
    """What draws whom the team asks, and what they answer."""
    raw: Plain = field(init=False)
    team: Team = field(init=False)
    is_vote: bool = field(init=False)
    is_frail: bool = field(init=False)
    """Whether roles fail often in a run that stops there; it is tried under policies that count absences."""

    def __post_init__(self) -> None:
        self.rng = random.Random(f"run {self.seed}")
        self.moves = random.Random(f"changes {self.seed}")
        self.people = random.Random(f"people {self.seed}")
        self.raw = self._checked(self._grounded(with_people(self.people, self._team())))
        self.team = self._parsed(self.raw)

    def _parsed(self, raw: Plain) -> Team:
        team = parse_team(without_deciders(raw))
        assert isinstance(team, Team), (self.seed, team, raw)
        return team

    def _grounded(self, raw: Plain) -> Plain:
        """The team, whose numbers are grounded in some runs, and counted by its policy; drawn apart."""
        apart = random.Random(f"ground {self.seed}")
        if raw["pattern"] != "rounds" or apart.random() < 0.6:
            return raw
        row = {"when": apart.choice(UNGROUNDED), "then": apart.choice(["no_go", "next_round", "go"])}
        rules = [*([row] if apart.random() < 0.7 else []), *raw["policy"]["rules"]]
        return {**raw, "ground": True, "policy": {**raw["policy"], "rules": rules}}

    def _checked(self, raw: Plain) -> Plain:
        """The team, whose decisions are asked for again in some runs; drawn apart."""
        apart = random.Random(f"stability {self.seed}")
        has_machine = any(raw["roles"][name]["voice"] != "human" for name in raw["sequence"])
        return with_stability(apart, raw) if has_machine and apart.random() < 0.35 else raw

    @property
    def is_judged(self) -> bool:
        """Whether a decision table decides what the run has become."""
        return self.raw["pattern"] in ("rounds", "vote")

    def move(self, number: int) -> Team | None:
        """Another team that whoever goes on brings to the thread, its changes accepted; None: the same goes on.

        Another pattern, another policy, or both; or the same roles told something else. More is moved from round 2 on,
        where what came before counts, and which fewer runs reach.
        """
        rng = self.moves
        if rng.random() >= (0.2 if number < 2 else 0.5):
            return None
        pattern = rng.choice([*("rounds", "rounds", "vote", "vote"), "parallel", "conversation", self.raw["pattern"]])
        self.is_vote = pattern == "vote"
        self.raw = {**self.raw, "pattern": pattern, "policy": self._moved_policy(pattern)}
        self.raw.pop("lead", None)
        if pattern != "rounds":  # whose answers alone carry flags, and are asked for again
            self.raw.pop("ground", None)
            self.raw.pop("stability", None)
            rows = [row for row in self.raw["policy"]["rules"] if not any(name in row["when"] for name in FLAGS)]
            self.raw["policy"] = {**self.raw["policy"], "rules": rows}
        if self.is_vote:
            self.raw |= {"lead": "chair", "messages": None}
        if rng.random() < 0.3:
            self.raw["roles"] = {name: {**role, "mandate": "Look again."} for name, role in self.raw["roles"].items()}
        self.team = self._parsed(self.raw)
        return self.team

    def _moved_policy(self, pattern: str) -> Plain:
        policy: Plain = self.raw["policy"]
        if self.moves.random() < 0.5:
            return policy
        drawn = a_policy(self.moves, self.sequence, not self.is_vote, self.raw["messages"] is not None)
        return {**drawn.model_dump(mode="json"), "on_absent": policy["on_absent"]}

    def policy(self) -> Policy:
        """Another policy on this team."""
        policy = a_policy(self.rng, self.sequence, not self.is_vote, self.raw["messages"] is not None)
        return policy.model_copy(update={"on_absent": "count"}) if self.is_frail else policy

    def _team(self) -> Plain:
        rng = self.rng
        self.is_vote, self.is_frail = rng.random() < 0.15, rng.random() < 0.25
        self.sequence = SEATS[: rng.randint(2, len(SEATS))]
        has_messages = not self.is_vote and rng.random() < 0.2
        names = (*self.sequence, *GUESTS, "chair")
        voice = "model" if rng.random() < 0.3 else "rules"
        roles = {name: self._role(name, voice) for name in names}
        roles["audit"]["enabled"] = rng.random() < 0.5
        denied = ("audit",) if rng.random() < 0.05 else ()
        policy = a_policy(rng, self.sequence, not self.is_vote, has_messages)
        return {
            "name": "drawn",
            "title": "Drawn",
            "goal": "Decide.",
            "pattern": "vote" if self.is_vote else "rounds",
            **({"lead": "chair"} if self.is_vote else {}),
            "sequence": [*self.sequence, *denied],
            "roles": roles,
            "policy": {**policy.model_dump(mode="json"), **({"on_absent": "stop"} if self.is_frail else {})},
            "facts": {} if rng.random() < 0.04 else {"rate": rng.randint(1, 9)},
            "requires": ["rate"],
            "guards": [a_guard(rng)] if rng.random() < 0.2 else [],
            "budget": self._budget(voice),
            "max_repairs": rng.choice([1, 2] if self.is_frail else [0, 1, 1, 2]),
            "messages": {} if has_messages else None,
        }

    def _role(self, name: str, voice: str) -> Plain:
        weight = self.rng.choice([1, 1, 2, 3])
        veto, said = self.rng.random() < 0.2, {"stance": "go", "summary": "Fine.", "actions": ["Go on."]}
        return {"title": name, "mandate": "Judge.", "voice": voice, "weight": weight, "veto": veto, "otherwise": said}

    def _budget(self, voice: str) -> Plain:
        rng, size = self.rng, len(self.sequence)
        tokens = (
            rng.choice([3_000, 6_000, 9_000] if voice == "model" else [600, 1_500]) if rng.random() < 0.12 else None
        )
        return {
            "max_rounds": rng.choice([1, 2, 2, 3, 3, 4]),
            "max_messages": rng.randint(1, 3 * size) if rng.random() < 0.3 else 60,
            "max_seconds": rng.choice([12.0, 30.0]) if rng.random() < 0.15 else 600.0,
            "min_go_votes": rng.randint(1, size),
            "max_tokens": tokens,
        }

    def resume(self, budget: Mapping[str, Any], reason: str) -> Plain | None:
        """How somebody resumes the run that stopped; None: nobody does."""
        rng = self.rng
        if rng.random() < (0.05 if self.is_frail else 0.15):
            return None
        changes: Plain = {}
        if reason == "max_rounds_reached" or rng.random() < 0.15:
            changes["max_rounds"] = budget["max_rounds"] + rng.choice([0, 1, 1, 2, -1])
        if reason == "max_messages" or rng.random() < 0.1:
            changes["max_messages"] = budget["max_messages"] + rng.choice([0, 2, 8, 20, -1])
        if reason == "max_seconds" or rng.random() < (0.05 if budget["max_seconds"] > 100 else 0.3):
            changes["max_seconds"] = budget["max_seconds"] + 60.0
        if budget["max_tokens"] and (reason == "max_tokens" or rng.random() < 0.1):
            changes["max_tokens"] = budget["max_tokens"] + 4_000
        limits = {name: max(value, 1) for name, value in changes.items()}
        if reason.startswith("needs_input"):
            return {"budget": limits, "facts": {"rate": 3}}
        if rng.random() < 0.05:
            return {"budget": limits, "facts": {"rate": rng.randint(10, 20)}, "accept_changes": True}
        return {"budget": limits}


def with_stability(rng: random.Random, raw: Plain) -> Plain:
    """A team of rounds that checks its decisions; one of any other pattern as it is."""
    if raw["pattern"] != "rounds":
        return raw
    samples = rng.randint(1, 3)
    check = {"samples": samples, "max_flip_rate": rng.choice([0.0, 0.34, 0.5, 0.67]), "max_messages": 10 * samples}
    return {**raw, "stability": {**check, "otherwise": rng.choice(["escalate", "stop"])}}


def a_guard(rng: random.Random) -> Plain:
    """A guard on the one fact there is."""
    return {
        "name": "rate",
        "fact": "rate",
        "at_least": rng.randint(1, 9),
        "cap": rng.choice(["no_go", "go_with_caution"]),
    }


@dataclass
class DrawnVoice:
    """Says what is drawn for each question; advances the clock, and sometimes stops the run from outside."""

    rng: random.Random
    halt: Halt
    troubles: float
    seconds: float = 0.0
    evidence: random.Random = field(default_factory=random.Random)
    """What draws the facts that a stance rests on, so that what else is drawn is the same as ever."""
    posted: Counter[str] = field(default_factory=Counter)

    def clock(self) -> float:
        """Return the time at work."""
        return self.seconds

    async def propose(self, question: Question) -> Utterance:
        await asyncio.sleep(0)
        question.meter.calls += 1
        rng = self.rng
        self.seconds += rng.choice([0.0, 0.5, 4.0])
        if rng.random() < 0.02 * self.troubles:
            self.halt.set()
        drawn = rng.random()
        if drawn < 0.15 * self.troubles:
            return Utterance(failure=Failure(rng.choice(FAILURES)))
        tokens = Tokens(rng.randint(50, 200), rng.randint(20, 80))
        if drawn < 0.35 * self.troubles:
            return Utterance(
                rng.choice(["no JSON", proposal(question.name, "maybe"), {"agent": question.name}]), tokens=tokens
            )
        return Utterance(self._said(question), tokens=tokens)

    def _said(self, question: Question) -> Plain:
        rng = self.rng
        if question.task.contract == "proposal":
            return {"proposal": "Ship.", "reason": "Ready."}
        if question.task.contract == "ballot":
            return {"vote": rng.choice(["approve", "approve", "abstain", "reject"]), "reason": "So."}
        if question.task.contract in ("output", "turn"):
            return {"text": "So far, so good."}
        stance = rng.choice(["go", "go", "go", "caution", "block"])
        said = proposal(question.name, stance, confidence=rng.choice([0.2, 0.5, 0.9, 1]))
        said["summary"] = self.evidence.choice(["Fine.", "Fine.", "Fine, at 77 %."])
        said["evidence"] = self.evidence.choice([[], [], ["rate"], ["facts.rate"], ["lost"]])
        if question.sends and rng.random() < 0.4:
            others = [name for name in SEATS[:2] if name != question.name]
            said["messages"] = [{"to": others[:1], "kind": rng.choice(["question", "note"]), "content": "Why?"}]
        if question.sends and self.posted and rng.random() < 0.3:
            said["messages"] = [{"to": [], "kind": "note", "content": "So.", "in_reply_to": "m1"}]
        self.posted.update(said.get("messages", []) and ["all"])
        return said

    async def write_brief(self, question: BriefQuestion) -> Utterance:
        question.meter.calls += 1
        failed = self.rng.random() < 0.12 * self.troubles
        return Utterance(failure=Failure(self.rng.choice(BRIEF_FAILURES))) if failed else Utterance("All agreed.")


class Crowd:
    """People outside, who say something before some rounds: ask, tell, and answer each other and the roles."""

    def __init__(self, seed: int) -> None:
        self._rng, self._said = random.Random(f"outside {seed}"), dict[int, list[Plain]]()
        self._talks = self._rng.random() < 0.8

    async def listen(self, _: Any, __: str, number: int) -> list[Plain]:
        """Return all that was said by the time a round opens; no round changes what was said before another."""
        for each in range(1, number + 1):
            self._said.setdefault(each, [self._message(each, place) for place in range(self._rng.choice([0, 0, 1, 2]))])
        return [message for each in range(1, number + 1) for message in self._said[each]] if self._talks else []

    def _message(self, number: int, place: int) -> Plain:
        rng = self._rng
        kind = rng.choice(["question", "question", "note", "result"])
        replied = rng.choice(["m1", "s-1-0", f"s-{number - 1}-0"]) if kind == "result" else None
        opens = rng.choice([None, None, "terms"])
        said = {
            "id": f"s-{number}-{place}",
            "from": rng.choice(["dana", "erp"]),
            "to": [rng.choice(SEATS)],
            "kind": kind,
        }
        return {**said, "content": "Why?", "at": BEGIN, "in_reply_to": replied, "conversation": opens}


@dataclass(frozen=True)
class Leg:
    """How somebody went on with a run: by a resume, with another team and its changes accepted, or by a deed."""

    options: Plain
    team: Team | None = None
    deed: Deed | None = None
    moves: bool = False
    """Whether changes were accepted by it."""

    async def go(self, runner: Runner, record: Record, clock: Clock) -> Record:
        """Go on with the thread."""
        if self.deed is not None:
            return await self.deed.go(runner, record, clock)
        if self.team is None:
            return await runner.resume(record["thread_id"], **self.options)
        return await runner.run(self.team, record["thread_id"], accept_changes=True)


@dataclass
class Drawn:
    """A run that ended: its script, the team it began with, its state, its entry in the archive, and its legs.

    `moved` is the number of the last leg whose changes were accepted; None where nothing moved.
    """

    script: Script
    first: Team
    state: Mapping[str, Any]
    entry: Plain
    legs: list[Leg]
    moved: int | None

    @property
    def resumes(self) -> list[Leg]:
        """The legs that took a run on that had stopped."""
        return [leg for leg in self.legs if leg.options]


async def draw(database: Database, seed: int, thread: str = "drawn") -> Drawn | None:
    """Run what a seed draws, on the real graph, until it is done or nobody resumes it; None where it waits."""
    script, halt, clock = Script(seed), Halt(), Clock()
    first = script.team
    troubles = 1.5 if script.is_frail else script.rng.choice([0.0, 0.4, 0.8, 0.8, 1.2])
    voice = DrawnVoice(script.rng, halt, troubles, evidence=random.Random(f"evidence {seed}"))
    voices, hears = {"model": voice, "rules": voice}, Crowd(seed).listen
    services = Services(voices, facts_of, halt, clock=voice.clock, now=clock.now, listen=hears)
    runner, legs, moved = Runner(database, services), list[Leg](), None
    record: Record = await runner.run(script.team, thread)
    while len(legs) < LEGS:
        leg = await _leg(script, runner, record)
        if leg is None:
            break
        halt.is_set = halt.is_set and record["status"] == "waiting"
        legs.append(leg)
        record = await leg.go(runner, record, clock)
        resumed = [each for each in (await runner.threads.begun(thread))["events"] if each["event"] == "resumed"]
        if len([each for each in resumed if each["moved"]]) > sum(each.moves for each in legs[:-1]):
            moved, legs[-1] = len(legs) - 1, replace(leg, moves=True)
    entry = await runner.threads.archive.entry(thread)
    if entry is None:
        assert record["status"] == "waiting"
        return None
    return Drawn(script, first, await runner.threads.begun(thread), entry, legs, moved)


async def _leg(script: Script, runner: Runner, record: Record) -> Leg | None:
    """Return how somebody goes on with a run that stopped or waits; None: it is done, or nobody does."""
    if record["status"] not in ("stopped", "waiting") or not record["resumable"]:
        return None
    state = await runner.threads.begun(record["thread_id"])
    if record["status"] == "stopped":
        options = script.resume(state["limits"], record["stop_reason"])
        return None if options is None else Leg({"budget": {}} | options, script.move(state.get("round", 0)))
    if script.people.random() < 0.05:
        return Leg({}, script.move(9))
    deed = await draw_deed(script.people, runner, record, script.team, state["limits"])
    return Leg({}, deed=deed)


async def facts_of(team: Team) -> Fetched:
    """The facts of a run that brings none."""
    return Fetched(dict(team.own_facts or {}))
