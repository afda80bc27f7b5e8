"""Trimming: what a trace shows of each node, in place of the whole state; and what of that is masked.

A node shows what it reads and what it says. The state it is given also holds the team and the record so far, which
would make a trace of thirty rounds nine hundred times that of one.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

Plain = dict[str, Any]

MASKED = "(masked)"
MAX_ERROR = 300
MODEL = "llm"

_COURSE = ("round", "outcome", "pending", "stop_reason")
_INPUTS: Mapping[str, Sequence[str]] = {
    "convene": ("task", "budget", "accept_changes", *_COURSE),
    "align": ("round", "replies"),
    "finalize": ("round", "outcome", "pending", "last_round", "results"),
    "stop": ("round", "pending"),
}
_ASKED = ("task", "facts", "round", "asks", "last_round")
_OUTPUTS: Mapping[str, Sequence[str]] = {
    "convene": ("asks", *_COURSE),
    "align": ("outcome", "pending", "last_round", "last_stage", "posted"),
    "finalize": ("answer", "final_decision", "stop_reason", "pending"),
    "stop": ("stop_reason", "phase", "raw_contribution"),
}
_ENDED = ("stop_reason", "phase", "final_decision", "answer", "round", "raw_contribution")
_WHOLE = ("goal", "task", "facts", "budget", "accept_changes")

_NAMES = frozenset(
    {
        *("outcome", "stop_reason", "phase", "final_decision", "decision", "conflicts", "stance", "kind", "reason"),
        *("role", "seat", "agent", "stage", "contract", "absent", "finish_reason", "repair"),
    }
)
_COUNTS = frozenset(
    {
        *("round", "attempt", "posted", "confidence", "calls", "prompt_tokens", "completion_tokens", "cost_usd"),
        *("seconds", "input_tokens", "output_tokens", "total_tokens", "accept_changes", "max_rounds", "max_messages"),
        *("max_seconds", "max_tokens", "max_cost_usd", "max_recoveries", "min_go_votes"),
    }
)
"""Keys whose values a mask leaves, where they are names out of a closed set, or numbers."""
_WALKED = frozenset(
    {*("asks", "last_round", "last_stage", "pending", "usage", "stances", "entries", "budget"), "messages", "answer"}
) | {"usage_metadata"}
"""Keys into whose values a mask looks; those of any other are masked whole."""
_ANSWER = ("agent", "stance", "confidence")
"""What a mask leaves of an answer: whatever else is in one may be text of its own."""
_OPEN_DETAILS = ("agent_denied", "facts_unavailable")
"""Stop reasons whose detail is not out of a closed set: a name in an answer, or which file failed."""
_NAME = re.compile(r"[A-Za-z0-9_.:#~-]{1,120}")


def inputs_shown(name: str, run_type: str, inputs: Mapping[str, Any], is_node: bool) -> Plain:
    """Return what a trace shows of what a run was given; `is_node` says that it is a node of a graph."""
    if run_type == MODEL:
        return {"messages": [_message(each) for batch in inputs.get("messages", []) for each in batch]}
    keys = _INPUTS.get(name, _ASKED) if is_node else _WHOLE
    return _chosen({**inputs, **_read(name, inputs)}, keys)


def outputs_shown(name: str, run_type: str, outputs: Mapping[str, Any], is_node: bool) -> Plain:
    """Return what a trace shows of what a run returned."""
    if run_type == MODEL:
        return _completion(outputs)
    if not is_node:
        return _chosen(outputs, _ENDED)
    keys = _OUTPUTS.get(name)
    if keys is None:
        return {"replies": {seat: _reply(each) for seat, each in outputs.get("replies", {}).items()}}
    return _chosen({**outputs, **_read(name, outputs)}, keys)


def masked(found: Mapping[str, Any]) -> Plain:
    """Return what is shown of a run with only names, stances, rounds, outcomes and counts left to read.

    >>> masked({"replies": {"risk": {"kind": "accepted", "answer": {"stance": "go", "summary": "Ada pays late."}}}})
    {'replies': {'risk': {'kind': 'accepted', 'answer': {'stance': 'go', 'summary': '(masked)'}}}}
    """
    return {name: _masked(name, value) for name, value in found.items()}


def _masked(name: str, value: Any) -> Any:
    if name == "replies" and isinstance(value, Mapping):
        return {seat: masked(reply) for seat, reply in value.items()}
    if name == "answer" and isinstance(value, Mapping):
        return {key: _masked(key, each) if key in _ANSWER else MASKED for key, each in value.items()}
    if name in _WALKED and isinstance(value, Mapping | list | tuple):
        return masked(value) if isinstance(value, Mapping) else [_masked(name, each) for each in value]
    if name in _NAMES and isinstance(value, list | tuple):
        return [_masked(name, each) for each in value]
    if isinstance(value, str):
        return without_detail(value) if name in _NAMES and _NAME.fullmatch(value) else MASKED
    return value if value is None or name in _COUNTS else MASKED


def without_detail(reason: str) -> str:
    """Return a stop reason without what of it somebody wrote: all after the first detail, and that of some kinds.

    >>> without_detail("invalid_contribution:agent_not_allowed:ada"), without_detail("agent_denied:ada")
    ('invalid_contribution:agent_not_allowed:(masked)', 'agent_denied:(masked)')
    """
    parts = reason.split(":")
    kept = 1 if parts[0] in _OPEN_DETAILS else 2
    return ":".join([*parts[:kept], MASKED] if len(parts) > kept else parts)


def error_shown(error: str, is_masked: bool) -> str:
    """Return the first line of an error, or only its kind; what follows it is a stack with paths of the machine."""
    first = error.strip().split("\n", 1)[0]
    kind = re.match(r"[A-Za-z_][\w.]*", first)
    if is_masked:
        return f"{kind[0] if kind else 'Error'}: {MASKED}"
    return first[:MAX_ERROR]


def _chosen(found: Mapping[str, Any], keys: Sequence[str]) -> Plain:
    return {key: found[key] for key in keys if found.get(key) not in (None, [], {})}


def _read(name: str, given: Mapping[str, Any]) -> Plain:
    """Return what of a node's input or update is shown under a name of its own."""
    case, wave, ending = (given.get(key) or {} for key in ("case", "wave", "ending"))
    ours = [ask for ask in wave.get("asks", []) if name in _INPUTS or ask["role"] == name]
    told = {key: case.get(key) for key in ("goal", "facts", "task") if case.get(key) is not None}
    history, stages = (given.get(key) for key in ("history", "stages"))
    return {
        **told,
        "asks": [_chosen(ask, ("role", "task", "attempt", "repair")) for ask in ours],
        "replies": {seat: _chosen(each, ("kind", "reason")) for seat, each in (given.get("replies") or {}).items()},
        "last_round": _round(history[-1]) if history else None,
        "last_stage": _stage(stages[-1]) if stages else None,
        "results": ending.get("results"),
        "posted": len(given.get("messages") or []),
    }


def _round(entry: Mapping[str, Any]) -> Plain:
    said = entry.get("contributions", [])
    stances = [_chosen(each, ("agent", "stance", "confidence")) for each in said]
    return {**{key: entry.get(key) for key in ("round", "decision", "conflicts")}, "stances": stances}


def _stage(entry: Mapping[str, Any]) -> Plain:
    entries = [_chosen(each, ("seat", "role", "contract", "absent")) for each in entry.get("entries", [])]
    return {**_chosen(entry, ("round", "stage")), "entries": entries}


def _reply(reply: Mapping[str, Any]) -> Plain:
    """Return an answer as it was accepted, or why it was not; a team within has its own runs for what it did."""
    shown = _chosen(reply, ("kind", "reason", "cause", "raw", "usage"))
    if reply.get("kind") == "accepted":
        return {**shown, **_chosen(reply["accepted"], ("contract", "answer"))}
    if reply.get("kind") == "refusal":
        return {**shown, **_chosen(reply["refusal"], ("reason", "check", "because", "raw"))}
    return shown


_SPEAKERS = {"SystemMessage": "system", "HumanMessage": "user", "AIMessage": "assistant"}


def _message(message: Mapping[str, Any]) -> Plain:
    speaker = _SPEAKERS.get((message.get("id") or [""])[-1], "user")
    return {"role": speaker, "content": message.get("kwargs", {}).get("content")}


def _completion(outputs: Mapping[str, Any]) -> Plain:
    """Return what a model said and what it counted, in the words that LangSmith reads."""
    said = [each for batch in outputs.get("generations", []) for each in batch]
    counted = (outputs.get("llm_output") or {}).get("token_usage") or {}
    prompt, completion = (counted.get(f"{kind}_tokens") or 0 for kind in ("prompt", "completion"))
    usage = {"input_tokens": prompt, "output_tokens": completion, "total_tokens": prompt + completion}
    reason = next((each.get("generation_info") or {} for each in said), {}).get("finish_reason")
    messages = [{"role": "assistant", "content": each.get("text")} for each in said]
    return {"messages": messages, "finish_reason": reason, **({"usage_metadata": usage} if counted else {})}
