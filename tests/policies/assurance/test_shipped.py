"""The shipped policies: every case in its folder, every row covered, every property proved for one to seven roles."""

import re
from pathlib import Path

import pytest

from graph.documents import read_document
from graph.teams.policies import load_policy, shipped_policies
from policies.assurance.cases import Case, parse_case, rule_on, uncovered
from policies.assurance.electorate import Electorate
from policies.assurance.proof import prove
from policies.decision.table import OUTCOMES
from tests.policies.assurance.enumeration import ROLES

pytestmark = pytest.mark.slow

FOLDER = Path(__file__).parent.parent / "shipped"
FILES = sorted(path for path in FOLDER.rglob("*") if path.is_file())
NAMES = ("classic", "launch", "majority", "median", "quorum", "unanimous", "veto", "weighted")
SEVEN = (*ROLES, "people")
WEIGHTS: tuple[dict[str, int], ...] = (
    {},
    {"risk": 2},
    {"risk": 3, "legal": 2},
    {"risk": 100, "legal": 7, "sales": 7, "people": 3},
)


def name_of(path: Path) -> str:
    return path.relative_to(FOLDER).as_posix()


def case_in(path: Path) -> Case:
    case = parse_case(read_document(path).value)
    assert isinstance(case, Case), (name_of(path), case)
    return case


def team_of(roles: int, min_go_votes: int = 1, **fields: object) -> Electorate:
    return Electorate(SEVEN[:roles], min_go_votes, 3, 3 * roles, **fields)  # type: ignore[arg-type]


def test_the_shipped_policies_are_those_with_cases() -> None:
    assert tuple(shipped_policies()) == NAMES
    assert tuple(sorted(path.name for path in FOLDER.iterdir())) == NAMES


def test_every_file_is_a_case_in_the_folder_of_an_outcome_named_by_a_sentence() -> None:
    assert {path.suffix for path in FILES} == {".yaml"}
    assert {len(path.relative_to(FOLDER).parts) for path in FILES} == {3}
    assert {path.parent.name for path in FILES} == {*OUTCOMES}
    assert [path.stem for path in FILES if not re.fullmatch(r"[a-z0-9]+(_[a-z0-9]+){2,}", path.stem)] == []


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_shipped_policy_gives_a_case_the_outcome_of_its_folder(path: Path) -> None:
    ruling = rule_on(case_in(path), load_policy(path.parent.parent.name))

    assert ruling.fault is None
    assert ruling.final == path.parent.name


@pytest.mark.parametrize("name", NAMES)
def test_every_row_of_a_shipped_policy_and_its_otherwise_decide_some_case(name: str) -> None:
    cases = [case_in(path) for path in FILES if path.parent.parent.name == name]
    policy = load_policy(name)

    assert uncovered(policy, [rule_on(case, policy) for case in cases]) == []
    assert len({case.model_dump_json() for case in cases}) == len(cases)


@pytest.mark.parametrize("name", NAMES)
def test_every_row_of_a_shipped_policy_gives_its_reason(name: str) -> None:
    policy = load_policy(name)

    assert policy.name == name
    assert policy.title
    assert [row.when for row in policy.rules if not row.because] == []


@pytest.mark.parametrize("roles", range(1, 8))
@pytest.mark.parametrize("name", ["launch", "majority", "median", "quorum", "unanimous", "veto", "weighted"])
def test_a_shipped_policy_has_every_property_for_one_to_seven_roles(name: str, roles: int) -> None:
    policy = load_policy(name)
    for min_go_votes in range(1, roles + 1):
        proof = prove(policy, team_of(roles, min_go_votes))
        assert [check for check in proof.checks if not check.holds or check.waived] == []
        assert proof.holds
        assert proof.votes == (4 if name == "quorum" else 3) ** roles


@pytest.mark.parametrize("roles", range(1, 8))
@pytest.mark.parametrize("vetoers", [SEVEN[:1], SEVEN[:2], (SEVEN[1], SEVEN[6])])
def test_veto_honours_one_and_two_vetoes(vetoers: tuple[str, ...], roles: int) -> None:
    team = team_of(roles, vetoers=frozenset(vetoers) & {*SEVEN[:roles]})

    assert prove(load_policy("veto"), team).holds


def test_majority_honours_no_veto_and_its_proof_says_so() -> None:
    proof = prove(load_policy("majority"), team_of(3, vetoers=frozenset({"legal"})))
    failing = [check for check in proof.checks if not check.holds]

    assert [check.property for check in failing] == ["veto_honoured"]
    assert failing[0].counterexample is not None
    assert failing[0].counterexample.votes == ({"risk": "go", "legal": "block", "sales": "go"},)


@pytest.mark.parametrize("roles", range(1, 8))
@pytest.mark.parametrize("weights", WEIGHTS)
def test_weighted_has_every_property_whatever_the_roles_weigh(weights: dict[str, int], roles: int) -> None:
    assert prove(load_policy("weighted"), team_of(roles, weights=weights)).holds


@pytest.mark.parametrize("roles", range(1, 8))
def test_only_classic_fails_and_only_because_it_does_not_resolve(roles: int) -> None:
    for min_go_votes in range(1, roles + 2):
        proof = prove(load_policy("classic"), team_of(roles, min_go_votes))
        assert not proof.holds
        assert [check.property for check in proof.checks if not check.holds] == ["resolves"]


def test_the_smallest_vote_that_classic_never_resolves_is_a_lone_block_beside_two_go_votes() -> None:
    (check,) = [each for each in prove(load_policy("classic"), team_of(3, 2)).checks if not each.holds]

    assert check.counterexample is not None
    assert check.counterexample.votes == ({"risk": "go", "legal": "go", "sales": "block"},)
    assert check.counterexample.outcomes == ("next_round",)
    assert check.counterexample.place.round == 3
    assert check.counterexample.note == "repeated in 3 rounds"


def test_a_unanimous_caution_is_the_other_hole_of_classic() -> None:
    team = Electorate(("risk",), min_go_votes=1)
    (check,) = [each for each in prove(load_policy("classic"), team).checks if not each.holds]

    assert check.counterexample is not None
    assert check.counterexample.votes == ({"risk": "caution"},)
