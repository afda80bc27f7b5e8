"""Postings: what is posted of a run when it begins and ends, and what is said of it later.

The outcome of a round is known when it closes, after the runs of its roles have ended. So the ends of these wait for
it, and are posted with it; where a role is asked again first, its end is posted at once, and the outcome later. All
that is kept of a trace is gone when it ends.
"""

import re
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graph.trimming import MODEL, error_shown, inputs_shown, masked, outputs_shown, without_detail
from policies.access.caller import LOCAL
from policies.access.owners import TENANT

Plain = dict[str, Any]

CHOOSES, OPENS = "route_after_", "convene"
"""How the runs of functions that choose the next node begin, and which node asks roles."""
MAX_TRACES = 512
MAX_RUNS = 4_096
"""Traces, and runs in one, of which more is said later; what is beyond is posted without it."""

OURS, PRIVATE = "accord", "private"
"""Tags: a trace is masked where it has the second, or lacks the first. A caller can add tags and take none away."""

_PLACES = frozenset({"thread_id", "team", "pattern", "policy", "langgraph_step", "assistant_id", "graph_id", "run_id"})
"""Metadata that is always posted: set by us or by LangGraph."""
_CALLS = frozenset({"thread", "round", "stage", "role", "seat", "attempt", "outcome"}) | {
    *("ls_provider", "ls_model_name", "ls_model_type"),
}
"""Metadata of the call of a model, set where it is called."""
_LABELS = (
    _CALLS
    | {"seats", "reply", "stance", "reason", "outcome", "row", "by_people", "conflicts", "guard_tripped"}
    | {
        *("stop_reason", "final_decision"),
    }
)
"""What is said of a run by its node alone; a caller who sets the same is not heard, or filters would be false."""
_FORMS = {
    "policy": re.compile(r"[0-9a-f]{64}"),
    "team": re.compile(r"[a-z][a-z0-9_-]{0,39}"),
    "pattern": re.compile(r"[a-z]{1,20}"),
}
_UNSHOWN = frozenset(
    {"title", "model", "model_name", "stream", "stop", "checkpoint_ns", "revision_id", "ls_integration"}
)
_NAME = re.compile(r"(?!langgraph_)[a-z][a-z0-9_]{0,39}")
MAX_VALUE = 200
_ENDS = ("stop_reason", "final_decision")


@dataclass(slots=True)
class _Run:
    """A run that has begun: how LangSmith finds it, and what is said of it."""

    place: Plain
    name: str
    run_type: str
    is_node: bool
    is_masked: bool
    extra: Plain
    metadata: Plain
    labels: Plain = field(default_factory=dict)
    posted: Plain | None = None
    ending: Plain | None = None
    """What is not posted yet of how it ended."""

    @property
    def parent(self) -> str | None:
        parent: str | None = self.place["parent_run_id"]
        return parent

    @property
    def is_of_role(self) -> bool:
        return "role" in self.metadata or "role" in self.labels

    def end(self) -> Plain:
        """Return what to post now that it has ended."""
        ending, self.ending = self.ending or {}, None
        return {**self.place, **ending, **self.said()}

    def said(self) -> Plain:
        """Return the `extra` to post, whole; nothing where it was posted so before."""
        labels = {name: _label_shown(each, self.is_masked) for name, each in self.labels.items()}
        extra = {**self.extra, "metadata": _metadata_shown(self.metadata, self.run_type, self.is_masked) | labels}
        if extra == self.posted:
            return {}
        self.posted = extra
        return {"extra": extra}


@dataclass(slots=True)
class _Trace:
    team: str
    """The team's own name; a server writes there the name under which it offers the team."""
    is_masked: bool
    runs: dict[str, _Run] = field(default_factory=dict)

    def ended(self) -> list[Plain]:
        """Return what to post of the runs whose ends have waited."""
        return [run.end() for run in self.runs.values() if run.ending is not None]


class Postings:
    """The traces under way in this process, by their ids."""

    def __init__(self, project: str) -> None:
        self._project = project
        self._traces: OrderedDict[str, _Trace] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, told: Mapping[str, Any]) -> list[Plain]:
        """Return what to post now that a run begins; nothing of one that only chooses the next node."""
        if told["name"].startswith(CHOOSES):
            return []
        metadata = dict((told.get("extra") or {}).get("metadata") or {})
        inputs, tags = told.get("inputs") or {}, told.get("tags") or []
        is_node = metadata.get("langgraph_node") == told["name"] and "replies" in inputs
        with self._lock:
            trace = self._trace(str(told["trace_id"]), told["name"], tags)
            if trace.team and "team" in metadata:
                metadata["team"] = trace.team
            place, extra = _place(told, self._project), _extra_shown(told)
            run = _Run(place, told["name"], told["run_type"], is_node, trace.is_masked, extra, metadata)
            waiting = trace.ended() if is_node and run.name == OPENS else []
            if len(trace.runs) < MAX_RUNS:
                trace.runs[place["id"]] = run
        begun = {
            **{"name": run.name, "run_type": run.run_type, "start_time": told.get("start_time")},
            "inputs": _masked_if(run, inputs_shown(run.name, run.run_type, inputs, is_node)),
        }
        if run.parent is None:
            begun["tags"] = _tags_shown(tags, metadata, run.is_masked)
        return [*waiting, {**place, **begun, **({} if is_node else run.said())}]  # of a node all is said at its end

    def end(self, told: Mapping[str, Any]) -> list[Plain]:
        """Return what to post now that a run ends; nothing of one that was not seen to begin, or that waits."""
        trace_id, run_id = str(told.get("trace_id")), str(told["id"])
        with self._lock:
            trace = self._traces.get(trace_id)
            run = trace.runs.get(run_id) if trace else None
            if trace is None or run is None:
                return []
            run.ending = _ending_of(told, run)
            if run.parent is None:
                outputs = told.get("outputs") or {}
                run.labels |= {name: outputs[name] for name in _ENDS if outputs.get(name)}
                del self._traces[trace_id]
                return trace.ended()
            if run.is_of_role:
                return []
            del trace.runs[run_id]
            return [run.end()]

    def label(self, trace_id: str, run_id: str, labels: Mapping[str, Any]) -> list[Plain]:
        """Note what is said of a run under way; with an outcome, return what to post of its round's roles."""
        with self._lock:
            trace = self._traces.get(trace_id)
            run = trace.runs.get(run_id) if trace else None
            if trace is None or run is None:
                return []
            run.labels |= labels
            if "outcome" not in labels or run.parent is None:
                return []
            closing = {name: labels[name] for name in ("outcome", "row", "by_people") if name in labels}
            if run.parent in trace.runs:
                _close(trace.runs[run.parent].labels, closing, labels)
            ended = {key: each for key, each in trace.runs.items() if each is not run and _is_of(each, run, trace)}
            for key, each in ended.items():
                each.labels |= closing
                del trace.runs[key]
            return [each.end() for each in ended.values()]

    def _trace(self, trace_id: str, name: str, tags: Sequence[str]) -> _Trace:
        is_masked = OURS not in tags or PRIVATE in tags
        team = name if name in tags else ""  # a caller of a server may give a run a name of its own
        trace = self._traces.setdefault(trace_id, _Trace(team, is_masked))
        trace.is_masked = trace.is_masked or is_masked
        if len(self._traces) > MAX_TRACES:
            self._traces.popitem(last=False)
        return trace


def _close(whole: Plain, closing: Mapping[str, Any], labels: Mapping[str, Any]) -> None:
    """Say of a whole graph what its last closed round says, and how many conflicts there were so far."""
    conflicts = whole.get("conflicts", 0) + labels.get("conflicts", 0)
    tripped = labels.get("guard_tripped", whole.get("guard_tripped", 0))
    whole |= {**closing, "round": labels["round"], "conflicts": conflicts, "guard_tripped": tripped}


def _is_of(run: _Run, closer: _Run, trace: _Trace) -> bool:
    """Return whether a run is a role's in the round that is closed, or the call of a model that the role made."""
    if not run.is_of_role:
        return False
    above = trace.runs.get(run.parent or "")
    return closer.parent in (run.parent, above.parent if above else None)


def _ending_of(told: Mapping[str, Any], run: _Run) -> Plain:
    run.metadata = {**((told.get("extra") or {}).get("metadata") or {}), **run.metadata}
    shown = outputs_shown(run.name, run.run_type, told.get("outputs") or {}, run.is_node)
    error = told.get("error")
    return {
        "end_time": told.get("end_time"),
        "outputs": _masked_if(run, shown),
        **({"error": error_shown(error, run.is_masked)} if error else {}),
    }


def _place(told: Mapping[str, Any], project: str) -> Plain:
    parent = told.get("parent_run_id")
    return {
        "id": str(told["id"]),
        "trace_id": str(told["trace_id"]),
        "dotted_order": told["dotted_order"],
        "parent_run_id": str(parent) if parent else None,
        "session_name": project,
    }


def _masked_if(run: _Run, shown: Plain) -> Plain:
    return masked(shown) if run.is_masked else shown


def _tags_shown(tags: Sequence[str], metadata: Mapping[str, Any], is_masked: bool) -> list[str]:
    """Return the tags without LangGraph's own; of a masked trace ours alone, since a caller may add any."""
    ours = {OURS, PRIVATE, metadata.get("team"), metadata.get("pattern")}
    return sorted(tag for tag in tags if tag in ours or not (is_masked or ":step:" in tag))


def _metadata_shown(metadata: Mapping[str, Any], run_type: str, is_masked: bool) -> Plain:
    """Return what one filters by; of a trace that is not masked also what a caller added, where it is short."""
    always = _PLACES | _CALLS if run_type == MODEL else _PLACES
    shown = {
        name: value
        for name, value in metadata.items()
        if name in always or (not is_masked and name not in _LABELS and _is_short(name, value))
    }
    shown = {name: value for name, value in shown.items() if (name, value) != (TENANT, LOCAL)}  # of nearly all runs
    return {name: value for name, value in shown.items() if value is not None and _has_form(name, value)}


def _has_form(name: str, value: Any) -> bool:
    return name not in _FORMS or (isinstance(value, str) and _FORMS[name].fullmatch(value) is not None)


def _label_shown(value: Any, is_masked: bool) -> Any:
    return without_detail(value) if is_masked and isinstance(value, str) else value


def _is_short(name: str, value: Any) -> bool:
    if name in _UNSHOWN or not _NAME.fullmatch(name):
        return False
    is_text = isinstance(value, str) and len(value) <= MAX_VALUE and "/" not in value
    return is_text or isinstance(value, bool | int | float)


def _extra_shown(told: Mapping[str, Any]) -> Plain:
    """Return what else is said of the call of a model: the model, and what bounds its answer."""
    if told["run_type"] != MODEL:
        return {}
    asked = (told.get("extra") or {}).get("invocation_params") or {}
    given = {"model": asked.get("model"), **(asked.get("extra_body") or {})}
    return {"invocation_params": {key: value for key, value in given.items() if isinstance(value, str | int | float)}}


def merged(batch: Sequence[tuple[str, Plain]]) -> tuple[list[Plain], list[Plain]]:
    """Return the runs that begin, and those that end and began in an earlier batch, each once."""
    begun: dict[str, Plain] = {}
    ended: dict[str, Plain] = {}
    for kind, op in batch:
        at = begun if kind == "post" or op["id"] in begun else ended
        at.setdefault(op["id"], {}).update({key: value for key, value in op.items() if value is not None})
    return [*begun.values()], [*ended.values()]
