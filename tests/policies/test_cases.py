"""Case folders: each file is a vote or a raw proposal, and the folder it lies in is its expected outcome.

Votes lie in `cases/<outcome>/`, raw proposals for `risk_analyst` in `cases/contract/<accepted or the failed check>/`; a
proposal that is text is written as {"text": ...}.
"""

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest

from policies.contracts.answers import Refusal
from policies.contracts.contribution import Contribution
from policies.decision.conflicts import ConflictName, find_conflicts
from policies.decision.outcome import decide
from policies.decision.table import DECISIONS
from policies.decision.vote import Vote
from policies.plain import is_plain
from policies.run.stop import Stop
from policies.team.access import Access
from tests.contributions import accept
from tests.policy_files import CLASSIC

CASES = Path(__file__).parent / "cases"
VOTES = sorted(path for path in CASES.glob("*/*.json") if path.parent.name != "contract")
PROPOSALS = sorted((CASES / "contract").glob("*/*.json"))

ROLES = frozenset({"demand_analyst", "finance_analyst", "risk_analyst"})
ACCESS = Access(known=ROLES | {"legal_analyst"}, enabled=ROLES)

CHECKS = {
    *("not_object", "missing_keys", "agent", "agent_not_allowed", "stance", "summary", "confidence_type"),
    *("confidence_range", "actions", "action_item", "agent_mismatch"),
}


def name_of(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def proposal_of(path: Path) -> Any:
    raw = read(path)
    return raw["text"] if isinstance(raw, dict) and raw.keys() == {"text"} else raw


@pytest.mark.parametrize("path", VOTES, ids=name_of)
def test_a_vote_has_the_outcome_of_its_folder(path: Path) -> None:
    case = read(path)

    assert decide(CLASSIC, Vote(case["stances"], case["min_go_votes"])).final == path.parent.name
    assert find_conflicts(case["stances"].values()) == case["conflicts"]


@pytest.mark.parametrize("path", PROPOSALS, ids=name_of)
def test_a_raw_proposal_is_accepted_or_fails_the_check_of_its_folder(path: Path) -> None:
    said = accept(proposal_of(path), "risk_analyst", ACCESS)

    if path.parent.name == "accepted":
        assert isinstance(said, Contribution)
        assert said.agent == "risk_analyst"
    else:
        assert isinstance(said, Refusal)
        assert Stop.parse(said.reason).kind == "invalid_contribution"
        assert said.reason.split(":")[1] == path.parent.name
        assert is_plain(said.raw)


def row_of(case: dict[str, Any]) -> int:
    """The number of the first row of the outcome's table that holds, counted from the votes alone."""
    stances = list(case["stances"].values())
    enough = stances.count("go") >= case["min_go_votes"]
    blocks = stances.count("block")
    rows = (blocks > 1, blocks == 1, enough and "caution" not in stances, enough, True)
    return rows.index(True)


def test_every_row_of_the_outcome_table_has_a_case() -> None:
    assert {row_of(read(path)) for path in VOTES} == {0, 1, 2, 3, 4}
    assert {path.parent.name for path in VOTES} == {*DECISIONS, "next_round"}


def test_every_conflict_and_the_round_without_one_has_a_case() -> None:
    found = {name for path in VOTES for name in read(path)["conflicts"] or ["none"]}

    assert found == {*get_args(ConflictName), "none"}


def test_every_check_of_the_contract_has_a_case() -> None:
    assert {path.parent.name for path in PROPOSALS} == CHECKS | {"accepted"}


def test_every_file_is_a_case_named_by_a_sentence() -> None:
    files = sorted(path for path in CASES.rglob("*") if path.is_file())

    assert files == sorted(VOTES + PROPOSALS)
    assert [path.stem for path in files if not re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+){1,}", path.stem)] == []
    assert len({path.read_text(encoding="utf-8") for path in files}) == len(files)
