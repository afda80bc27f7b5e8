"""A bad policy, guard or private path in a team file is refused with where it is, what it is and what is allowed."""

from pathlib import Path

import pytest

from tests.hostile.command import Captured, refused
from tests.hostile.test_team_files import added, changed

# The file, the line and what the sentence says after it.
FILES: dict[str, tuple[str, int, str]] = {
    "a policy nobody ships": (
        added("policy: everybody"),
        14,
        "`policy` is 'everybody'; allowed: classic, launch, majority, median, quorum, unanimous, veto, weighted, or a",
    ),
    "a policy that is null": (added("policy:"), 14, "`policy` is None; allowed: a mapping"),
    "a policy under a shipped name": (
        added("policy: {name: classic, rules: [], otherwise: go}"),
        14,
        "`policy.name` is 'classic', but the table is not the shipped one; give it another name",
    ),
    "a policy without rules": (added("policy: {name: mine}"), 14, "`policy.rules` is missing"),
    "a row over the facts": (
        added("policy:\n  name: mine\n  rules:\n    - {when: facts.rate > 1.0, then: go}"),
        17,
        "the condition cannot be read: `facts` is unknown here, at character ",
    ),
    "a row that is a number": (
        added("policy:\n  name: mine\n  rules:\n    - {when: go + 1, then: go}"),
        17,
        "`policy.rules.0.when` is 'go + 1': the condition gives a number; allowed: a comparison",
    ),
    "a row with an outcome nobody knows": (
        added("policy:\n  name: mine\n  rules:\n    - {when: go > 1, then: stop}"),
        17,
        "`policy.rules.0.then` is 'stop'; allowed: 'go', 'go_with_caution', 'no_go', 'next_round' or 'escalate'",
    ),
    "a row that names a role nobody knows": (
        added("policy:\n  name: mine\n  rules:\n    - {when: 'stances.legal == \"go\"', then: go}"),
        17,
        "`policy.rules.0.when` names the role 'legal'; allowed: risk",
    ),
    "an unknown key of a row": (
        added("policy:\n  name: mine\n  rules:\n    - {when: go > 1, then: go, else: no_go}"),
        17,
        "`policy.rules.0.else` is an unknown key; did you mean `release`? Allowed: when, then, because, convene",
    ),
    "more votes than roles": (
        changed(5, "budget: {min_go_votes: 2}"),
        5,
        "`budget.min_go_votes` is 2, but the sequence has 1 role: `go` can never be reached",
    ),
    "a guard without a comparison": (
        added("guards:\n  - {name: n, fact: rate, cap: no_go}"),
        15,
        "it has no comparison; allowed: exactly one of at_least, above, at_most, below, equals",
    ),
    "a guard with a limit that is no path": (
        added("guards:\n  - name: n\n    fact: rate\n    above: a b\n    cap: no_go"),
        17,
        "`guards.0.above` is 'a b'",
    ),
    "an unknown key of a guard": (
        added("guards:\n  - {name: n, fact: rate, above: 1, cap: no_go, unless: 1}"),
        15,
        "`guards.0.unless` is an unknown key; allowed: name, fact, at_least, above",
    ),
    "a guard that allows a go": (
        added("guards:\n  - {name: n, fact: rate, above: 1, cap: go}"),
        15,
        "`guards.0.cap` is 'go'; allowed: 'go_with_caution' or 'no_go'",
    ),
    "a guard over a private fact": (
        added("private: [limits]\nguards:\n  - {name: n, fact: rate, above: limits.rate, cap: no_go}"),
        16,
        "`guards.0` reads a private fact, which is withheld; allowed: other facts",
    ),
    "a private path that is none": (added("private: [a b]"), 14, "`private.0` is 'a b'; allowed: "),
    "a weight of nothing": (
        changed(10, "    mandate: m\n    weight: 0"),
        11,
        "`roles.risk.weight` is 0; allowed: at least 1",
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_what_is_wrong_with_policy_guards_and_private_facts_is_told_with_file_line_field_and_value(
    name: str, accord_home: Path, capsys: Captured
) -> None:
    text, line, sentence = FILES[name]
    Path("bad.yaml").write_text(text, encoding="utf-8")

    (said,) = refused(capsys, "run", "bad.yaml")

    assert said.startswith(f"bad.yaml:{line}: ")
    assert sentence in said
    assert not accord_home.exists()
