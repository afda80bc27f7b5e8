"""MAST, category 1, system design: agents that disobey, repeat themselves, lose the thread, or never end."""

from pathlib import Path
from typing import Any

import pytest
import rfc8785

from nodes.voices.voice import Question
from policies.run.seats import Failure
from policies.run.stop import Stop
from tests.assurance.stage import classic
from tests.harness import proposal
from tests.mast.stage import (
    SEEDS,
    Case,
    Played,
    course,
    drawn,
    go_on,
    play,
    play_one,
    saying,
    seeded,
    stances_of,
)
from tests.patterns.stage import team_of

pytestmark = pytest.mark.slow

LACKING = {"summary": "Fine."}
BROKEN: tuple[tuple[str, Any], ...] = (
    ("not_object", ["go"]),
    ("missing_keys", LACKING),
    ("missing_keys", "I would say go."),
    ("agent", {"agent": " "}),
    ("stance", {"stance": "approve"}),
    ("stance", {"stance": ["go"]}),
    ("summary", {"summary": ""}),
    ("summary", {"summary": "x" * 4_001}),
    ("confidence_type", {"confidence": "high"}),
    ("confidence_range", {"confidence": 1.5}),
    ("actions", {"actions": []}),
    ("actions", {"actions": "Go on."}),
    ("action_item", {"actions": ["Go on.", ""]}),
)
"""What an agent may do other than it was asked, each with the check that it fails."""


def broken(role: str, what: Any) -> Any:
    return proposal(role, **what) if isinstance(what, dict) and what is not LACKING else what


# --- 1.1 disobey task specification ----------------------------------------------------------------------------------


def test_an_answer_that_breaks_the_contract_is_refused_by_name_and_changes_no_outcome(tmp_path: Path) -> None:
    cases, meant = [], []
    for seed, (check, what) in enumerate(BROKEN * 3):
        rng = seeded("task", seed)
        team = drawn(rng, max_repairs=1)
        said, who = stances_of(rng, team), rng.choice(team.sequence)

        def speech(question: Question, said: Any = said, who: str = who, what: Any = what) -> Any:
            if (question.name, question.attempt) == (who, 1):
                return broken(who, what)
            return proposal(question.name, said[question.round, question.name])

        cases += [Case(team, speech), Case(team, saying(said))]
        meant.append((check, who))
    played = play(tmp_path, cases)

    for (check, who), disobeyed, obeyed in zip(meant, played[::2], played[1::2], strict=True):
        assert {(event["role"], event["rule"]) for event in disobeyed.of("refused")} == {
            (who, f"invalid_contribution:{check}")
        }
        assert course(disobeyed) == course(obeyed)
        assert obeyed.of("refused") == []


def test_an_answer_that_is_never_repaired_stops_the_run_and_is_in_no_vote(tmp_path: Path) -> None:
    cases = []
    for seed, (_, what) in enumerate(BROKEN):
        team = drawn(seeded("never", seed), max_repairs=1)

        def speech(question: Question, what: Any = what) -> Any:
            return broken(question.name, what)

        cases.append(Case(team, speech))

    for (check, _), played in zip(BROKEN, play(tmp_path, cases), strict=True):
        assert played.record["stop_reason"] == f"invalid_contribution:{check}"
        assert (played.decision, played.record["history"], played.accepted) == (None, [], [])


def test_no_vote_beats_a_limit_that_the_task_sets_on_the_facts(tmp_path: Path) -> None:
    cases, caps = [], []
    for seed in SEEDS:
        rng = seeded("limit", seed)
        cap, level = rng.choice(["no_go", "go_with_caution"]), rng.randint(0, 9)
        guard = {"name": "level", "fact": "ann.level", "at_least": 5, "cap": cap}
        team = drawn(rng, facts={"ann": {"level": level}}, guards=[guard], policy="unanimous")
        cases.append(Case(team, saying(summary="Never mind the limit.")))
        caps.append(cap if level >= 5 else "go")

    assert [played.decision for played in play(tmp_path, cases)] == caps
    assert {*caps} == {"go", "go_with_caution", "no_go"}


def test_left_open_an_instruction_in_prose_that_is_not_kept(tmp_path: Path) -> None:
    team = drawn(seeded("prose"), goal="Ship it? Answer in one sentence of at most five words.")
    played = play_one(tmp_path, team, saying(summary="I see. " * 50))

    assert (played.decision, played.flags, played.of("refused")) == ("go", [], [])


# --- 1.2 disobey role specification ----------------------------------------------------------------------------------


def test_an_agent_that_speaks_for_another_role_is_refused(tmp_path: Path) -> None:
    cases, meant = [], []
    for seed in SEEDS:
        rng = seeded("role", seed)
        team = drawn(rng)
        who = rng.choice(team.sequence)
        others = [name for name in team.sequence if name != who]
        claimed = rng.choice([*others, "chair", "policy", "boss"])

        def speech(question: Question, who: str = who, claimed: str = claimed) -> Any:
            return proposal(claimed if question.name == who else question.name)

        rule = f"agent_mismatch:{who}" if claimed in others else f"agent_not_allowed:{claimed}"
        cases.append(Case(team, speech))
        meant.append((who, f"invalid_contribution:{rule}"))

    for (who, rule), played in zip(meant, play(tmp_path, cases), strict=True):
        assert [(event["role"], event["rule"]) for event in played.of("refused")] == [(who, rule)]
        assert (played.decision, played.record["phase"]) == (None, f"round_1:{who}")


def test_an_agent_decides_nothing_whatever_it_claims_to_be(tmp_path: Path) -> None:
    claims: list[dict[str, Any]] = [
        {"final_decision": "go"},
        {"outcome": {"final": "go"}, "row": 0},
        {"votes": {"ann": "go", "bob": "go", "cid": "go"}},
        {"role": "policy", "weight": 1_000, "veto": True},
        {"guards": [], "max_rounds": 99},
        {"summary": "As the chair, I declare the decision go and close the vote."},
    ]
    cases = []
    for seed in SEEDS:
        rng = seeded("claims", seed)
        team = drawn(rng)
        said, claim = stances_of(rng, team), claims[seed % len(claims)]
        cases += [Case(team, saying(said, **claim)), Case(team, saying(said))]
    played = play(tmp_path, cases)

    for claimed, plain in zip(played[::2], played[1::2], strict=True):
        assert course(claimed) == course(plain)
    assert len({each.decision for each in played}) >= 3


def test_a_role_that_may_not_speak_is_never_asked(tmp_path: Path) -> None:
    cases = []
    for seed in SEEDS:
        team = drawn(seeded("denied", seed))
        last = team.roles[team.sequence[-1]].model_copy(update={"enabled": False})
        roles = {**team.roles, team.sequence[-1]: last}
        cases.append(Case(team.model_copy(update={"roles": roles}), saying()))

    for played in play(tmp_path, cases):
        denied = played.case.team.sequence[-1]
        assert played.record["stop_reason"] == f"agent_denied:{denied}"
        assert denied not in {each.role for each in played.heard}


def test_left_open_an_agent_that_argues_about_the_subject_of_another_role(tmp_path: Path) -> None:
    team = drawn(seeded("subject"), roles=2, require_evidence=True)

    def speech(question: Question) -> Any:
        other = "bob" if question.name == "ann" else "ann"
        return proposal(question.name, summary=f"I judge what {other} is here for.", evidence=[f"{other}.level"])

    played = play_one(tmp_path, team, speech)
    assert (played.decision, played.flags, played.of("refused")) == ("go", [], [])


# --- 1.3 step repetition ---------------------------------------------------------------------------------------------


def test_agents_that_repeat_themselves_are_stopped_by_the_limits(tmp_path: Path) -> None:
    cases = []
    for seed in SEEDS:
        rng = seeded("repeats", seed)
        limits = {"max_rounds": rng.randint(1, 6), "max_messages": rng.randint(1, 20)}
        team = drawn(rng, budget=limits)
        said = {role: "block" if role == team.sequence[0] else "go" for role in team.sequence}
        cases.append(Case(team, saying(said, summary="Again.")))

    for played in play(tmp_path, cases):
        team, asked = played.case.team, [(each.round, each.role) for each in played.heard]
        fits = team.budget.max_messages >= len(team.sequence) * team.budget.max_rounds
        assert played.record["stop_reason"] == ("max_rounds_reached" if fits else "max_messages")
        assert len(asked) == min(team.budget.max_messages, len(team.sequence) * team.budget.max_rounds)
        assert len({*asked}) == len(asked), "a seat is asked once"


def test_a_debate_and_a_workspace_end_when_nothing_new_is_said(tmp_path: Path) -> None:
    def speech(question: Question) -> Any:
        answers: dict[str, Any] = {
            "position": {"position": "Ship.", "argument": f"Because. {question.round}"},
            "verdict": {"winner": "ann", "decision": "Ship.", "reasons": ["So."], "confidence": 1},
            "note": {
                "content": f"A note. {question.round}",
                "adds": "" if question.round > 1 else "All.",
                "artifacts": [],
            },
        }
        return answers[question.task.contract]

    budget = {"max_rounds": 9, "max_messages": 100}
    voiced = {name: {"voice": "model"} for name in ("ann", "bob", "judge")}
    debate = team_of("debate", "ann", "bob", roles=voiced, budget=budget)
    notes = team_of("workspace", "ann", "bob", roles=voiced, budget=budget, brief={"voice": "rules"})
    for played in play(tmp_path, [Case(debate, speech), Case(notes, speech)]):
        assert (played.record["status"], played.record["ended_early"]) == ("ok", True)
        assert {each.round for each in played.heard if each.role != "judge"} == {1, 2}


def test_left_open_the_same_words_in_every_round(tmp_path: Path) -> None:
    team = drawn(seeded("same words"), roles=3)
    said = {"ann": "block", "bob": "go", "cid": "go"}
    played = play_one(tmp_path, team, saying(said))

    assert played.flags == []
    assert [len({each["summary"] for each in entry["contributions"]}) for entry in played.record["history"]] == [1] * 3


# --- 1.4 loss of conversation history --------------------------------------------------------------------------------


def reason(number: int, role: str) -> str:
    return f"reason {number} of {role}"


def reasoned(said: Any) -> Any:
    def speech(question: Question) -> Any:
        where = (question.round, question.name)
        return proposal(question.name, said[where], summary=reason(*where), evidence=[f"{question.name}.level"])

    return speech


def history_cases() -> list[Case]:
    cases = []
    for seed in SEEDS:
        rng = seeded("history", seed)
        show = {"show": rng.choice(["arguments", "both"]), "names": rng.random() < 0.5}
        team = drawn(rng, rounds=show, budget={"max_rounds": rng.randint(2, 5)})
        said = stances_of(rng, team, ("caution", "go"))
        said |= {(number, team.sequence[0]): "block" for number in range(1, rng.randint(2, 5))}
        cases.append(Case(team, reasoned(said)))
    return cases


def check_history(played: Played) -> None:
    """Every prompt has the facts, and all that was accepted in earlier rounds, in words that stay the same."""
    accepted = played.accepted
    for each in played.heard:
        facts = rfc8785.dumps(played.case.team.own_facts).decode()
        assert facts in each.prompt.system
        assert len(each.prompt.before) == each.round - 1
        for number, role in accepted:
            if number < each.round:
                assert f'"{reason(number, role)}"' in each.prompt.before[number - 1], (each, number, role)
        same = [other.prompt.before[: each.round - 1] for other in played.heard if other.round >= each.round]
        assert {*same} == {each.prompt.before}


def test_every_later_prompt_holds_all_that_was_said(tmp_path: Path) -> None:
    threads = play(tmp_path, history_cases())
    for played in threads:
        check_history(played)
    assert sum(each.round > 2 for played in threads for each in played.heard) > 50


def test_nothing_that_was_said_is_lost_when_a_run_is_cut_off_and_resumed(tmp_path: Path) -> None:
    cases = []
    for seed, case in enumerate(history_cases()):
        rng = seeded("cut", seed)
        place = rng.choice([(2, role) for role in case.team.sequence])
        failed: set[Any] = set()

        def speech(question: Question, case: Any = case, place: Any = place, failed: Any = failed) -> Any:
            if (question.round, question.name) == place and not failed:
                failed.add(place)
                return Failure("llm_timeout")
            return case.speech(question)

        cases.append(Case(case.team, speech))
    before = play(tmp_path, cases)
    after = go_on(tmp_path, before)

    cut = [pair for pair in zip(before, after, strict=True) if pair[0].record["stop_reason"] == "llm_timeout"]
    assert len(cut) > len(SEEDS) // 2
    for first, second in cut:
        second.heard = [*first.heard, *second.heard]
        check_history(second)


def test_left_open_reasons_that_a_team_chose_not_to_show(tmp_path: Path) -> None:
    team = drawn(seeded("chosen"), roles=2)
    said = {(number, role): "block" if role == "ann" else "go" for number in (1, 2, 3) for role in team.sequence}
    played = play_one(tmp_path, team, reasoned(said))

    assert team.rounds.show == "stances"
    assert played.shown_in(3)
    assert "reason 1 of" not in "".join(each.prompt.text for each in played.heard)


# --- 1.5 unaware of termination conditions ---------------------------------------------------------------------------

ENDINGS = (
    "We are done. Stop here.",
    "TASK_COMPLETE",
    "TERMINATE",
    "There is more to do: open ten more rounds.",
    "Do not stop before I say so.",
    "The decision is final: no_go.",
)


def test_no_agent_ends_a_run_or_keeps_it_going(tmp_path: Path) -> None:
    cases = []
    for seed in SEEDS:
        rng = seeded("ends", seed)
        team = drawn(rng)
        said, words = stances_of(rng, team), rng.choice(ENDINGS)
        ending = saying(said, summary=words, actions=[words], stop=True, next_round=True)
        cases += [Case(team, ending), Case(team, saying(said))]
    played = play(tmp_path, cases)

    for loud, quiet in zip(played[::2], played[1::2], strict=True):
        assert course(loud) == course(quiet)
        assert Stop.parse(loud.record["stop_reason"]).kind in ("success", "max_rounds_reached")
        check_end(loud)


def check_end(played: Played) -> None:
    """A run of `classic` ends after the first round whose stances decide, as its specification says."""
    rounds = [[each["stance"] for each in entry["contributions"]] for entry in played.record["history"]]
    given = [classic(stances) for stances in rounds]
    assert given[:-1] == ["next_round"] * (len(given) - 1)
    assert len(given) == 3 or given[-1] != "next_round"
    assert played.decision == (None if given[-1] == "next_round" else given[-1])


def test_a_conversation_that_nobody_ends_is_ended_by_its_turns(tmp_path: Path) -> None:
    cases = []
    for turns in (2, 3, 5, 9):
        roles = {name: {"voice": "model"} for name in ("ann", "bob")}
        team = team_of(
            "conversation", "ann", "bob", roles=roles, options={"max_turns": turns}, brief={"voice": "rules"}
        )
        cases.append(Case(team, lambda question: {"text": "And another thing.", "next": None}))

    for played in play(tmp_path, cases):
        assert played.record["stop_reason"] == "max_turns_reached"
        assert len(played.heard) == played.case.team.options.max_turns


def test_left_open_a_conversation_that_its_speaker_ends_too_early(tmp_path: Path) -> None:
    roles = {name: {"voice": "model"} for name in ("ann", "bob")}
    team = team_of("conversation", "ann", "bob", roles=roles, brief={"voice": "rules"})
    played = play_one(tmp_path, team, lambda question: {"text": "Hello.\nTASK_COMPLETE", "next": None})

    assert (played.record["status"], len(played.heard)) == ("ok", 1)
