"""Whatever the roles write each other, and wherever a run dies: each message is read in one turn, by all it is for."""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.store.memory import InMemoryStore

from graph.problems import UsageError
from graph.runner import Runner
from graph.store.census import Census, Rows
from graph.store.database import Database
from graph.store.fences import Fences
from graph.store.locks import FileLocks
from graph.store.tombstones import Tombstones
from graph.teams.policies import with_policy
from nodes.services import Services
from nodes.voices.voice import BriefQuestion, Question, Utterance
from policies.messages.message import KINDS, PRIORITIES
from policies.team.rules import parse_team
from policies.team.team import Team
from tests.durability.points import Killer, killing
from tests.durability.processes import without
from tests.harness import load_facts

pytestmark = pytest.mark.system

ROLES = ("ada", "ben", "cid")
ROUNDS = 4
Plain = dict[str, Any]
Turn = tuple[str, int]
"""A role in a round."""
Reads = dict[Turn, list[str]]


@dataclass(frozen=True)
class Plan:
    """What every role writes in every turn, and in which turns it breaks the contract first."""

    pattern: str
    letters: Mapping[Turn, list[Plain]]
    slips: frozenset[Turn]
    subscribed: Mapping[str, list[str]]
    max_inbox: int

    @property
    def team(self) -> Team:
        roles = {
            role: {"title": role, "mandate": "Speak.", "voice": "model", "subscribes": {"kinds": self.subscribed[role]}}
            for role in ROLES
        }
        raw = {"name": "writers", "title": "Writers", "goal": "Decide.", "facts": {"day": 1}, "policy": "classic"}
        limits = {"max_rounds": ROUNDS, "max_messages": 100, "max_seconds": 900}
        more = {"brief": {"voice": "model"}, "messages": {"max_inbox": self.max_inbox}, "budget": limits}
        team = parse_team(with_policy({**raw, "pattern": self.pattern, "sequence": ROLES, "roles": roles, **more}))
        assert isinstance(team, Team)
        return team


def _letters() -> st.SearchStrategy[Plain]:
    others = st.lists(st.sampled_from([*ROLES, "all"]), min_size=1, max_size=2, unique=True)
    kinds, priorities = st.sampled_from(KINDS), st.sampled_from(PRIORITIES)
    return st.fixed_dictionaries({"to": others, "kind": kinds, "priority": priorities, "content": st.just("Hear.")})


TURNS = [(role, number) for number in range(1, ROUNDS + 1) for role in ROLES]
PLANS = st.builds(
    Plan,
    pattern=st.sampled_from(["rounds", "workspace"]),
    letters=st.fixed_dictionaries({turn: st.lists(_letters(), max_size=2) for turn in TURNS}),
    slips=st.frozensets(st.sampled_from(TURNS), max_size=3),
    subscribed=st.fixed_dictionaries({role: st.lists(st.sampled_from(KINDS), max_size=1) for role in ROLES}),
    max_inbox=st.integers(1, 4),
)


@dataclass
class Writers:
    """The voice of all roles; notes who reads which messages in which turn, each time it is asked."""

    plan: Plan
    reads: list[tuple[Turn, list[str]]] = field(default_factory=list)

    async def propose(self, question: Question) -> Utterance:
        question.meter.calls += 1
        user, turn = json.loads(question.prompt.user), (question.name, question.round)
        self.reads.append((turn, [message["id"] for message in user.get("inbox", [])]))
        await asyncio.sleep(0)
        if turn in self.plan.slips and question.attempt == 1:  # what it writes with a broken answer goes nowhere
            return Utterance({"messages": [{"to": "all", "kind": "note", "content": "Lost."}]})
        return Utterance({**_said(question), "messages": self.plan.letters[turn]})

    async def write_brief(self, question: BriefQuestion) -> Utterance:
        question.meter.calls += 1
        return Utterance("Done.")


def _said(question: Question) -> Plain:
    """Return what leads to one more round, until there is none left."""
    stance = "block" if question.name == "ben" and question.round < ROUNDS else "go"
    contribution = {"agent": question.name, "stance": stance, "summary": "So.", "confidence": 0.9, "actions": ["Go."]}
    return {**contribution, "content": "So.", "adds": "This.", "artifacts": []}


class Reaper(Killer):
    """Ends a run at its n-th point as a kill does: from then on it writes nothing more."""

    def __init__(self, folder: Path, last: int | None = None) -> None:
        super().__init__(folder, at="")
        self.reached, self._last = 0, last
        self.died, self.buried = asyncio.Event(), asyncio.Event()

    async def around(self, moment: str, work: Any) -> Any:
        await self._live(work)
        done = await work
        await self._live()
        return done

    async def _live(self, work: Any = None) -> None:
        self.reached += not self.died.is_set()
        if self.reached == self._last:
            if work is not None:
                work.close()
            self.died.set()
            await self.buried.wait()
            raise asyncio.CancelledError

    async def watch(self, run: asyncio.Future[Any]) -> None:
        """Wait until the run has died, and clear away what is left of it in this process."""
        death = asyncio.ensure_future(self.died.wait())
        await asyncio.wait({run, death}, return_when=asyncio.FIRST_COMPLETED)
        assert not run.done(), "the run was over before its point"
        run.cancel()
        self.buried.set()
        await asyncio.gather(run, death, return_exceptions=True)


@dataclass(frozen=True)
class Left:
    """What a thread came to: its state, and what was read, in the order in which it was."""

    state: Plain
    reads: list[tuple[Turn, list[str]]]
    points: int = 0

    @property
    def turns(self) -> Reads:
        """What was read in each turn; a turn that was asked again, after a slip or a kill, read the same."""
        turns: Reads = {}
        for turn, ids in self.reads:
            assert turns.setdefault(turn, ids) == ids, f"{turn} read {ids} after {turns[turn]}"
        return turns


async def _nothing(*_: object) -> Rows:
    return []


async def _any_token(query: str, *_: object) -> Rows:
    return [] if "tombstones" in query else [(1,)]


async def _unwritten(*_: object) -> None:
    raise AssertionError("nothing is purged")


async def _unscrubbed() -> bool:
    return False


async def _lived(plan: Plan, folder: Path, last: int | None = None) -> Left:
    """Return what the run comes to; with a last point, killed there and resumed."""
    locks = FileLocks(folder)
    fences = Fences(locks, {}, _any_token)
    tombs = Tombstones((), _nothing, _unwritten, _unscrubbed)
    opened = Database(InMemorySaver(), InMemoryStore(), locks, fences, Census(_nothing, ()), tombs)
    voice, reaper = Writers(plan), Reaper(folder, last)
    services = Services({"model": voice}, load_facts)
    runner, heir = Runner(killing(opened, reaper), services), Runner(opened, services)
    if last is None:
        await runner.run(plan.team, "t")
    else:
        await reaper.watch(asyncio.ensure_future(runner.run(plan.team, "t")))
        try:
            await heir.resume("t")
        except UsageError:  # it died before it was admitted
            await heir.run(plan.team, "t")
    state = await heir.threads.state("t")
    return Left(dict(state or {}), voice.reads, reaper.reached)


def _expected(plan: Plan, state: Plain) -> Reads:
    """Return what each turn reads of what was sent before it: the most urgent first, then the oldest, up to a limit."""
    sent = [(event["round"], event["message"]) for event in state["events"] if event["event"] == "sent"]
    reads: Reads = {}
    taken: dict[str, set[str]] = {role: set() for role in ROLES}
    for role, number in TURNS:
        waiting = [each for when, each in sent if when < number and _is_for(each, role, plan)]
        waiting = [each for each in waiting if each["id"] not in taken[role]]
        waiting.sort(key=lambda each: -PRIORITIES.index(each["priority"]))
        reads[role, number] = [each["id"] for each in waiting[: plan.max_inbox]]
        taken[role].update(reads[role, number])
    return reads


def _posted(state: Plain) -> Counter[Turn]:
    return Counter((event["message"]["from"], event["round"]) for event in state["events"] if event["event"] == "sent")


def _written(plan: Plan) -> Counter[Turn]:
    """Return how many letters of each turn are for anybody but their writer; the others are refused."""
    return Counter(turn for turn, letters in plan.letters.items() for each in letters if {*each["to"]} - {turn[0]})


def _is_for(message: Plain, role: str, plan: Plan) -> bool:
    return message["from"] != role and (role in message["to"] or message["kind"] in plan.subscribed[role])


WHOLE_RUNS = [phase for phase in Phase if phase is not Phase.shrink]
"""Each example is a run and its resume: making a counterexample smaller would take longer than reading it."""


@settings(max_examples=60, phases=WHOLE_RUNS)
@given(plan=PLANS, place=st.floats(0, 1, exclude_max=True))
def test_a_run_that_died_anywhere_delivers_each_message_once_to_everybody_it_is_for(
    tmp_path_factory: pytest.TempPathFactory, plan: Plan, place: float
) -> None:
    folder = tmp_path_factory.mktemp("writers")
    whole = asyncio.run(_lived(plan, folder))
    killed = asyncio.run(_lived(plan, folder, 1 + int(place * whole.points)))
    assert whole.state["round"] == ROUNDS
    assert whole.turns == _expected(plan, whole.state)
    assert killed.turns == whole.turns
    assert _posted(killed.state) == _posted(whole.state) == _written(plan)
    assert without(killed.state["messages"], "at") == without(whole.state["messages"], "at")
    assert not any(message["content"] == "Lost." for message in killed.state["messages"])
    given_out = [(turn[0], id) for turn, ids in whole.turns.items() for id in ids]
    assert sorted((each["role"], each["id"]) for each in killed.state["delivered"]) == sorted(given_out)
