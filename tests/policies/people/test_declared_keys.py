"""The keys that a team file declares: what is kept of them, and the sentence on each that is refused."""

from base64 import b64encode
from typing import Any

import pytest

from policies.people.wire import packed
from policies.plain import shown
from policies.team.rules import parse_team
from policies.team.team import Team
from tests.policies.test_team_rules import RAW, changed

KEY = f"ssh-ed25519 {b64encode(packed(b'ssh-ed25519', bytes(32))).decode()}"
PRIVATE = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEI\n"


def parsed(**approvers: Any) -> Any:
    return parse_team(changed(("approvers",), approvers, RAW))


def problems(**approvers: Any) -> dict[str, str]:
    return {".".join(map(str, problem.path)): problem.message for problem in parsed(**approvers)}


def test_what_is_kept_of_a_key_is_its_type_and_base64() -> None:
    team = parsed(cfo={"title": "CFO", "key": f"  {KEY} cfo@desk\n"})

    assert isinstance(team, Team)
    assert team.approvers["cfo"].key == KEY


def test_a_key_that_is_not_allowed_is_refused_by_its_place() -> None:
    said = problems(cfo={"title": "CFO", "key": "ssh-dss AAAA"})

    assert said["approvers.cfo.key"].startswith("is of the type ssh-dss; allowed: one line of a `.pub` file")


@pytest.mark.parametrize("key", [PRIVATE, PRIVATE * 200, [PRIVATE], {"private": PRIVATE}])
def test_no_sentence_repeats_a_private_key(key: Any) -> None:
    said = problems(cfo={"title": "CFO", "key": key})

    assert "approvers.cfo.key" in said
    assert "MC4C" not in str(said)
    assert shown(key) == "a private key, which is not shown"


def test_a_deputy_of_somebody_with_a_key_needs_one_too() -> None:
    said = problems(cfo={"title": "CFO", "key": KEY, "deputy": "vice"}, vice={"title": "Deputy"})

    assert said["approvers.cfo.deputy"].startswith("is 'vice', who has no key and could answer for cfo without a sig")
    assert isinstance(parsed(cfo={"title": "CFO", "deputy": "vice"}, vice={"title": "Deputy"}), Team)
    assert isinstance(
        parsed(cfo={"title": "CFO", "key": KEY, "deputy": "vice"}, vice={"title": "Deputy", "key": KEY}), Team
    )
