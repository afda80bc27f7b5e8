"""Runs of every pattern, offline, each with what its roles say; told like the stories of the rounds."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from graph.teams.policies import with_policy
from graph.teams.voicing import voiced
from nodes.voices.voice import Question
from policies.run.seats import Failure
from policies.team.rules import parse_team
from policies.team.team import Team
from tests.harness import Speech, proposal, resume, run, scripted, settings_at, team_of
from tests.report.people import PEOPLE
from tests.report.stage import HOSTILE, STORIES, Told, told
from tests.report.world import WORLD
from tests.runs.stage import state_of

Plain = dict[str, Any]

LEADS = {"orchestrator": "planner", "debate": "judge", "hierarchy": "boss", "manager": "boss", "vote": "chair"}
LONG = HOSTILE + "X" * (4_000 - len(HOSTILE))
"""The longest text a role may return, all of it hostile."""


def raw_team(pattern: str, *sequence: str, roles: Mapping[str, Plain] | None = None, **keys: Any) -> Plain:
    """Return what the file of a team says: its roles, and its lead where the pattern has one."""
    lead = {"lead": LEADS[pattern]} if pattern in LEADS else {}
    known = {name: {"title": f"The {name}", "mandate": f"Do as {name}."} for name in (*sequence, *lead.values())}
    known = {name: {**role, **(roles or {}).get(name, {})} for name, role in known.items()}
    raw = {"name": f"a_{pattern}", "title": f"A {pattern}", "goal": "Ship it?", "facts": {"orders": 5}}
    return dict(with_policy({**raw, "pattern": pattern, "sequence": [*sequence], "roles": known, **lead, **keys}))


def within(pattern: str = "rounds", *sequence: str, **keys: Any) -> Plain:
    """Return a role that a team answers for."""
    team = raw_team(pattern, *(sequence or ("inner_one", "inner_two")), **{"name": f"in_{pattern}", **keys})
    return {"team": {key: value for key, value in team.items() if key != "facts"}}


def work(home: Path, raw: Plain, speech: Speech, brief: Any = "All of it, in one text.") -> Told:
    """Run a team whose roles say what `speech` says, and return how it is told."""
    settings = settings_at(home, "http://127.0.0.1:9")
    team = parse_team(raw)
    assert isinstance(team, Team), team
    record = run(voiced(team, settings), settings, "t", scripted(speech, brief=brief))
    return told("t", record, state_of(settings))


def shipped(name: str) -> Callable[[Path], Told]:
    """Return the story of a shipped team by its own rules."""

    def story(home: Path) -> Told:
        settings = settings_at(home)
        record = run(team_of(settings, name), settings)
        return told("t", record, state_of(settings))

    return story


def resumed(home: Path) -> Told:
    """Return how a plan is told of which a step failed, and was asked again when the run went on."""
    work(home, raw_team("orchestrator", *CREW, options={"max_replans": 0}), planned(*PLAN, failing=(PLAN[1]["task"],)))
    settings = settings_at(home, "http://127.0.0.1:9")
    record = resume(settings, voices=scripted(planned(*PLAN), brief="All of it."))
    return told("t", record, state_of(settings))


def step(agent: str, task: str, *dependencies: int) -> Plain:
    """Return a step of a plan."""
    return {"agent": agent, "task": task, "dependencies": [*dependencies]}


def planned(*steps: Plain, failing: tuple[str, ...] = ()) -> Speech:
    """Return a speech in which the planner plans these steps, and the tasks in `failing` get no answer."""

    def speech(question: Question) -> Any:
        if question.task.contract == "plan":
            return {"steps": [*steps]}
        task = question.task.asks.get("subtask", "")
        return Failure("llm_timeout") if task in failing else {"text": f"Done: {task}"}

    return speech


PLAN = (
    step("researcher", "Gather the numbers."),
    step("analyst", "Compare the offers."),
    step("writer", "Write the report.", 1, 2),
    step("reviewer", "Review the report.", 3),
    step("analyst", "Draw the charts.", 1),
)
CREW = ("researcher", "analyst", "writer", "reviewer")


def many_steps(number: int) -> tuple[Plain, ...]:
    """Return steps of every shape: a wide wave, a chain, and joins of several."""
    wide = [step("writer", f"Look at part {each}.") for each in range(1, number // 2 + 1)]
    rest = range(number // 2 + 1, number + 1)
    return (*wide, *(step("analyst", f"Join part {each}.", each - 1, each - number // 2) for each in rest))


def debating(question: Question) -> Any:
    """One debater gives way in the second round of replies; the judge agrees with the other."""
    if question.task.contract == "verdict":
        reasons = ["The numbers hold.", "Nobody could say why to wait."]
        return {"winner": "optimist", "decision": "Ship on Monday.", "reasons": reasons, "confidence": 0.8}
    gives_way = question.name == "sceptic" and question.round >= 2
    position = "Wait a week." if question.name == "sceptic" and not gives_way else "Ship now."
    return {"position": position, "argument": f"{question.name} argues in round {question.round}."}


def assigned(*pairs: tuple[str, str], failing: str = "") -> Speech:
    """Return a speech in which the lead assigns these subtasks; teams within stand for a go."""

    def speech(question: Question) -> Any:
        if question.task.contract == "assignments":
            return {"assignments": [{"to": to, "subtask": subtask} for to, subtask in pairs]}
        if question.task.contract == "contribution":
            return Failure("llm_timeout") if question.name == failing else proposal(question.name)
        return {"text": f"{question.name} worked."}

    return speech


def noted(question: Question) -> Any:
    """Two write notes; in the third iteration nobody adds anything."""
    number = question.task.asks["iteration"]
    artifacts = [{"name": "sketch", "content": "+---+\n| a |\n+---+"}] if number == 1 else []
    adds = f"point {number}" if number < 3 else ""
    return {"content": f"{question.name} in iteration {number}.", "adds": adds, "artifacts": artifacts}


def talking(question: Question) -> Any:
    """The third turn ends it."""
    is_last = question.task.asks["turn"] == 3
    return {"text": "Agreed.\nTASK_COMPLETE" if is_last else f"Turn {question.task.asks['turn']}.", "next": None}


def voting(**votes: str) -> Speech:
    """Return a speech in which the voters cast these votes; a voter without one gives no answer."""

    def speech(question: Question) -> Any:
        if question.task.contract == "proposal":
            return {"proposal": "Freeze changes in December.", "reason": "Traffic doubles."}
        vote = votes.get(question.name)
        return {"vote": vote, "reason": f"{question.name} has a reason."} if vote else Failure("llm_timeout")

    return speech


def writing(question: Question) -> Any:
    """Everybody sends a message with the answer; one is a question that nobody answers."""
    kind = "question" if question.name == "writer" else "note"
    sent = {"to": ["all"], "kind": kind, "content": f"From {question.name}.", "priority": "high"}
    return {"text": f"{question.name} wrote.", "messages": [sent]}


def hostile(question: Question) -> Any:
    """Every field of every answer is as long as it may be, and hostile."""
    short, names = HOSTILE[:500], [*question.task.choices]
    said: Mapping[str, Plain] = {
        "contribution": proposal(question.name, "go", summary=LONG, actions=[short]),
        "output": {"text": LONG, "note": short, "points": [short, "two"]},
        "plan": {"steps": [step(names[0], LONG), step(names[-1], f"Then. {short}", 1)] if names else []},
        "assignments": {"assignments": [{"to": name, "subtask": LONG} for name in names]},
        "position": {"position": f"{short[:400]} {question.round}", "argument": LONG},
        "verdict": {"winner": None, "decision": LONG, "reasons": [LONG, short], "confidence": 1},
        "note": {"content": LONG, "adds": LONG, "artifacts": [{"name": short, "content": LONG}]},
        "turn": {"text": f"{LONG[:3_900]}\nTASK_COMPLETE", "next": None},
        "proposal": {"proposal": LONG, "reason": LONG},
        "ballot": {"vote": "approve", "reason": LONG},
    }
    message = {"to": ["all"], "kind": "question", "content": HOSTILE[:1_000]}
    return {**said[question.task.contract], "messages": [message]}


def hostile_work(home: Path, pattern: str) -> Told:
    """Return how a team of a pattern is told whose every text is hostile."""
    declared = {"fields": {"note": "text", "points": "list"}}
    titled = {"title": HOSTILE.split("\n")[0], **(declared if pattern in ("pipeline", "parallel") else {})}
    inner = within("vote" if pattern == "hierarchy" else "rounds")
    roles = {name: {**titled, **(inner if pattern == "hierarchy" else {})} for name in ("writer", "analyst")}
    budget = {"max_messages": 60, "max_rounds": 2}
    keys = {"goal": HOSTILE, "budget": budget, **({"messages": {}} if pattern != "rounds" else {})}
    return work(home, raw_team(pattern, "writer", "analyst", roles=roles, **keys), hostile, brief=HOSTILE)


def hostile_story(pattern: str) -> Callable[[Path], Told]:
    """Return the story of that."""
    return lambda home: hostile_work(home, pattern)


def nesting(question: Question) -> Any:
    """A leader gives the one team under it a subtask, and that team debates it."""
    if question.task.contract == "assignments":
        return {"assignments": [{"to": "north", "subtask": "Settle it."}]}
    return {"text": "Written."} if question.task.contract == "output" else debating(question)


CREW_WITHIN = within("hierarchy", "north", roles={"north": within("debate", "optimist", "sceptic")})
TEAMS = {"north": within(), "south": within("parallel"), "west": within()}
ABSENT = {"name": "mine", "rules": [{"when": "go >= 2", "then": "go"}, {"when": "block >= 2", "then": "no_go"}],
          "otherwise": "escalate", "on_absent": "count", "when_rounds_end": "escalate"}  # fmt: skip
ONCE = {**ABSENT, "rules": [{"when": "round == 1 && go >= 2", "then": "go"}]}
"""A policy that asks which round it is; a vote is the only one."""

WORKS: Mapping[str, Callable[[Path], Told]] = {
    "plan": lambda home: work(home, raw_team("orchestrator", *CREW), planned(*PLAN)),
    "plan_failed": lambda home: work(
        home, raw_team("orchestrator", *CREW), planned(*PLAN, failing=("Compare the offers.",))
    ),
    "plan_resumed": resumed,
    "plan_refused": lambda home: work(home, raw_team("orchestrator", *CREW), planned(step("nobody", "Look."))),
    "plan_long": lambda home: work(
        home,
        raw_team("orchestrator", *CREW, options={"max_steps": 200}, budget={"max_messages": 400, "max_seconds": 300}),
        planned(*many_steps(200)),
    ),
    "pipeline": lambda home: work(
        home,
        raw_team(
            "pipeline", "writer", "analyst", "team",
            roles={"analyst": {"fields": {"margin_pct": "number", "is_ready": "boolean"}}, "team": within()},
        ),
        lambda question: proposal(question.name)
        if question.task.contract == "contribution"
        else {"text": f"{question.name} went on.", "margin_pct": 12.5, "is_ready": True},
    ),
    "pipeline_refused": lambda home: work(
        home,
        raw_team("pipeline", "writer", "analyst", "coder"),
        lambda question: {"text": " "} if question.name == "analyst" else {"text": "Written."},
    ),
    "parallel": lambda home: work(
        home,
        raw_team("parallel", "writer", "analyst", "coder", policy=ABSENT, options={"synthesis": False}),
        lambda question: Failure("llm_timeout") if question.name == "coder" else {"text": f"{question.name} says."},
    ),
    "parallel_stopped": lambda home: work(
        home,
        raw_team("parallel", "writer", "analyst"),
        lambda question: Failure("llm_timeout") if question.name == "analyst" else {"text": "Only this."},
    ),
    "debate": lambda home: work(home, raw_team("debate", "optimist", "sceptic", budget={"max_rounds": 4}), debating),
    "debate_refused": lambda home: work(
        home,
        raw_team("debate", "optimist", "sceptic"),
        lambda question: {**debating(question), "reasons": []},
    ),
    "hierarchy": lambda home: work(
        home,
        raw_team("hierarchy", *TEAMS, roles=TEAMS, budget={"max_messages": 60}),
        assigned(("north", "Count."), ("south", "Ask."), failing="nobody"),
    ),
    "nested": lambda home: work(
        home,
        raw_team("pipeline", "writer", "crew", roles={"crew": CREW_WITHIN}, budget={"max_messages": 60}),
        nesting,
    ),
    "manager": lambda home: work(
        home,
        raw_team("manager", "writer", "coder"),
        assigned(("coder", "Code."), ("writer", "Write."), ("coder", "Test.")),
    ),
    "manager_refused": lambda home: work(
        home, raw_team("manager", "writer", "coder"), assigned(("coder", "Code."), ("nobody", "Write."))
    ),
    "workspace": lambda home: work(home, raw_team("workspace", "writer", "analyst", budget={"max_rounds": 5}), noted),
    "conversation": lambda home: work(home, raw_team("conversation", "writer", "analyst"), talking),
    "conversation_endless": lambda home: work(
        home,
        raw_team("conversation", "writer", "analyst", options={"max_turns": 2}),
        talking,
    ),
    "vote": lambda home: work(
        home,
        raw_team("vote", "writer", "analyst", "coder"),
        voting(writer="approve", analyst="approve", coder="abstain"),
    ),
    "vote_once": lambda home: work(
        home, raw_team("vote", "writer", "analyst", policy=ONCE), voting(writer="approve", analyst="approve")
    ),
    "no_quorum": lambda home: work(
        home,
        raw_team("vote", "writer", "analyst", "coder", policy=ABSENT),
        voting(writer="approve", analyst="reject"),
    ),
    "messages": lambda home: work(home, raw_team("pipeline", "writer", "analyst", messages={}), writing),
    **{name: shipped(name) for name in (
        "incident_report", "vendor_review", "market_scan", "build_or_buy", "market_entry", "support_backlog",
        "onboarding_ideas", "retrospective", "change_freeze",
    )},
    **{f"hostile_{pattern}": hostile_story(pattern) for pattern in (
        "orchestrator", "pipeline", "parallel", "debate", "hierarchy", "manager", "workspace", "conversation", "vote",
    )},
}  # fmt: skip
"""A run of every pattern, ended well, stopped, and hostile; each on a home of its own."""

EVERY: Mapping[str, Callable[[Path], Told]] = {**STORIES, **WORKS, **PEOPLE, **WORLD}
"""The stories of the rounds and the works of all other patterns."""
