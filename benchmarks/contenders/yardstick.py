"""The yardstick: the same job as a bare LangGraph graph with ChatOpenAI and the SQLite saver, written plainly."""

import operator
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, Literal

from langchain_openai import ChatOpenAI
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import END, START, StateGraph
from pydantic import BaseModel, SecretStr
from typing_extensions import TypedDict

from benchmarks.case import brief_messages, role_messages, team_of
from benchmarks.job import MODEL, ROLES, TEMPERATURE, Run


class Contribution(BaseModel):
    agent: str
    stance: Literal["go", "caution", "block"]
    summary: str
    confidence: float
    actions: list[str]


class State(TypedDict, total=False):
    round: int
    contributions: Annotated[list[dict[str, Any]], operator.add]
    history: Annotated[list[dict[str, Any]], operator.add]
    decision: str | None
    answer: str


def build(base_url: str, rounds: int) -> Any:
    team = team_of(rounds)
    key = SecretStr("sk-test")
    chat = ChatOpenAI(model_name=MODEL, openai_api_base=base_url, openai_api_key=key, temperature=TEMPERATURE)
    proposer = chat.with_structured_output(Contribution)

    def role(name: str) -> Any:
        async def ask(state: State) -> State:
            said = await proposer.ainvoke(role_messages(team, name, state["round"], state.get("history", [])))
            assert isinstance(said, Contribution)
            return {"contributions": [{"round": state["round"], **said.model_dump()}]}

        return ask

    async def decide(state: State) -> State:
        said = [each for each in state["contributions"] if each["round"] == state["round"]]
        is_blocked = any(each["stance"] == "block" for each in said)
        decision = None if is_blocked else "go"
        entry = {"round": state["round"], "contributions": said, "conflicts": [], "decision": decision}
        return {"round": state["round"] + 1, "history": [entry], "decision": decision}

    async def brief(state: State) -> State:
        message = await chat.ainvoke(brief_messages(team, str(state["decision"]), state["history"]))
        return {"answer": message.text}

    def after_decide(state: State) -> list[str]:
        return ["brief"] if state.get("decision") else list(ROLES)

    builder = StateGraph(State)
    builder.add_node("decide", decide)
    builder.add_node("brief", brief)
    for name in ROLES:
        builder.add_node(name, role(name))
        builder.add_edge(START, name)
        builder.add_edge(name, "decide")
    builder.add_conditional_edges("decide", after_decide, [*ROLES, "brief"])
    builder.add_edge("brief", END)
    return builder


@asynccontextmanager
async def opened_normal(base_url: str, folder: Path, rounds: int) -> AsyncIterator[Run]:
    """Open it with SQLite's `synchronous=NORMAL`, as Accord takes it, in place of the default FULL."""
    async with opened(base_url, folder, rounds, "NORMAL") as run:
        yield run


@asynccontextmanager
async def opened(base_url: str, folder: Path, rounds: int, synchronous: str = "FULL") -> AsyncIterator[Run]:
    async with AsyncSqliteSaver.from_conn_string(str(folder / "yardstick.sqlite")) as saver:
        await saver.conn.execute(f"PRAGMA synchronous={synchronous}")
        graph = build(base_url, rounds).compile(checkpointer=saver)

        async def run(thread: str) -> int:
            state = await graph.ainvoke({"round": 1}, {"configurable": {"thread_id": thread}})
            assert state["decision"] == "go", state
            return len(state["contributions"])

        yield run
