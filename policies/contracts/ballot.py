"""Ballot: a vote on a proposal, with a reason."""

from policies.contracts.answers import Answer, Task
from policies.contracts.contract import Contract, Said
from policies.contracts.reading import Fields, text_in
from policies.contracts.schema import TEXT, Schema, one_of
from policies.language import phrase
from policies.rehearsal.scene import Scene
from policies.team.fields import Position
from policies.team.team import Role, Team

BALLOTS = ("approve", "reject", "abstain")


FAULTS = {
    "vote": phrase("the vote is not approve, reject or abstain"),
    "reason": phrase("there is no usable reason"),
}


def _properties(task: Task, role: Role) -> Schema:
    return {"vote": one_of(BALLOTS), "reason": TEXT}


def _accept(value: Fields, task: Task, team: Team) -> Answer | str:
    vote = value.get("vote")
    if not isinstance(vote, str) or vote.strip() not in BALLOTS:
        return "vote"
    reason = text_in(value.get("reason"))
    return {"vote": vote.strip(), "reason": reason} if reason else "reason"


def _by_rules(position: Position, task: Task) -> Said:
    vote = {"go": "approve", "caution": "abstain", "block": "reject"}[position.stance]
    return {"vote": vote, "reason": position.summary}


def _rehearsed(task: Task, scene: Scene) -> Answer:
    return {"vote": "approve", "reason": scene.text(task)}


def _told(answer: Answer) -> str:
    return str(answer["reason"])


CONTRACT = Contract(
    _properties, _accept, _by_rules, _rehearsed, _told, faults=FAULTS, word=lambda answer: str(answer["vote"])
)
