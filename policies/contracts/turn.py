"""Turn: what a speaker says in a conversation, and who speaks next."""

from policies.contracts.answers import Answer, Task
from policies.contracts.contract import Contract, Said
from policies.contracts.reading import Fields, optional_text, text_in
from policies.contracts.schema import TEXT, Schema, or_null
from policies.language import phrase, say
from policies.rehearsal.scene import Scene
from policies.team.fields import Position
from policies.team.team import Role, Team

FAULTS = {
    "text": phrase("there is no usable text"),
    "next": phrase("the next speaker is not one of the others"),
}


def _properties(task: Task, role: Role) -> Schema:
    return {"text": TEXT, **({"next": or_null(task.choices)} if task.choices else {})}


def _accept(value: Fields, task: Task, team: Team) -> Answer | str:
    """Return what was said and who speaks next; a name counts only where there is somebody to choose from."""
    text, named = text_in(value.get("text")), optional_text(value, "next") if task.choices else ""
    if text is None:
        return "text"
    if named is None or (named and named not in task.choices):
        return "next"
    return {"text": text, "next": named or None}


def _by_rules(position: Position, task: Task) -> Said:
    """Speak once; whoever had a turn already has nothing to add, and says the phrase."""
    if task.asks.get("turns_you_had"):
        return {"text": say("Nothing to add.") + f"\n{task.asks.get('ends_with')}", "next": None}
    return {"text": position.told, "next": None}


def _rehearsed(task: Task, scene: Scene) -> Answer:
    """Say the phrase in the first turn or in the last one, or never."""
    last = {"shortest": 1, "failing": 0}.get(scene.course, scene.team.options.max_turns)
    ending = f"\n{scene.team.options.phrase}" if len(scene.log) + 1 == last else ""
    return {"text": f"{scene.text(task)}{ending}", "next": None}


def _told(answer: Answer) -> str:
    return str(answer["text"])


CONTRACT = Contract(_properties, _accept, _by_rules, _rehearsed, _told, faults=FAULTS)
