"""Plan: the steps of a piece of work, each for an agent and after the steps it depends on."""

from policies.contracts.answers import Answer, Task
from policies.contracts.contract import Contract, Said
from policies.contracts.reading import Fields
from policies.contracts.schema import TEXT, Schema, list_of, one_of
from policies.language import phrase, say_count
from policies.patterns.plan import find_plan_fault, tidy_steps
from policies.rehearsal.scene import Scene
from policies.team.fields import Position
from policies.team.team import Role, Team

FAULTS = {
    "not_object": phrase("it is not a JSON object"),
    "empty": phrase("it is empty"),
    "too_many_steps": phrase("it has more steps than `max_steps` allows"),
    "too_many_dependencies": phrase("too many dependencies"),
    "step_{number}:not_object": phrase("step {number} is not a JSON object"),
    "step_{number}:unknown_agent:{name}": phrase("step {number} names an agent that the team does not have: {name}"),
    "step_{number}:task": phrase("step {number} has no usable task"),
    "step_{number}:dependencies": phrase("step {number} has no usable list of dependencies"),
    "step_{number}:dependency_out_of_range": phrase("step {number} depends on a step that is not there"),
    "step_{number}:depends_on_itself": phrase("step {number} depends on itself"),
    "step_{number}:dependency_twice": phrase("step {number} names a dependency twice"),
    "step_{number}:same_as_step_{other}": phrase("step {number} is the same as step {other}"),
    "step_{number}:cycle": phrase("step {number} waits for itself through other steps"),
}


def _properties(task: Task, role: Role) -> Schema:
    dependencies = {"type": "array", "items": {"type": "integer"}}
    return {"steps": list_of({"agent": one_of(task.choices), "task": TEXT, "dependencies": dependencies})}


def _accept(value: Fields, task: Task, team: Team) -> Answer | str:
    fault = find_plan_fault(value.get("steps"), task.choices, team.options.max_steps)
    return fault or {"steps": tidy_steps(value["steps"])}


def _by_rules(position: Position, task: Task) -> Said:
    """Plan one step for each agent, all at once, each by what it is for."""
    return {"steps": [{"agent": name, "task": what, "dependencies": []} for name, what in task.mandates]}


def _rehearsed(task: Task, scene: Scene) -> Answer:
    """Plan one step for each agent, or as many as there may be for the one that costs most."""
    agents = scene.agents(task, once=False)
    chained = scene.course == "longest"
    return {
        "steps": [
            {
                "agent": agent,
                "task": f"{number}. {scene.text(task, len(agents))}",
                "dependencies": [number - 1] if chained and number > 1 else [],
            }
            for number, agent in enumerate(agents, 1)
        ]
    }


def _told(answer: Answer) -> str:
    count = len(answer["steps"])
    return say_count("planned {number} step", "planned {number} steps", count)


CONTRACT = Contract(_properties, _accept, _by_rules, _rehearsed, _told, refused_as="invalid_plan", faults=FAULTS)
