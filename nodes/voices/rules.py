"""The voice `rules`: a role's own checks, evaluated by code. Deterministic, without a model."""

from collections.abc import Mapping
from typing import Any

from nodes.voices.voice import BriefQuestion, Question, Utterance
from policies.contracts.table import CONTRACTS
from policies.language import say, speaking
from policies.patterns.results import side_by_side
from policies.run.seats import Failure
from policies.run.stop import stop_reason
from policies.team.checks import Unanswered, stance_of

MAX_CAUSE = 1_000


class RulesVoice:
    """Speaks for a role by its `checks`; its confidence is always 1."""

    async def propose(self, question: Question) -> Utterance:
        """Return the position of the first check that holds."""
        position = stance_of(question.role, question.facts)
        if isinstance(position, Unanswered):
            return Utterance(failure=_failure(question.name, position))
        if question.task.contract != "contribution" and position.reply is not None:
            return Utterance(dict(position.reply))
        return Utterance(CONTRACTS[question.task.contract].by_rules(position, question.task))

    async def write_brief(self, question: BriefQuestion) -> Utterance:
        """Return the brief by a template over the last round, or the results one below the other."""
        with speaking(question.language):
            return Utterance(_written(question))


def _written(question: BriefQuestion) -> str:
    def titled(said: Mapping[str, Any]) -> dict[str, Any]:
        return {**said, "agent": question.titles.get(said["agent"], said["agent"])}

    if question.results is not None:
        return side_by_side(map(titled, question.results))
    last = [titled(each) for each in question.history[-1]["contributions"]]
    reasons = [_line(each["agent"], each["stance"], each["summary"]) for each in last]
    steps = [f"{number}. {step}" for number, step in enumerate(_first_actions(last), 1)]
    guards = (
        [say("Limits that no vote can beat: {guards}.", guards=", ".join(question.guards))] if question.guards else []
    )
    people = _by_people(question.people) if question.people else []
    return "\n".join([*guards, *people, say("Why:"), *reasons, say("Immediate actions:"), *steps])


def _line(who: str, word: str, reason: str) -> str:
    return say("- {who} ({word}): {reason}", who=who, word=word, reason=reason)


def _by_people(people: Mapping[str, Any]) -> list[str]:
    """Return what people decided and why, above what the team said."""
    said = [_line(each["by"], each["answer"], " ".join(each["because"].split())) for each in people["answers"]]
    silence = [say("People were asked; {silence}.", silence=people["silence"])] if "silence" in people else []
    return [*(silence or [say("The team left the decision to people:")]), *said]


def _failure(role: str, said: Unanswered) -> Failure:
    """Return the failure of a role whose check has no answer: a fact is missing, or cannot be compared."""
    missing = said.missing
    reason = stop_reason("condition_failed", role) if missing is None else stop_reason("needs_input", missing)
    return Failure(reason, cause=said.cause(role)[:MAX_CAUSE])


def _first_actions(contributions: list[dict[str, Any]]) -> list[str]:
    """Return two actions, those of the most cautious roles first, in sequence order."""
    weight = {"block": 0, "caution": 1, "go": 2}
    ordered = sorted(contributions, key=lambda each: weight[each["stance"]])
    firsts = [each["actions"][0] for each in ordered] + [action for each in ordered for action in each["actions"][1:]]
    return list(dict.fromkeys(firsts))[:2]
