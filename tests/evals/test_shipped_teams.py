"""Evaluations of the shipped teams, as LangSmith's plugin for pytest keeps them; `make evals` runs them.

Offline unless LANGSMITH_TEST_TRACKING is true. They run the real command line's runner with the roles' own rules.
"""

from pathlib import Path
from typing import Any

import pytest
from langsmith import testing
from ruamel.yaml import YAML

from graph.record import Record
from graph.scores import scores_of
from tests.harness import run, settings_at, team_of

CASES: list[dict[str, Any]] = YAML(typ="safe").load((Path(__file__).parent / "cases.yaml").read_text(encoding="utf-8"))


def decided(case: dict[str, Any], home: Path) -> Record:
    """Return the record of a case, decided by rules."""
    settings = settings_at(home)
    return run(team_of(settings, case["team"], *case.get("set", []), voice="rules"), settings)


@pytest.mark.langsmith
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_team_decides_as_expected(case: dict[str, Any], tmp_path: Path) -> None:
    testing.log_inputs({key: case[key] for key in ("team", "set") if key in case})
    expected = {"decision": case["decision"], "stop_reason": case["stop_reason"]}
    testing.log_reference_outputs(expected)
    record = decided(case, tmp_path)
    reached = {"decision": record.get("final_decision"), "stop_reason": record["stop_reason"]}
    testing.log_outputs(reached)
    for key, score in scores_of(record).items():
        testing.log_feedback(key=key, score=score)
    testing.log_feedback(key="as_expected", score=int(reached == expected))

    assert reached == expected
