"""Approval: no run starts under a policy that is not shown to be total and monotone, unless its owner accepts that."""

from collections.abc import Mapping

from graph.problems import UsageError
from policies.assurance.approval import Unapproved, find_unapproved
from policies.assurance.counterexamples import shown_example
from policies.assurance.proof import PropertyCheck
from policies.language import phrase, say
from policies.team.team import Budget, Team

FAULTS: Mapping[str, str] = {
    "total": phrase("is not total"),
    "monotone": phrase("is not monotone"),
    "resolves": phrase("does not resolve"),
}
"""What is wrong with a policy that lacks a property; of another one, that it is not so."""


def approved(team: Team, limits: Budget | None = None, began: Budget | None = None) -> Team:
    """Return the team, whose policy, where one decides, is shown to be total and monotone; so are those within it.

    `limits` are those to continue with, where they are not the team's own, and `began` those with which the run began:
    it may be at a place that only they lead to. What `limits` raise is raised within, too.

    Raises:
        UsageError: it is not, with the smallest counterexample, or the team is too large to show it.
    """
    found = find_unapproved(team, limits or team.budget, began)
    if found is not None:
        raise UsageError(*_sentences(found))
    return team if limits is None else team.model_copy(update={"budget": limits})


def _sentences(found: Unapproved) -> list[str]:
    name = found.policy.name
    if found.too_many:
        sentence = say(
            "the policy `{name}` cannot be proved: {why}; to run it anyway `policy.accept` must name total and "
            "monotone, each with the reason",
            name=name,
            why=found.too_many,
        )
        return [sentence]
    policy = (
        say("the approvers' policy `{name}`", name=name)
        if found.is_of_people
        else say("the policy `{name}`", name=name)
    )
    return [_sentence(policy, check, found.titles) for check in found.failing]


def _sentence(policy: str, check: PropertyCheck, titles: Mapping[str, str]) -> str:
    example = shown_example(check.counterexample, titles) if check.counterexample else ""
    words = FAULTS.get(check.property)
    fault = say(words) if words else say("is not {property}", property=check.property)
    return say(
        "{policy} {fault}: {example}; repair it (`accord policy verify` shows it), "
        "or accept it in `policy.accept` with the reason",
        policy=policy,
        fault=fault,
        example=example,
    )
