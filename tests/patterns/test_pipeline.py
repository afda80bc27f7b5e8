"""The pipeline in whole runs: each role gets the output of the one before, held against its fields and check."""

from pathlib import Path
from typing import Any

import pytest

from policies.team.team import Team
from tests.harness import without_times
from tests.patterns.stage import (
    FACTS,
    GOAL,
    Plain,
    answer,
    go_on,
    output,
    outputs,
    play,
    refused,
    seat,
    stopped,
    success,
    team_of,
    usage,
)
from tests.scripted_server import forever, text

pytestmark = pytest.mark.slow

LINES: Plain = {"writer": output("A draft."), "coder": output("Some code."), "analyst": output("It holds.")}


def pipeline(**changes: Any) -> Team:
    return team_of("pipeline", "writer", "coder", "analyst", **changes)


def test_the_last_output_is_the_answer_and_no_synthesis_is_asked_for(tmp_path: Path) -> None:
    played = play(tmp_path, pipeline(), LINES)
    outputs_told = [
        seat(1, "writer", "writer", {"text": "A draft."}),
        seat(2, "coder", "coder", {"text": "Some code."}),
        seat(3, "analyst", "analyst", {"text": "It holds."}),
    ]
    assert without_times(played.record) == success(played.team, "It holds.", outputs_told, usage(3))
    assert played.order == ["writer", "coder", "analyst"]
    assert played.most_at_once == 1


def test_each_role_sees_the_output_of_the_one_before_and_nothing_else(tmp_path: Path) -> None:
    team = pipeline(roles={"coder": {"fields": {"lines": "number", "safe": "boolean", "names": "list", "in": "text"}}})
    fields = {"lines": 3, "safe": True, "names": ["a", " b "], "in": " Python "}
    played = play(tmp_path, team, LINES | {"coder": output(" Some code. ", **fields, extra="unasked")})
    assert played.tasks("writer") == [{}]
    assert played.tasks("coder") == [{"previous": {"agent": "writer", "text": "A draft."}}]
    kept = {"lines": 3.0, "safe": True, "names": ["a", "b"], "in": "Python"}
    assert played.tasks("analyst") == [{"previous": {"agent": "coder", "text": "Some code.", **kept}}]
    users = [{key: call.user[key] for key in call.user if key != "task"} for call in played.server.calls]
    assert users == [
        {"goal": GOAL, "role": role, "round": number, "shared_context": FACTS}
        for number, role in enumerate(("writer", "coder", "analyst"), 1)
    ]


def test_a_role_is_asked_for_its_own_fields_as_a_strict_schema(tmp_path: Path) -> None:
    team = pipeline(roles={"writer": {"fields": {"pages": "number"}}})
    played = play(tmp_path, team, LINES | {"writer": output("A draft.", pages=2)})
    [call] = played.calls("writer")
    schema = call.body["response_format"]["json_schema"]
    assert (schema["name"], schema["strict"], schema["schema"]["required"]) == ("output", True, ["text", "pages"])
    assert schema["schema"]["properties"]["pages"] == {"type": "number"}


CHECKED: Plain = {"fields": {"margin": "number", "risks": "list", "sure": "boolean"}, "check": "output.margin > 5.0"}
SOUND: Plain = {"text": "Fine.", "margin": 6, "risks": [], "sure": True}
BROKEN: dict[str, tuple[Plain, str]] = {
    "a blank text": ({**SOUND, "text": " \n "}, "text"),
    "a text that is none": ({**SOUND, "text": 5}, "text"),
    "no text": ({key: SOUND[key] for key in ("margin", "risks", "sure")}, "text"),
    "a missing field": ({key: SOUND[key] for key in ("text", "margin", "sure")}, "field:risks"),
    "a number as text": ({**SOUND, "margin": "6"}, "field:margin"),
    "a number that is true": ({**SOUND, "margin": True}, "field:margin"),
    "a number out of bounds": ({**SOUND, "margin": 1e16}, "field:margin"),
    "a boolean that is a number": ({**SOUND, "sure": 1}, "field:sure"),
    "a list with a blank": ({**SOUND, "risks": ["late", " "]}, "field:risks"),
    "a check that is not met": ({**SOUND, "margin": 5}, "check"),
}


@pytest.mark.parametrize(("said", "check"), BROKEN.values(), ids=BROKEN.keys())
def test_an_output_that_breaks_its_contract_stops_the_run_once_repairs_are_used_up(
    tmp_path: Path, said: Plain, check: str
) -> None:
    played = play(tmp_path, pipeline(roles={"coder": CHECKED}), LINES | {"coder": forever(answer(**said))})
    first = [seat(1, "writer", "writer", {"text": "A draft."})]
    expected = stopped(
        played.team, "invalid_output:coder", "coder", first, usage(3), resumable=True, raw_contribution=said
    )
    assert without_times(played.record) == expected
    assert played.asked == {"writer": 1, "coder": 2}
    told = [call.user.get("repair") for call in played.calls("coder")]
    assert told == [None, {"failed_check": f"invalid_output:coder:{check}"}]
    again = go_on(tmp_path, {"coder": [answer(**said), answer(**said)]})
    assert (again.record["stop_reason"], again.asked) == ("invalid_output:coder", {"coder": 2})


@pytest.mark.parametrize("said", ["A draft.", "[]", "null", '{"text": NaN'])
def test_an_output_that_is_no_object_stops_the_run(tmp_path: Path, said: str) -> None:
    played = play(tmp_path, pipeline(max_repairs=0), {"writer": text(said)})
    assert (played.record["stop_reason"], played.record["phase"]) == ("invalid_output:writer", "writer")
    assert played.asked == {"writer": 1}


@pytest.mark.parametrize("repairs", [1, 3])
def test_a_role_may_mend_its_output_as_often_as_the_team_file_says(tmp_path: Path, repairs: int) -> None:
    team = pipeline(roles={"coder": CHECKED}, max_repairs=repairs)
    said = [answer(**{**SOUND, "margin": 1})] * repairs + [answer(**SOUND)]
    played = play(tmp_path, team, LINES | {"coder": said})
    assert played.record["status"] == "ok"
    assert played.asked == {"writer": 1, "coder": repairs + 1, "analyst": 1}
    assert played.record["usage"] == usage(repairs + 3)
    assert played.tasks("analyst") == [{"previous": {"agent": "coder", **SOUND}}]


def test_a_check_reads_every_kind_of_field(tmp_path: Path) -> None:
    check = 'output.sure && size(output.risks) == 1 && output.text.startsWith("F") && output.margin >= 6.0'
    team = pipeline(roles={"coder": {**CHECKED, "check": check}}, max_repairs=0)
    met = play(tmp_path, team, LINES | {"coder": answer(**{**SOUND, "risks": ["late"]})})
    unmet = play(tmp_path, team, LINES | {"coder": answer(**SOUND)}, thread="unmet")
    assert (met.record["status"], unmet.record["stop_reason"]) == ("ok", "invalid_output:coder")


def test_a_check_without_an_answer_is_not_met(tmp_path: Path) -> None:
    team = pipeline(roles={"writer": {"check": "output.text > 3.0"}}, max_repairs=0)
    played = play(tmp_path, team, {"writer": output("A draft.")})
    assert played.record["stop_reason"] == "invalid_output:writer"


def test_a_role_that_is_not_enabled_is_denied_before_anything_is_spent_on_it(tmp_path: Path) -> None:
    played = play(tmp_path, pipeline(roles={"coder": {"enabled": False}}), LINES)
    assert (played.record["stop_reason"], played.record["phase"]) == ("agent_denied:coder", "coder")
    assert (played.asked, played.record["resumable"]) == ({"writer": 1}, False)


def test_absences_do_not_count_in_a_pipeline_whatever_its_policy_says(tmp_path: Path) -> None:
    team = pipeline(policy="quorum")
    played = play(tmp_path, team, LINES | {"coder": refused(503)})
    assert (played.record["stop_reason"], played.record["phase"]) == ("llm_error:503", "coder")
    later = go_on(tmp_path, {"coder": output("Code."), "analyst": output("It holds.")})
    assert (later.record["status"], later.order) == ("ok", ["coder", "analyst"])


def test_a_role_may_stand_in_a_pipeline_of_its_own(tmp_path: Path) -> None:
    played = play(tmp_path, team_of("pipeline", "writer"), {"writer": outputs("Alone.")})
    assert (played.record["answer"], played.record["rounds_used"]) == ("Alone.", 1)
