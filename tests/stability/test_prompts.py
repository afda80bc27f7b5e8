"""A sample reads what the last round read, with the keys of the facts in another order; a model is sent a seed."""

import json
from pathlib import Path
from typing import Any

import pytest

from nodes.samples import MAX_SEED
from nodes.voices.voice import Question, Utterance
from tests.harness import ScriptedVoice, answer, proposal, resume, run, scripted, settings_at
from tests.runs.stage import state_of
from tests.stability.stage import FACTS, ROLES, play, raw_team, sample_in, saying, team_from

pytestmark = pytest.mark.slow


class Noting(ScriptedVoice):
    """A scripted voice that notes every question."""

    def __init__(self, speech: Any) -> None:
        super().__init__(speech)
        self.questions: list[Question] = []

    async def propose(self, question: Question) -> Utterance:
        self.questions.append(question)
        return await super().propose(question)

    def of(self, role: str, sample: int | None, round_number: int = 1) -> Question:
        """The question of a role in a sample, or in a round."""
        found = [each for each in self.questions if (each.name, sample_in(each)) == (role, sample)]
        return next(each for each in found if each.round == round_number)


def noted(home: Path, thread: str = "t", speech: Any = None, **changes: Any) -> Noting:
    """The questions of a run that decided."""
    voice = Noting(speech or saying())

    record = run(team_from(raw_team(**changes)), settings_at(home), thread, {"model": voice, "rules": voice})
    assert record["final_decision"] == "go", record
    return voice


def caution_first(question: Question) -> Any:
    """A block in the first round, so that a second one follows."""
    return proposal(question.name, "block" if (question.name, question.round) == ("risk", 1) else "go")


@pytest.mark.parametrize("rounds", [{}, {"show": "both"}, {"show": "arguments", "names": False}])
def test_a_sample_reads_the_last_round_but_for_the_order_of_the_facts(tmp_path: Path, rounds: Any) -> None:
    voice = noted(tmp_path, speech=caution_first, rounds=rounds)
    orders = set()
    for role in ROLES:
        last = voice.of(role, None, 2).prompt
        for sample in range(1, 6):
            prompt = voice.of(role, sample, 2).prompt
            orders.add(json.dumps(voice.of(role, sample, 2).facts))
            assert (prompt.before, len(prompt.text)) == (last.before, len(last.text))
            assert [*map(_meaning, prompt.users)] == [*map(_meaning, last.users)]
            assert _meaning(prompt.system.rpartition("\n")[2]) == _meaning(last.system.rpartition("\n")[2])
            assert prompt.system.rpartition("\n")[0] == last.system.rpartition("\n")[0]
            assert prompt.text != last.text or voice.of(role, sample, 2).facts == FACTS
    assert len(orders) == 4  # of the 288 there are; two samples drew the same one


def _meaning(text: str) -> Any:
    """What a text says: as JSON, if it is any."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def test_all_roles_of_a_sample_read_the_facts_in_one_order_and_lists_keep_theirs(tmp_path: Path) -> None:
    voice = noted(tmp_path)
    for sample in range(1, 6):
        first, *others = [json.dumps(voice.of(role, sample).facts) for role in ROLES]
        assert others == [first, first]
        assert json.loads(first) == FACTS
    nested = {json.dumps(voice.of("risk", sample).facts["b"]) for sample in range(1, 6)}
    assert len(nested) > 1


def test_seeds_and_orders_follow_from_thread_and_sample_alone(tmp_path: Path) -> None:
    one, same, other = (noted(tmp_path / name, thread) for name, thread in (("a", "t"), ("b", "t"), ("c", "u")))
    seeds = {sample: one.of("risk", sample).seed for sample in range(1, 6)}
    assert seeds == {sample: same.of("sales", sample).seed for sample in range(1, 6)}
    assert len({*seeds.values()}) == 5
    assert all(seed is not None and 0 <= seed < MAX_SEED for seed in seeds.values())
    assert seeds.values() != {sample: other.of("risk", sample).seed for sample in range(1, 6)}.values()
    assert [one.of("risk", each).prompt for each in range(1, 6)] == [
        same.of("risk", each).prompt for each in range(1, 6)
    ]
    assert one.of("risk", None).seed is None


def test_what_a_sample_sends_to_others_is_not_posted(tmp_path: Path) -> None:
    def speech(question: Question) -> Any:
        others = [role for role in ROLES if role != question.name]
        return proposal(question.name) | {"messages": [{"to": others[:1], "kind": "question", "content": "Why?"}]}

    played = play(tmp_path, speech, team_from(raw_team(messages={})))
    assert len(played.state["messages"]) == 3
    assert played.record["stability"]["flips"] == 0
    assert {each["open_questions"] for each in played.events("stability")[0]["marks"]} == {3}


def test_messages_of_samples_are_counted_apart_from_those_of_the_run(tmp_path: Path) -> None:
    played = play(tmp_path, saying(), team_from(raw_team(budget={"max_messages": 3})))
    assert played.record["final_decision"] == "go"
    assert (played.state["spent"]["messages"], len(played.events("sampled"))) == (3, 15)


def test_tokens_of_samples_count_and_a_check_that_does_not_fit_stops_until_somebody_raises_them(tmp_path: Path) -> None:

    team = team_from(raw_team(budget={"max_messages": 9, "max_tokens": 8_000}, max_output_tokens=300))
    played = play(tmp_path, saying(), team)
    assert (played.record["stop_reason"], played.record["phase"].partition(":")[0]) == ("max_tokens", "round_1")
    assert played.events("stability") == []
    asked = len(played.events("sampled"))
    assert 0 < asked < 15

    record = resume(settings_at(tmp_path), voices=scripted(saying()), budget={"max_tokens": 90_000})
    assert (record["final_decision"], record["stability"]["completed"]) == ("go", 5)
    assert len(played.events("sampled")) == 15


def test_guards_hold_in_samples_as_in_the_round(tmp_path: Path) -> None:
    guards = [{"name": "n", "fact": "b.z", "at_least": 1, "cap": "go_with_caution"}]
    played = play(tmp_path, saying(flipped=(3,), stance="caution"), team_from(raw_team(guards=guards)))
    (check,) = played.events("stability")
    assert (check["announced"], check["outcomes"]) == ("go_with_caution", ["go_with_caution"] * 5)


def test_the_stance_of_a_role_that_people_answer_for_is_kept(tmp_path: Path) -> None:

    raw = raw_team()
    raw["roles"]["legal"] = {**raw["roles"]["legal"], "voice": "human"}
    play(tmp_path, saying(), team_from(raw))
    record = answer(settings_at(tmp_path), proposal("legal"), voices=scripted(saying()))

    assert (record["final_decision"], record["stability"]["completed"]) == ("go", 5)
    events = state_of(settings_at(tmp_path))["events"]
    (check,) = [event for event in events if event["event"] == "stability"]
    assert check["kept"] == ["legal"]
    assert {event["role"] for event in events if event["event"] == "sampled"} == {"risk", "sales"}
    assert check["casts"] == [dict.fromkeys(ROLES, "go")] * 5
