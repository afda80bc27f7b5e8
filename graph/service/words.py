"""Other words: what callers of other frameworks say, and what it is called here. `docs/http.md` has the same tables."""

from collections.abc import Mapping
from typing import Any

from graph.teams.presets import shipped_presets
from policies.team.team import PATTERN_NAMES, PatternName

EXECUTION = {"task": "goal", "coordinator": "pattern", "coordination": "pattern", "strategy": "pattern"}
AGENT = {"id": "name", "instructions": "mandate", "system_prompt": "mandate"}
MESSAGE = {
    **{"sender": "from", "recipient": "to", "recipients": "to", "receiver": "to", "type": "kind"},
    **{"message_type": "kind", "conversation_id": "conversation", "reply_to": "in_reply_to", "thread_id": "thread"},
}
"""The keys of a body, by what else they are called."""

PATTERNS: Mapping[str, PatternName] = {
    **{"coordinator": "orchestrator", "orchestration": "orchestrator", "sequential": "pipeline"},
    **{"concurrent": "parallel", "hierarchical": "hierarchy", "manager_worker": "manager", "supervisor": "manager"},
    **{"collaborative": "workspace", "conversational": "conversation", "group_chat": "conversation"},
    **{"voting": "vote", "consensus": "vote"},
}
"""The patterns, by what else they are called."""


def in_our_words(body: Any, words: Mapping[str, str]) -> Any:
    """Return a body under the keys of this service; a key that is said twice stays, to be refused.

    >>> in_our_words({"task": "Launch?", "team": "launch"}, EXECUTION)
    {'goal': 'Launch?', 'team': 'launch'}
    """
    if not isinstance(body, Mapping):
        return body
    return {words[key] if key in words and words[key] not in body else key: value for key, value in body.items()}


def agent_in_our_words(body: Any) -> Any:
    """Return the body of an agent under our keys: its `role` is a preset where there is one of that name, else a title.

    >>> agent_in_our_words({"name": "anna", "role": "writer"})
    {'name': 'anna', 'preset': 'writer'}
    """
    role = body.get("role") if isinstance(body, Mapping) else None
    is_preset = isinstance(role, str) and role in shipped_presets()
    return in_our_words(body, {**AGENT, "role": "preset" if is_preset else "title"})


def pattern_meant(word: str) -> PatternName | None:
    """Return the pattern that a word means; None where it means none.

    >>> pattern_meant("Manager-Worker"), pattern_meant("rounds"), pattern_meant("magic")
    ('manager', 'rounds', None)
    """
    folded = word.strip().casefold().replace("-", "_").replace(" ", "_")
    return next((name for name in PATTERN_NAMES if name == folded), PATTERNS.get(folded))
