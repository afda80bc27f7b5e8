"""The state of a run: plain JSON values, each with its meaning, its writer and its reducer.

Plain values only, so that a stored checkpoint never depends on where a class lives. `nodes.border` turns them into the
frozen values of the policies and back.
"""

from collections.abc import Sequence
from typing import Annotated, Any

from langgraph.channels import DeltaChannel, EphemeralValue
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from policies.language import phrase
from policies.team.fields import Facts, Goal

Node = Any
"""A graph node; LangGraph keeps its own type of one private."""

SNAPSHOT_EVERY = 50
"""Supersteps between two full copies of a growing list in the checkpoints."""


def append_all(kept: list[Any] | None, writes: Sequence[list[Any]]) -> list[Any]:
    """Return the kept list followed by every written list, in order."""
    return [*(kept or []), *(item for write in writes for item in write)]


def merge_replies(kept: dict[str, Any] | None, written: dict[str, Any]) -> dict[str, Any]:
    """Return the replies by seat, those to the newest wave alone: earlier ones are in the seats and stages by now."""
    newest = max((reply["wave"] for reply in written.values()), default=0)
    return {**{seat: reply for seat, reply in (kept or {}).items() if reply["wave"] >= newest}, **written}


class State(TypedDict, total=False):
    """One thread of the loop."""

    goal: Annotated[str | None, EphemeralValue]
    """Input: the question of this run. Written by the caller, read by convene, gone after it."""
    facts: Annotated[dict[str, Any] | None, EphemeralValue]
    """Input: the facts of this run. Written by the caller, read by convene, gone after it."""
    budget: Annotated[dict[str, Any] | None, EphemeralValue]
    """Input: limits to raise or change. Written by the caller, read by convene, gone after it."""
    accept_changes: Annotated[bool | None, EphemeralValue]
    """Input: continue although team, policy, facts or goal changed. Written by the caller, gone after convene."""

    refresh: Annotated[bool | None, EphemeralValue]
    """Input of our own runner: ask the sources of facts that do not suffice again. Read by convene, gone after it."""
    sources: Annotated[list[dict[str, Any]] | None, EphemeralValue]
    """Input of our own runner: where the facts of this run come from. Read by convene, gone after it."""
    reopens: Annotated[dict[str, Any] | None, EphemeralValue]
    """Input of our own runner: the decision that this run reopens, {thread, head, record}. Read by convene, gone after
    it."""
    tenant: Annotated[str | None, EphemeralValue]
    """Input of our own runner: whose the thread is, unless it is the command line's own tenant's. Read by convene,
    gone after it."""
    task: Annotated[dict[str, Any] | None, EphemeralValue]
    """Input of a team that answers for a role of another: what it is asked. Read by convene, gone after it."""

    case: dict[str, Any]
    """What is decided: {goal, facts or null, sources, failed, task, team, hashes, revision, reopens, tenant?}. Written
    by convene, a fact that was supplied by settle; the last write wins.

    `sources` are where the facts come from. While these do not suffice, their hash is null, and `failed` are the
    sources that gave none or lack some. `reopens` is the decision that the thread reopens, or null; `tenant` is
    whose the thread is, unless it is the command line's own tenant's.
    """
    limits: dict[str, Any]
    """The budget in force. Written by convene; the last write wins."""
    spent: dict[str, Any]
    """What was granted: {messages, rounds}. Written by convene alone; the last write wins."""
    usage: dict[str, Any]
    """What was measured: calls, tokens, cost, seconds. Written by convene, align and finalize; the last write wins."""
    recovered: dict[str, Any]
    """How often the run was brought back after its process died during calls: {made, in_a_row, answered}. Written by a
    recovery; the last write wins."""
    ratios: dict[str, float]
    """How many tokens each model was seen to count for one of ours, the most. Written by align; the last write wins."""
    round: int
    """The open round or stage, from 1. Written by convene; the last write wins."""
    seats: list[dict[str, Any]]
    """The seats of the open round or stage, in order. Written by convene and align; the last write wins."""
    wave: dict[str, Any]
    """Whom convene asked last: {number, asks, blocked}. Written by convene; the last write wins."""
    replies: Annotated[dict[str, Any], merge_replies]
    """The newest reply of each seat, with the wave it answers. Written by the roles; merged by seat."""
    outcome: str | None
    """The outcome of the open round, null while it is open. Written by convene and align; the last write wins."""
    stability: dict[str, Any] | None
    """The newest stability check: {round, number, seats, acts}; `acts` is null while it is under way. Written by
    convene, align and a recovery; the last write wins."""
    given: Annotated[dict[str, Any] | None, EphemeralValue]
    """What somebody answered: {answer, identity}. Written by human, read by settle, gone after it."""
    questions: list[dict[str, Any]]
    """What people are asked, and what they answered that has had no effect yet. Written by convene, align, finalize and
    settle; the last write wins."""
    pending: dict[str, Any] | None
    """A stop under way: {reason, phase, raw, cause}. Written by convene, align and finalize; the last write wins."""

    stop_reason: str | None
    """Why the run ended; null while it continues. Written by finalize and stop, cleared by convene."""
    phase: str | None
    """Where it stopped. Written by stop, cleared by convene; the last write wins."""
    raw_contribution: Any
    """The proposal that broke the contract. Written by stop, cleared by convene; the last write wins."""
    answer: str | None
    """The brief. Written by finalize; the last write wins."""
    final_decision: str | None
    """go, go_with_caution or no_go. Written by finalize; the last write wins."""
    history: Annotated[list[dict[str, Any]], DeltaChannel(append_all, snapshot_frequency=SNAPSHOT_EVERY)]
    """One entry per finished round. Written by align; appended."""
    stages: Annotated[list[dict[str, Any]], DeltaChannel(append_all, snapshot_frequency=SNAPSHOT_EVERY)]
    """One entry per finished stage of a pattern other than rounds. Written by align; appended."""
    forgiven: int
    """Finished stages whose absences are forgotten, so that failed steps are asked again. Written by convene."""
    since: int
    """Finished stages before this one were set aside when changes were accepted. Written by convene."""
    ending: dict[str, Any]
    """How the stages ended: {results, answer, decision, ended_early, details}. Written by align and convene."""
    messages: Annotated[list[dict[str, Any]], DeltaChannel(append_all, snapshot_frequency=SNAPSHOT_EVERY)]
    """Messages between agents, in the order of posting. Written by align; appended."""
    withdrawn: list[str]
    """Ids of messages whose round or stages were set aside when changes were accepted. Written by convene."""
    delivered: Annotated[list[dict[str, Any]], DeltaChannel(append_all, snapshot_frequency=SNAPSHOT_EVERY)]
    """Messages delivered in full rounds and stages, {role, id}. Written by align; appended."""
    trace: Annotated[list[dict[str, Any]], DeltaChannel(append_all, snapshot_frequency=SNAPSHOT_EVERY)]
    """What happened, in order. Written by align; appended."""
    superseded: Annotated[list[dict[str, Any]], DeltaChannel(append_all, snapshot_frequency=SNAPSHOT_EVERY)]
    """Open rounds discarded when changes were accepted. Written by convene; appended."""
    events: Annotated[list[dict[str, Any]], DeltaChannel(append_all, snapshot_frequency=SNAPSHOT_EVERY)]
    """The record: hash-chained events, see `policies.assurance.audit`. Written by convene, align, finalize and stop."""


class Output(TypedDict, total=False):
    """What a finished or stopped run returns."""

    stop_reason: str | None
    phase: str | None
    raw_contribution: Any
    answer: str | None
    final_decision: str | None
    round: int
    stages: Annotated[list[dict[str, Any]], DeltaChannel(append_all, snapshot_frequency=SNAPSHOT_EVERY)]
    history: Annotated[list[dict[str, Any]], DeltaChannel(append_all, snapshot_frequency=SNAPSHOT_EVERY)]
    trace: Annotated[list[dict[str, Any]], DeltaChannel(append_all, snapshot_frequency=SNAPSHOT_EVERY)]


class StepInput(TypedDict, total=False):
    """What a team is given that answers for a role of another."""

    goal: str | None
    facts: dict[str, Any] | None
    sources: list[dict[str, Any]] | None
    budget: dict[str, Any] | None
    task: dict[str, Any] | None


class Input(BaseModel):
    """A run of the team. Leave a field empty to take the team's own."""

    model_config = ConfigDict(extra="forbid")

    goal: Goal | None = Field(
        default=None,
        title=phrase("Goal"),
        description=phrase("The question put to the team; empty: the team's own."),
        examples=["Prepare a go/no-go brief for the Checkout v2 campaign in US on 2026-03-02."],
    )
    facts: Facts | None = Field(
        default=None,
        title=phrase("Facts"),
        description=phrase("The facts every role sees, as one JSON object; empty: the team's own."),
        examples=[{"risk_signals": {"failed_payment_rate": 0.028}}],
    )
    budget: dict[str, Any] | None = Field(
        default=None,
        title=phrase("Budget"),
        description=phrase("Limits to set for this run, or to raise when a stopped thread is resumed."),
        examples=[{"max_rounds": 5}],
    )
    accept_changes: bool | None = Field(
        default=None,
        title=phrase("Accept changes"),
        description=phrase("Continue although team, policy, facts or goal changed; the open round is asked again."),
        examples=[False],
    )


class RunInput(Input):
    """A run as our own runner begins or resumes it. No server takes the parts that are added here from its callers."""

    sources: list[dict[str, Any]] | None = None
    """Where the facts come from, where they were fetched before."""
    refresh: bool | None = None
    """Whether the sources of facts that do not suffice are asked again."""
    reopens: dict[str, Any] | None = None
    """The decision that a new thread reopens: {thread, head, record}."""
    tenant: str | None = None
    """Whose a new thread is; null: of the command line's own tenant."""
