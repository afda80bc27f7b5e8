"""Stop: ends the run with an explicit reason."""

from typing import Any

from langgraph.runtime import Runtime

from nodes.events import recorded
from nodes.services import Services, utc_now
from nodes.state import Node, State

NODE = "stop"


def build_stop(services: Services | None = None) -> Node:
    """Return the node."""
    now = services.now if services else utc_now

    async def stop(state: State, runtime: Runtime[Any]) -> dict[str, Any]:
        pending = state["pending"] or {}
        reason, phase = pending["reason"], pending["phase"]
        runtime.stream_writer({"event": "stopped", "reason": reason, "phase": phase, "cause": pending["cause"]})
        told = {"cause": pending["cause"]} if pending["cause"] else {}
        ended = {"event": "finished", "stop_reason": reason, "phase": phase, "final_decision": None, **told}
        update = {"stop_reason": reason, "phase": phase, "raw_contribution": pending["raw"], "pending": None}
        return recorded(state, update, [ended], now())

    return stop
