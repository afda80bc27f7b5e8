"""The proof against runs that are played vote by vote from round 1: both must say the same of random tables."""

from collections import Counter

import pytest

from policies.assurance.places import Counterexample
from policies.assurance.proof import Proof, PropertyCheck, prove
from policies.decision.table import Property
from tests.policies.assurance.random_runs import QUESTIONS, random_run
from tests.policies.assurance.simulation import CAUTIOUS, RANK, Said, Simulation, State, departures, seated_at

pytestmark = pytest.mark.slow

AT_ONE_PLACE: tuple[Property, ...] = ("total", "monotone", "absence_never_helps", "veto_honoured")


class Judge:
    """What the runs of one random table say, and what is asked of a proof."""

    def __init__(self, seed: object) -> None:
        self.policy, self.team = random_run(seed)
        questions = QUESTIONS if "open_questions" in self.policy.variables else (0,)
        self.runs = Simulation(self.policy, self.team, questions, highest=8, late=6)
        self.plain, self.resumed = self.runs.plain(), self.runs.resumed()
        proof: Proof = prove(self.policy, self.team)
        self.checks: dict[str, PropertyCheck] = {check.property: check for check in (*proof.checks, *proof.reports)}

    def judge(self) -> None:
        for name in AT_ONE_PLACE:
            self.judge_places(name)
        self.judge_lasting()
        self.judge_open_ends()
        self.judge_reports()

    def judge_places(self, name: Property) -> None:
        """It fails where a vote does, and its counterexample is a smallest one, without a resume if there is one."""
        plain = list(self.runs.failing(name, self.plain))
        failing = plain or list(self.runs.failing(name, self.resumed))
        check = self.checks[name]
        assert check.holds == (not failing), name
        if check.counterexample is None:
            return
        state, votes = self.shown(check.counterexample)
        least = min(departures(said) for _, _, said in failing)
        assert state in (self.plain if plain else self.resumed)
        assert departures(votes[0]) == least
        earliest = min(state[0] for state, _, said in failing if departures(said) == least)
        assert not plain or state[0] == earliest
        place = check.counterexample.place
        assert getattr(self.runs, f"breaks_{name}")(state, (place.marks.open_questions, place.confidence), votes[0])
        if len(votes) == 2:
            self.judge_move(name, check.counterexample, votes)

    def judge_move(self, name: Property, example: Counterexample, votes: list[Said]) -> None:
        """Exactly one role moves, in the right direction, and the outcome becomes more permissive."""
        ((before, after),) = [pair for pair in zip(*votes, strict=True) if pair[0] != pair[1]]
        assert (before, after) == ("go", "absent") if name != "monotone" else after in CAUTIOUS[before]
        assert RANK[example.outcomes[1]] > RANK[example.outcomes[0]]

    def shown(self, example: Counterexample) -> tuple[State, list[Said]]:
        """Where the counterexample is, and its votes, which have the outcomes that it names."""
        place = example.place
        state = (place.round, place.rounds_blocked, seated_at(self.team, place), place.max_rounds)
        roles = self.runs.roles(state[2])
        assert [[*casts] for casts in example.votes] == [[*roles]] * len(example.votes)
        votes: list[Said] = [tuple(casts[role] for role in roles) for casts in example.votes]
        variant = (place.marks.open_questions, place.confidence)
        assert tuple(self.runs.rule(state, said, variant).final for said in votes) == example.outcomes
        return state, votes

    def judge_lasting(self) -> None:
        needed, lasting = self.runs.seats(), self.runs.lasting()
        check, allowed = self.checks["resolves"], self.team.max_messages
        assert check.holds == (needed <= allowed and not lasting)
        assert self.checks["repairs_fit"].holds == (needed * (1 + self.team.max_repairs) <= allowed)
        if check.counterexample is not None and needed <= allowed:
            state, _ = self.shown(check.counterexample)
            (casts,) = check.counterexample.votes
            everybody = self.team.roles + self.team.joining
            spelled = [dict(zip(everybody, said, strict=True)) for said in lasting]
            assert state in self.plain
            assert state[0] == self.team.max_rounds
            assert any(all(each[role] == cast for role, cast in casts.items()) for each in spelled)

    def judge_open_ends(self) -> None:
        """Votes that change end undecided where the proof says so, and its history leads there."""
        ends, check = self.runs.open_ends(), self.checks["resolves_always"]
        assert check.holds == (not ends)
        if check.counterexample is None:
            return
        state: State = self.runs.begun()
        example = check.counterexample
        for place, casts in (*example.history, (example.place, example.votes[0])):
            assert (place.round, place.rounds_blocked, seated_at(self.team, place), place.max_rounds) == state
            said = tuple(casts[role] for role in self.runs.roles(state[2]))
            ruling = self.runs.rule(state, said, (place.marks.open_questions, place.confidence))
            assert ruling.final == "next_round"
            state = self.runs.after(state, said, ruling)
        assert len(example.history) == self.team.max_rounds - 1
        assert departures(said) == min(departures(last) for _, last in ends)

    def judge_reports(self) -> None:
        rulings: dict[tuple[State, tuple[int, float | None], Said], object] = {}
        firing = set()
        for state in self.resumed:
            for variant in self.runs.variants():
                for said in self.runs.votes(state[2]):
                    ruling = self.runs.rule(state, said, variant)
                    rulings[state, variant, said] = ruling.final
                    firing.add(ruling.row)
        alike: dict[object, set[object]] = {}
        for (state, variant, said), final in rulings.items():
            alike.setdefault((state, variant, tuple(sorted(said))), set()).add(final)
        assert self.checks["idle_rows"].holds == ({*range(len(self.policy.rules))} <= firing)
        assert self.checks["asymmetry"].holds == all(len(finals) == 1 for finals in alike.values())
        example = self.checks["asymmetry"].counterexample
        if example is not None:
            _, votes = self.shown(example)
            moved = [pair for pair in zip(*votes, strict=True) if pair[0] != pair[1]]
            assert (len(moved), moved[0]) == (2, moved[1][::-1])
            assert len({*example.outcomes}) == 2


@pytest.mark.parametrize("tens", range(4))
def test_the_proof_says_of_random_tables_what_their_runs_say(tens: int) -> None:
    for seed in range(tens * 10, tens * 10 + 10):
        Judge(seed).judge()


def test_the_random_tables_break_every_property_and_keep_every_property_with_and_without_a_resume() -> None:
    broken, kept, resumed = Counter[str](), Counter[str](), Counter[str]()
    joined = left = 0
    for seed in range(200):
        proof = prove(*random_run(seed))
        joined += any({*team} - {*proof.roles} for team in proof.walked.teams)
        left += any({*proof.roles} - {*team} for team in proof.walked.teams)
        for check in (*proof.checks, *proof.reports):
            (kept if check.holds else broken)[check.property] += 1
            note = check.counterexample.note if check.counterexample else None
            resumed[check.property] += "a resume raised" in (note or "") or "a human asked" in (note or "")

    names = (*AT_ONE_PLACE, "resolves", "resolves_always", "repairs_fit", "overlaps", "idle_rows", "asymmetry")
    assert min(broken[name] for name in names) >= 5
    assert min(kept[name] for name in names) >= 5
    assert min(resumed[name] for name in ("monotone", "veto_honoured", "overlaps")) >= 1
    assert min(joined, left) >= 20
