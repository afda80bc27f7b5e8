"""`accord init`: a team file that runs and is proved as it is, and never replaces anything."""

import json
from pathlib import Path

import jsonschema
import pytest

from graph.documents import read_document
from graph.teams.loader import load_team
from graph.teams.schema import team_schema
from policies.team.team import PATTERN_NAMES, PatternName
from tests.hostile.command import Captured, accord, refused

pytestmark = pytest.mark.usefixtures("accord_home")


def test_the_file_runs_to_a_decision_and_its_policy_is_proved(capsys: Captured) -> None:
    written = accord(capsys, "init")
    ran = accord(capsys, "run", "team.yaml", "--thread", "t", "--json")
    proved = accord(capsys, "policy", "verify", "team.yaml")
    record = json.loads(ran.out)

    assert (written.code, written.out) == (
        0,
        "wrote team.yaml; next: accord run team.yaml, accord policy verify team.yaml\n",
    )
    assert (ran.code, record["final_decision"], record["team"]) == (0, "go", "my_launch")
    assert proved.code == 0
    assert [accord(capsys, command, "t").code for command in ("why", "show", "replay")] == [0, 0, 0]
    assert "warning" not in ran.err


def test_every_key_of_the_file_is_explained_and_fits_the_schema(capsys: Captured) -> None:
    accord(capsys, "init", "a b.yml")
    path = Path("a b.yml")

    jsonschema.validate(read_document(path).value, team_schema())
    assert path.read_text().count("# ") >= 15
    assert (path.stat().st_mode & 0o777) == 0o644


@pytest.mark.parametrize("pattern", PATTERN_NAMES)
def test_a_file_of_any_pattern_is_explained_and_fits_the_schema_and_runs_to_an_end(
    pattern: PatternName, capsys: Captured
) -> None:
    written = accord(capsys, "init", "--pattern", pattern, "mine.yaml")
    ran = accord(capsys, "run", "mine.yaml", "--json")
    estimated = json.loads(accord(capsys, "estimate", "mine.yaml", "--json").out)
    text, record = Path("mine.yaml").read_text(), json.loads(ran.out)

    jsonschema.validate(read_document(Path("mine.yaml")).value, team_schema())
    check = "policy verify" if pattern in ("rounds", "vote") else "estimate"
    assert written.out == f"wrote mine.yaml; next: accord run mine.yaml, accord {check} mine.yaml\n"
    assert accord(capsys, *check.split(), "mine.yaml").code == 0
    assert (record["status"], load_team("mine.yaml").pattern) == ("ok", pattern)
    assert record["answer"]
    assert {estimated[course]["stop_reason"] for course in ("shortest", "longest")} <= {"success", "escalated"}
    assert "warning" not in ran.err
    assert text.count("# ") >= 8
    assert "$" not in text
    assert "\n\n\n" not in text


def test_a_pattern_that_is_not_known_is_a_sentence_with_those_that_are(capsys: Captured) -> None:
    (sentence,) = refused(capsys, "init", "--pattern", "ring")

    assert sentence == f"there is no pattern `ring`; allowed: {', '.join(PATTERN_NAMES)}"
    assert not Path("team.yaml").exists()


def test_its_guards_bind_against_its_own_facts(capsys: Captured) -> None:
    accord(capsys, "init")

    done = accord(capsys, "run", "team.yaml", "--set", "facts.risk.failed_payment_rate=0.04", "--thread", "t", "--json")
    record = json.loads(done.out)

    assert (record["final_decision"], record["outcome"]["guards"]) == ("no_go", ["payment failures"])


@pytest.mark.parametrize("kind", ["file", "empty file", "folder", "link", "link to nothing"])
def test_what_is_there_is_never_replaced(kind: str, capsys: Captured) -> None:
    target = Path("team.yaml")
    Path("other.yaml").write_text("mine")
    if kind.startswith("link"):
        target.symlink_to("other.yaml" if kind == "link" else "nothing.yaml")
    elif kind == "folder":
        target.mkdir()
    else:
        target.write_text("mine" if kind == "file" else "")
    before = target.read_text() if target.is_file() else None

    (sentence,) = refused(capsys, "init")

    assert sentence == "team.yaml: already exists; name another file, or move it away"
    assert (target.read_text() if target.is_file() else None) == before
    assert Path("other.yaml").read_text() == "mine"
    assert not Path("nothing.yaml").exists()


@pytest.mark.parametrize("name", ["missing/team.yaml", "other.yaml/team.yaml", "x" * 300])
def test_a_file_that_cannot_be_written_is_a_sentence_and_leaves_nothing(name: str, capsys: Captured) -> None:
    Path("other.yaml").write_text("mine")

    (sentence,) = refused(capsys, "init", name)

    assert "written: " in sentence
    assert {path.name for path in Path().iterdir()} == {"other.yaml"}
