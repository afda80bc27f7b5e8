"""One run against each dialect: the decision, what was learned, what was counted, and what an error is told as."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.harness import CHECKOUT_ROLES, run, settings_at, show, team_of
from tests.runs.stage import BRIEF, Lines, script
from tests.scripted_server import forever, says, text
from tests.wire.dialects import DIALECTS, DialectServer, form_of, serve_as

ROOT = Path(__file__).parents[2]
MODEL = "gpt-4.1-mini"
SETS = ("roles.risk_analyst.temperature=0.2", "brief.temperature=0.2")
MAX_OUTPUT = 500
"""Tokens of an answer, as the team has it."""


def against(name: str, home: Path, lines: Lines, *sets: str) -> tuple[dict[str, Any], DialectServer]:
    """Run the team on the thread `t`."""
    with serve_as(name, lines) as server:
        settings = settings_at(home, server.base_url + DIALECTS[name].query)
        record = run(team_of(settings, "checkout_launch", *SETS, *sets), settings)
    assert server.unscripted == []
    return record, server


WRONG_FIRST = script(risk_analyst=[text('{"stance": "go"}'), forever(says("go"))])


@pytest.mark.slow
@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize(("lines", "answers"), [(script(), 4), (WRONG_FIRST, 5)], ids=["right", "wrong first"])
def test_a_decision_is_reached_and_what_was_learned_is_in_the_record(
    name: str, lines: Lines, answers: int, tmp_path: Path
) -> None:
    dialect = DIALECTS[name]
    record, server = against(name, tmp_path, lines)
    assert (record["stop_reason"], record.get("final_decision"), record.get("cause")) == ("success", "go", None)
    assert record["answer"] == f"Decision: go\n\n{BRIEF}"
    assert record.get("endpoints", {}) == ({MODEL: dict(dialect.learned)} if dialect.learned else {})
    assert show(settings_at(tmp_path))["usage"] == record["usage"]

    used = record["usage"]
    assert (used["calls"], len(server.calls) - len(server.refused)) == (len(server.calls), answers)
    assert dialect.steps <= len(server.refused) <= dialect.steps * len(CHECKOUT_ROLES)
    if dialect.usage:
        assert (used["prompt_tokens"], used["completion_tokens"]) == tuple(answers * each for each in dialect.usage)
        assert "estimated" not in record
    else:
        assert used["prompt_tokens"] > answers * MAX_OUTPUT
        assert (used["completion_tokens"], record["estimated"]) == (0, answers)


@pytest.mark.slow
@pytest.mark.parametrize("name", DIALECTS)
def test_what_was_learned_is_asked_no_second_time(name: str, tmp_path: Path) -> None:
    """Two rounds: in the second one nothing is refused any more."""
    dialect = DIALECTS[name]
    lines = script("caution") | {(role, 2): says("go") for role in CHECKOUT_ROLES}
    record, server = against(name, tmp_path, lines, "policy=classic", "budget.min_go_votes=3")
    assert (record["stop_reason"], record["rounds_used"]) == ("success", 2)
    assert [call for call in server.refused if call.round != 1] == []
    late = [call for call in server.calls if call.round == 2]
    assert len(late) == len(CHECKOUT_ROLES)
    for call in late:
        learned = dialect.learned
        assert form_of(call) == {"none": None}.get(
            learned.get("schema", "json_schema"), learned.get("schema", "json_schema")
        )
        assert learned.get("output_cap", "max_completion_tokens") in call.body
        assert ("temperature" in call.body) == (learned.get("temperature") != "omit")


@pytest.mark.slow
@pytest.mark.parametrize("name", DIALECTS)
def test_an_error_is_told_in_the_words_of_the_endpoint(name: str, tmp_path: Path) -> None:
    dialect = DIALECTS[name]
    wrong = replace(dialect.error, headers={"retry-after": "0"})
    record, server = against(name, tmp_path, script(risk_analyst=forever(wrong)))
    assert (record["stop_reason"], record["phase"]) == (dialect.reason, "round_1:risk_analyst")
    assert dialect.told in record["cause"]
    assert server.base_url in record["cause"]
    assert dialect.query.strip("?") not in record["cause"] or not dialect.query
    asked = [call for call in server.calls_of("risk_analyst") if call not in server.refused]
    assert len(asked) == (3 if dialect.reason in ("llm_error:500", "llm_error:502") else 1)


# --- the page --------------------------------------------------------------------------------------------------------


def row(name: str) -> str:
    dialect = DIALECTS[name]
    learned = ", ".join(f"`{key}: {value}`" for key, value in dialect.learned.items()) or "nothing"
    usage = "as reported" if dialect.usage else "as reserved"
    return f"| {name} | {dialect.note} | {learned} | {usage} | `{dialect.reason}` |"


def test_the_page_has_the_table_of_these_tests() -> None:
    page = (ROOT / "docs" / "models.md").read_text()
    (table,) = re.findall(r"^\| an endpoint like .*?\n\n", page, flags=re.DOTALL | re.MULTILINE)
    assert table.strip().splitlines()[2:] == [row(name) for name in DIALECTS]
    assert len(DIALECTS) >= 12
