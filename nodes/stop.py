"""Stop: ends the run with an explicit reason."""

from typing import Any

from langgraph.runtime import Runtime

from nodes.state import State

NODE = "stop"


async def stop(state: State, runtime: Runtime[Any]) -> dict[str, Any]:
    """Return the pending stop as the run's own."""
    pending = state["pending"] or {}
    reason, phase = pending["reason"], pending["phase"]
    runtime.stream_writer({"event": "stopped", "reason": reason, "phase": phase, "cause": pending["cause"]})
    return {"stop_reason": reason, "phase": phase, "raw_contribution": pending["raw"], "pending": None}
