"""What `accord policy` cannot use is refused: exit code 2, nothing on stdout, one sentence a problem that names it."""

from pathlib import Path

import pytest

from graph.teams.loader import shipped_teams
from tests.assurance.stage import policy_file, team_file
from tests.hostile.command import Captured, accord, refused

pytestmark = pytest.mark.usefixtures("accord_home")

RULES = "rules: [{when: go > 0, then: go}]\notherwise: no_go"
TEAMS = f"teams: {', '.join(shipped_teams())}; policies: classic, launch, majority"
# A broken policy's text, and the sentence it is refused with.
BROKEN = {
    "an unknown variable": (
        "name: x\nrules:\n  - {when: goo > 1, then: go}",
        "bad.yaml:3: `rules.0.when` is 'goo > 1': the condition cannot be read: `goo` is unknown here, at character ",
    ),
    "facts in a row": ("name: x\nrules:\n  - {when: facts.a > 1, then: go}", "bad.yaml:3: `rules.0.when`"),
    "no condition": ("name: x\nrules:\n  - {when: go + 1, then: go}", "bad.yaml:3: `rules.0.when`"),
    "a confidence that is not trusted": (
        "name: x\nrules: [{when: min_confidence > 0.5, then: go}]",
        "reads a confidence",
    ),
    "an unknown outcome": (
        "name: x\nrules:\n  - {when: go > 1, then: maybe}",
        "bad.yaml:3: `rules.0.then` is 'maybe'; allowed: 'go', 'go_with_caution', 'no_go', 'next_round' or 'escalate'",
    ),
    "an unknown key": ("name: x\nrules: []\notherwise: go\nthen: go", "bad.yaml:4: `then`"),
    "a key twice": ("name: x\nrules: []\nname: y", "bad.yaml:3: the key `name` is there twice; keep one"),
    "an anchor": ("name: &a x\nrules: []", "bad.yaml:1: the anchor `&a` is not allowed; write the value out"),
    "no name": ("rules: []", "bad.yaml:1: `name`"),
    "a name that is none": ("name: My Policy\nrules: []", "bad.yaml:1: `name` is 'My Policy'"),
    "no YAML": (
        "name: x\nrules:\n  - {when: go > 1, then: go\n",
        "bad.yaml:3: cannot be read as YAML: a bracket",
    ),
    "a waiver without a reason": (
        "name: x\nrules: []\notherwise: go\naccept: [{property: monotone}]",
        "bad.yaml:4: `accept.0.because`",
    ),
    "a released role beside a decision": (
        "name: x\nrules:\n  - {when: go > 1, then: go, release: legal}",
        "`release` goes with `then: next_round` alone, not with `then: go`",
    ),
    "a role released because of its stance": (
        'name: x\nrules:\n  - {when: stances.legal == "go", then: next_round, release: legal}',
        "it releases `legal` on a condition that reads `stances`; allowed: other variables, since no role is released",
    ),
    "a convened role beside a decision": (
        "name: x\nrules:\n  - {when: go > 1, then: go, convene: legal}",
        "`convene` goes with `then: next_round` alone, not with `then: go`",
    ),
}
COMMANDS = {
    "verify": ["policy", "verify", "bad.yaml"],
    "table": ["policy", "table", "bad.yaml"],
    "diff, first": ["policy", "diff", "bad.yaml", "launch"],
    "diff, second": ["policy", "diff", "launch", "bad.yaml"],
    "test": ["policy", "test", ".", "--policy", "bad.yaml"],
    "evaluate": ["policy", "evaluate", "votes.csv", "--policy", "bad.yaml"],
    "whatif": ["whatif", "--policy", "bad.yaml"],
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_policy_is_refused_with_file_and_line(what: str, capsys: Captured) -> None:
    text, sentence = BROKEN[what]
    Path("bad.yaml").write_text(text)

    sentences = refused(capsys, "policy", "verify", "bad.yaml")

    assert any(sentence in each for each in sentences), sentences
    assert all(each.startswith("bad.yaml:") for each in sentences)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_refuses_a_broken_policy_with_all_its_problems(command: str, capsys: Captured) -> None:
    Path("bad.yaml").write_text("name: x\nrules:\n  - {when: goo > 1, then: go}\n  - {when: go > 1, then: maybe}\n")
    Path("votes.csv").write_text("item,truth,a\n1,x,x\n")

    first, second = refused(capsys, *COMMANDS[command])

    assert first.startswith("bad.yaml:3: `rules.0.when` is 'goo > 1'")
    assert second.startswith("bad.yaml:4: `rules.1.then` is 'maybe'")


@pytest.mark.parametrize("command", ["verify", "table", "diff", "whatif", "evaluate", "test"])
def test_an_unknown_name_is_refused_with_those_there_are(command: str, capsys: Captured) -> None:
    Path("votes.csv").write_text("item,truth,a\n1,x,x\n")
    arguments = {
        "diff": ["policy", "diff", "launch", "nope"],
        "whatif": ["whatif", "--policy", "nope"],
        "evaluate": ["policy", "evaluate", "votes.csv", "--policy", "nope"],
        "test": ["policy", "test", ".", "--policy", "nope"],
    }.get(command, ["policy", command, "nope"])

    (sentence,) = refused(capsys, *arguments)

    assert sentence.startswith("there is no team and no policy `nope`; ")
    assert TEAMS in sentence


@pytest.mark.parametrize("name", ["missing.yaml", "./missing", "folder.yaml", ""])
def test_a_file_that_cannot_be_read_is_refused(name: str, capsys: Captured) -> None:
    Path("folder.yaml").mkdir()

    (sentence,) = refused(capsys, "policy", "verify", name)

    assert "cannot be read" in sentence or "there is no team and no policy" in sentence


def test_roles_go_with_a_policy_and_settings_with_a_team(capsys: Captured) -> None:
    (first,) = refused(capsys, "policy", "verify", "checkout_launch", "--roles", 4)
    (second,) = refused(capsys, "policy", "table", team_file("launch"), "--roles", 4)
    (third,) = refused(capsys, "policy", "verify", "launch", "--set", "budget.max_rounds=2")
    (fourth,) = refused(capsys, "policy", "verify", policy_file(RULES), "--set", "budget.max_rounds=2")

    assert first == "`checkout_launch` is a team with roles of its own; `--roles` goes with a policy"
    assert second.startswith("`team.yaml` is a team")
    assert (third, fourth) == (
        "`launch` is a policy; `--set` changes a team",
        "`mine.yaml` is a policy; `--set` changes a team",
    )


@pytest.mark.parametrize("roles", ["0", "51", "-1", "three", "1.5"])
def test_a_number_of_roles_that_is_none_is_refused(roles: str, capsys: Captured) -> None:
    assert "--roles" in refused(capsys, "policy", "verify", "launch", "--roles", roles)[0]


def test_too_many_roles_to_go_through_are_refused_in_a_sentence(capsys: Captured) -> None:
    named = " || ".join(f'stances.role_{number} == "block"' for number in range(1, 31))
    text = f"rules: [{{when: '{named}', then: no_go}}]\notherwise: go"
    path = policy_file(text)

    for command in (["verify", path], ["table", path], ["diff", path, "launch"]):
        (sentence,) = refused(capsys, "policy", *command, "--roles", 30)
        assert path in sentence


def test_two_teams_with_other_roles_cannot_be_compared(capsys: Captured) -> None:
    (sentence,) = refused(capsys, "policy", "diff", team_file("launch"), "checkout_launch")

    assert sentence.startswith(
        "the two teams have different roles, so their votes cannot be compared; team.yaml: risk, legal"
    )


def test_a_bad_team_is_refused_as_a_run_would(capsys: Captured) -> None:
    Path("team.yaml").write_text("name: x\nsequence: [risk]\nroles: {}\n")

    proof, run = refused(capsys, "policy", "verify", "team.yaml"), refused(capsys, "run", "team.yaml")

    assert proof == run
    assert all(sentence.startswith("team.yaml:") for sentence in proof)


# --- case folders ----------------------------------------------------------------------------------------------------

BAD_CASES = {
    "no number": ("{go: many}", "`go` is 'many'"),
    "a negative count": ("{go: 2, block: -1}", "`block` is -1"),
    "neither": ("{round: 2}", "has neither; allowed: `votes` by role, or counts of stances"),
    "both": ("{go: 1, votes: {risk: go}}", "has both; allowed: `votes` by role, or counts of stances"),
    "an unknown stance": ("{votes: {risk: maybe}}", "`votes.risk` is 'maybe'"),
    "an unknown key": ("{go: 1, goal: 2}", "`goal` is an unknown key; allowed: votes, go"),
    "a list": ("[go, go]", "allowed: a mapping of a case's fields"),
    "nothing": ("", "is None"),
    "no YAML": ("{go: 1", "cannot be read as YAML"),
}


@pytest.mark.parametrize("what", BAD_CASES)
def test_a_case_that_is_none_is_refused_by_its_file(what: str, capsys: Captured) -> None:
    text, expected = BAD_CASES[what]
    path = Path("cases/go/one.yaml")
    path.parent.mkdir(parents=True)
    path.write_text(text)

    (sentence,) = refused(capsys, "policy", "test", "cases", "--policy", "launch")

    assert sentence.startswith(str(path))
    assert expected in sentence


def test_all_bad_cases_of_a_folder_are_told_at_once(capsys: Captured) -> None:
    for outcome, name, text in (
        ("go", "a.yaml", "{go: -1}"),
        ("maybe", "b.yaml", "{go: 1}"),
        ("go", "c.json", "{go: 1}"),
    ):
        Path("cases", outcome).mkdir(parents=True, exist_ok=True)
        Path("cases", outcome, name).write_text(text)

    sentences = refused(capsys, "policy", "test", "cases", "--policy", "launch")

    assert [sentence.partition(":")[0] for sentence in sentences] == [
        "cases/maybe/b.yaml",
        "cases/go/a.yaml",
        "cases/go/c.json",
    ]
    assert (
        "its folder is not named after an outcome; allowed: go, go_with_caution, no_go, next_round, escalate"
        in sentences[0]
    )


@pytest.mark.parametrize(
    ("folder", "expected"), [("empty", "has no case"), ("file", "is not a folder"), ("none", "is not a folder")]
)
def test_a_folder_without_cases_is_refused(folder: str, expected: str, capsys: Captured) -> None:
    Path("empty").mkdir()
    Path("file").touch()

    (sentence,) = refused(capsys, "policy", "test", folder, "--policy", "launch")

    assert sentence.startswith(f"{folder}: {expected}")


def test_a_folder_named_as_no_policy_needs_one_named(capsys: Captured) -> None:
    Path("cases").mkdir()

    (sentence,) = refused(capsys, "policy", "test", "cases")

    assert "is not named after a shipped policy" in sentence
    assert sentence.endswith("name the policy with --policy")


@pytest.mark.parametrize("threshold", ["-1", "101", "half", "nan"])
def test_a_threshold_that_is_no_percentage_is_refused(threshold: str, capsys: Captured) -> None:
    Path("cases/go").mkdir(parents=True)
    Path("cases/go/one.yaml").write_text("{go: 2}")

    done = accord(capsys, "policy", "test", "cases", "--policy", "launch", "--threshold", threshold)

    assert (done.code, "--threshold" in done.err) == (2, True)
