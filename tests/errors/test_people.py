"""Mistakes in what a team file says of people: each is refused with its file, its line and what is allowed."""

from pathlib import Path

import pytest

from tests.hostile.command import Captured, accord, refused

pytestmark = pytest.mark.usefixtures("accord_home")

TEAM = """\
name: people
title: A team with people
goal: Launch?
facts: {rate: 1, salary: 2}
private: [salary]
requires: [rate]
sequence: [risk, legal]
policy: launch
approvers:
  cfo: {title: CFO, deputy: vice}
  cto: {title: CTO}
  vice: {title: Deputy of the CFO}
sign_off: [cfo]
escalate:
  expires_after: 48h
  on_timeout: no_go
  supply: {rate: [cto]}
  decide:
    by: [cfo, cto]
    rule:
      min_go_votes: 2
      veto: [cto]
      weights: {cfo: 2}
      policy:
        name: two
        rules:
          - {when: vetoes > 0, then: no_go}
          - {when: go >= 2, then: go}
        otherwise: no_go
roles:
  risk: {title: Risk, mandate: Judge., otherwise: {stance: go, summary: Fine., actions: [Act.]}}
  legal: {title: Legal, mandate: Judge., voice: human, people: [cto]}
"""
NAMES = "allowed: cfo, cto, vice"
WRONG: dict[str, tuple[str, str, str]] = {
    "a signer nobody knows": (
        "sign_off: [cfo]",
        "sign_off: [cfo, cso]",
        "13: `sign_off.1` is 'cso', which is not an approver; did you mean `cto`? Allowed: cfo, cto, vice",
    ),
    "a signer named twice": (
        "sign_off: [cfo]",
        "sign_off: [cfo, cfo]",
        "13: `sign_off.1` is 'cfo' again; name each person once",
    ),
    "a decider nobody knows": (
        "by: [cfo, cto]",
        "by: [cfo, cto, board]",
        f"19: `escalate.decide.by.2` is 'board', which is not an approver; {NAMES}",
    ),
    "a supplier nobody knows": (
        "supply: {rate: [cto]}",
        "supply: {rate: [desk]}",
        f"17: `escalate.supply.rate.0` is 'desk', which is not an approver; {NAMES}",
    ),
    "a seat for somebody nobody knows": (
        "people: [cto]",
        "people: [ctp]",
        "32: `roles.legal.people.0` is 'ctp', which is not an approver; did you mean `cto`? Allowed: cfo, cto, vice",
    ),
    "people of a role that a model answers": (
        "voice: human, people",
        "voice: model, people",
        "32: `roles.legal.people` is read where the voice is `human`; add `voice: human`, or remove it",
    ),
    "a deputy nobody knows": (
        "deputy: vice",
        "deputy: vise",
        "10: `approvers.cfo.deputy` is 'vise', which is not an approver; did you mean `vice`? Allowed: cfo, cto, vice",
    ),
    "a deputy of oneself": (
        "deputy: vice",
        "deputy: cfo",
        "10: `approvers.cfo.deputy` is 'cfo', which is the approver; name somebody else",
    ),
    "a deputy with a deputy": (
        "vice: {title: Deputy of the CFO}",
        "vice: {title: Deputy of the CFO, deputy: cto}",
        "10: `approvers.cfo.deputy` is 'vice', who has a deputy too; allowed: an approver without one",
    ),
    "a time without what follows it": (
        "  on_timeout: no_go\n",
        "",
        "14: `escalate.on_timeout` is missing; `expires_after` and `on_timeout` go together",
    ),
    "what follows without a time": (
        "  expires_after: 48h\n",
        "",
        "14: `escalate.expires_after` is missing; `expires_after` and `on_timeout` go together",
    ),
    "a time in other words": (
        "expires_after: 48h",
        "expires_after: two days",
        "15: `escalate.expires_after` is 'two days': allowed: a number of minutes, hours or days, for example 30m, "
        "48h or 7d",
    ),
    "a private fact that is to be supplied": (
        "supply: {rate: [cto]}",
        "supply: {salary: [cto]}",
        "17: `escalate.supply.salary` is a private fact, which is withheld; allowed: other facts",
    ),
    "a veto of somebody who is not asked": (
        "veto: [cto]",
        "veto: [vice]",
        "22: `escalate.decide.rule.veto` names 'vice'; allowed: cfo, cto",
    ),
    "a weight of somebody who is not asked": (
        "weights: {cfo: 2}",
        "weights: {vice: 2}",
        "23: `escalate.decide.rule.weights` names 'vice'; allowed: cfo, cto",
    ),
    "more votes than people": (
        "min_go_votes: 2",
        "min_go_votes: 3",
        "21: `escalate.decide.rule.min_go_votes` is 3, and 2 are asked: `go` can never be reached",
    ),
    "a row that asks somebody above them": (
        "{when: vetoes > 0, then: no_go}",
        "{when: vetoes > 0, then: escalate}",
        "27: `escalate.decide.rule.policy.rules.0.then` is 'escalate'; nobody is asked after the approvers",
    ),
    "a table that asks somebody above them": (
        "otherwise: no_go",
        "otherwise: escalate",
        "29: `escalate.decide.rule.policy.otherwise` is 'escalate'; nobody is asked after the approvers",
    ),
    "a row that convenes": (
        "{when: vetoes > 0, then: no_go}",
        "{when: vetoes > 0, then: next_round, convene: vice}",
        "27: `escalate.decide.rule.policy.rules.0.convene` is not possible among approvers, who are asked once",
    ),
    "a row that names somebody who is not asked": (
        "{when: vetoes > 0, then: no_go}",
        "{when: 'stances.vice == \"block\"', then: no_go}",
        "27: `escalate.decide.rule.policy.rules.0.when` names 'vice'; allowed: cfo, cto",
    ),
    "several people without a table": (
        TEAM[TEAM.index("    rule:") : TEAM.index("roles:")],
        "",
        "18: `escalate.decide.rule` is missing; several people need a table, for example {policy: majority}",
    ),
}


def test_the_team_without_a_mistake_is_read(capsys: Captured) -> None:
    Path("team.yaml").write_text(TEAM)

    assert accord(capsys, "policy", "verify", "team.yaml", "--json").code == 0


@pytest.mark.parametrize("name", WRONG)
def test_each_mistake_is_one_sentence(name: str, capsys: Captured) -> None:
    old, new, sentence = WRONG[name]
    assert TEAM.count(old) == 1
    Path("team.yaml").write_text(TEAM.replace(old, new))

    assert refused(capsys, "run", "team.yaml", "--thread", "t") == [f"team.yaml:{sentence}"]


INNER = """
  planner:
    title: Planner
    mandate: Plan.
    team:
      name: inner
      title: Inner
      goal: Plan?
      sequence: [one]
      policy: launch
      budget: {min_go_votes: 1}
      MORE
      roles:
        one: {title: One, mandate: Judge., otherwise: {stance: go, summary: Fine., actions: [Act.]}}
"""
ASKED_WITHIN = {
    "approvers": ("approvers: {cfo: {title: CFO}}", "43: `roles.planner.team.approvers` is read in the team of a run"),
    "sign_off": ("sign_off: [cfo]", "43: `roles.planner.team.sign_off` is read in the team of a run alone"),
    "escalate": (
        "escalate: {expires_after: 1h, on_timeout: stop}",
        "43: `roles.planner.team.escalate` is read in the team of a run alone, not in a team that answers for a role; "
        "name people there",
    ),
}


@pytest.mark.parametrize("name", ASKED_WITHIN)
def test_a_team_within_names_no_people(name: str, capsys: Captured) -> None:
    more, sentence = ASKED_WITHIN[name]
    text = TEAM.rstrip("\n") + INNER.replace("MORE", more)
    Path("team.yaml").write_text(text.replace("[risk, legal]", "[risk, legal, planner]"))

    assert any(each.startswith(f"team.yaml:{sentence}") for each in refused(capsys, "run", "team.yaml"))


def test_a_role_of_a_team_within_is_answered_by_no_person(capsys: Captured) -> None:
    inner = INNER.replace("MORE\n      ", "").replace(
        "mandate: Judge., otherwise", "mandate: Judge., voice: human, otherwise"
    )
    Path("team.yaml").write_text(TEAM.rstrip("\n") + inner.replace("[risk, legal]", "[risk, legal, planner]"))

    told = "`roles.planner.team.roles.one.voice` is 'human', which only a role of the run's own team may have"
    assert any(each.endswith(told) for each in refused(capsys, "run", "team.yaml"))
