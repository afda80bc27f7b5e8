"""Random checks of random teams on the real graph, against checks on paper: who flips, how often, what follows."""

import asyncio
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from graph.opening import open_runner
from graph.record import Record
from nodes.voices.voice import Question
from tests.harness import scripted, settings_at, team_of
from tests.judged import team_file
from tests.oracle.deciding import STANCES
from tests.oracle.drawing import Limits, draw
from tests.oracle.runs import BROKEN, Ending
from tests.oracle.sampling import Checked, CheckedRun, Rule, Sampled, is_interval
from tests.oracle.tables import Team
from tests.oracle.test_runs import (
    CAPS,
    Act,
    as_ending,
    done,
    draw_acts,
    draw_cites,
    draw_confidences,
    draw_script,
    speech_of,
    spoken,
)

SMALL = Limits(votes=300)
NO_ANSWER = (BROKEN, "llm_timeout", "llm_rate_limited", "llm_error:503", "llm_empty", "llm_truncated")
Plain = dict[str, Any]


def draw_rule(random: Random) -> Rule:
    """Return how the decisions are checked."""
    limit = random.choice(("0", "0.2", "0.25", "0.34", "0.5", "1"))
    return Rule(random.randint(1, 6), limit, random.choice(("escalate", "stop")))


def draw_samples(seed: int) -> Sampled:
    """Return what each seat of each sample says, now and whenever it is asked."""
    random = Random(f"{seed} samples")
    mood, trouble = random.choice((STANCES, ("go", "go", "go", "block"), ("go",))), random.choice((0.0, 0.0, 0.1, 0.6))

    def sampled(role: str, number: int, check: int, sample: int) -> str:
        random = Random(f"{seed} {role} {number} {check} {sample}")
        return random.choice(NO_ANSWER) if random.random() < trouble else random.choice(mood)

    return sampled


def with_samples(speech: Any, sampled: Sampled, sure: Any, cites: Any, asked: Counter[tuple[str, int, int]]) -> Any:
    """Return a speech that answers samples, too, and counts them."""

    def speaks(question: Question) -> Any:
        _, mark, sample = question.task.seat.partition("~")
        if not mark:
            return speech(question)
        asked[question.task.seat, question.round, question.attempt] += 1
        answer, key = (
            sampled(question.name, question.round, question.attempt, int(sample)),
            (question.name, question.round),
        )
        return spoken(key, answer, sure[key], cites[key])

    return speaks


def real_run(home: Path, text: str, speech: Any, acts: list[Act]) -> tuple[list[Record], list[Mapping[str, Any]]]:
    """Return the record of the real run at first and after each act, and its state each time."""
    settings, path = settings_at(home), home / "drawn.yaml"
    path.write_text(text, encoding="utf-8")
    team = team_of(settings, str(path))

    async def main() -> tuple[list[Record], list[Mapping[str, Any]]]:
        async with open_runner(settings, scripted(speech)) as runner:
            records, states = [await runner.run(team, "drawn")], [await runner.threads.begun("drawn")]
            for act in acts:
                records.append(await done(runner, "drawn", act))
                states.append(await runner.threads.begun("drawn"))
            return records, states

    return asyncio.run(main())


def with_check(text: str, rule: Rule, team: Team) -> tuple[str, int]:
    """Return the file of a team that checks its decisions, and how many messages a check may have."""
    most = rule.samples * len(team.sequence + team.bench)
    limits = {"samples": rule.samples, "max_flip_rate": float(rule.limit), "max_messages": most}
    return json.dumps({**json.loads(text), "stability": {**limits, "otherwise": rule.otherwise}}), most


def check_seed(seed: int, home: Path) -> str:
    """Return where the checks of a random run are not as the oracle has them, or an empty text."""
    table, team = draw(seed, SMALL)
    random = Random(f"{seed} stability")
    script, acts, caps = draw_script(random, team), draw_acts(random, team), random.choice(CAPS)
    sure, cites = draw_confidences(random, team), draw_cites(random, team)
    rule, sampled, asked = draw_rule(random), draw_samples(seed), Counter[tuple[str, int, int]]()
    paper = CheckedRun(table, team, script, caps, sure, cites, rule=rule, sampled=sampled)
    text, most = with_check(team_file(table, team, caps, accepted=("total", "monotone")), rule, team)
    speech = with_samples(speech_of(script, sure, cites), sampled, sure, cites, asked)
    records, states = real_run(home, text, speech, acts)
    for number, (record, state) in enumerate(zip(records, states, strict=True)):
        act = acts[number - 1] if number else None
        wanted = paper.go() if act is None else paper.answer(act) if isinstance(act, str) else paper.resume(**act)
        found = _ending(record, state)
        if found != wanted:
            return f"seed {seed}, act {number} of {acts}, {rule}: {found}\nthe oracle: {wanted}\n{paper.checks}"
        if wanted.stop_reason == BROKEN:
            break
        checks = [event for event in state["events"] if event["event"] == "stability"]
        if [_found(each) for each in checks] != paper.checks:
            return f"seed {seed}, act {number}: {[*map(_found, checks)]}\nthe oracle: {paper.checks}"
        if fault := next(filter(None, (_fault(each, rule) for each in checks)), None):
            return f"seed {seed}, act {number}: {fault}"
        if fault := _misrecorded(record, checks):
            return f"seed {seed}, act {number}: {fault}"
    by_check = Counter((number, check) for (_, number, check), times in asked.items() for _ in range(times))
    return f"seed {seed}: {by_check}, allowed {most}" if max(by_check.values(), default=0) > most else ""


def _ending(record: Record, state: Mapping[str, Any]) -> Ending:
    """Return the record as the oracle has it; the messages of samples are not the run's."""
    ending = as_ending(record)
    samples = sum(event["event"] == "sampled" for event in state["events"])
    return replace(ending, messages=ending.messages - samples)


def _found(event: Plain) -> Checked:
    """Return the event of a check as the oracle has it."""
    casts = tuple(tuple(each.values()) for each in event["casts"])
    outcomes, numbers = tuple(event["outcomes"]), tuple(event["numbers"])
    return Checked(event["round"], event["attempt"], event["announced"], numbers, casts, outcomes, event["acts"])


def _fault(event: Plain, rule: Rule) -> str:
    """Return what of a check's numbers does not follow from its outcomes, or an empty text."""
    found = _found(event)
    completed, final = len(found.outcomes), found.announced if found.acts == "announce" else found.acts
    rate = found.flips / completed if completed else None
    told = (event["samples"], event["completed"], event["flips"], event["rate"], event["final"], event["kept"])
    if told != (rule.samples, completed, found.flips, rate, final, []):
        return f"{told}, {found}"
    is_right = is_interval(event["low"], event["high"], found.flips, completed)
    return "" if is_right else f"{event['low']} to {event['high']} of {found.flips} in {completed}"


def _misrecorded(record: Record, checks: list[Plain]) -> str:
    """Return where the record does not say what the last check found, or an empty text."""
    if not checks:
        return "" if "stability" not in record else f"{record['stability']}"
    kept = ("round", "samples", "completed", "flips", "rate", "max_flip_rate", "announced", "acts")
    wanted = {key: checks[-1][key] for key in kept} | {"interval": [checks[-1]["low"], checks[-1]["high"]]}
    return "" if record["stability"] == wanted else f"{record['stability']}, wanted {wanted}"


def test_random_checks_find_what_the_oracle_finds(tmp_path: Path) -> None:
    assert not [found for seed in range(3) if (found := check_seed(seed, _folder(tmp_path, seed)))]


@pytest.mark.slow
def test_more_random_checks_find_what_the_oracle_finds(tmp_path: Path) -> None:
    assert not [found for seed in range(3, 20) if (found := check_seed(seed, _folder(tmp_path, seed)))]


def _folder(home: Path, seed: int) -> Path:
    folder = home / f"{seed}"
    folder.mkdir()
    return folder
