"""The contribution contract: from what a voice returned to what the team may count."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from policies.access import Access
from policies.plain import clean_text, is_plain, written
from policies.stop import stop_reason
from policies.unwrapping import unwrapped

Stance = Literal["go", "caution", "block"]
"""`go`: do it. `caution`: do it only under conditions. `block`: do not do it as things stand."""

STANCES: tuple[Stance, ...] = get_args(Stance)
KEYS = ("agent", "stance", "summary", "confidence", "actions")
ACTIONS_KEPT = 3
MAX_SUMMARY = 4_000
MAX_ACTION = 500
MAX_PATH = 200
MAX_LIST = 50
MAX_EXCERPT = 2_000
MAX_NAME_SHOWN = 100
MAX_RAW = 16_000
MAX_OFFERED = 21
"""Messages kept of those a role offers: one more than a team may allow, so that what is beyond is refused by name."""

MAX_OFFER = 8_000
MAX_OFFER_EXCERPT = 200


@dataclass(frozen=True, slots=True)
class Contribution:
    """A proposal that passed the contract.

    `summary` is trimmed, `confidence` is within 0..1 with 3 decimals, `actions` are the first 3. `evidence` holds
    dotted paths into the facts; none where nothing was offered, null where what was offered is no list of paths.
    """

    agent: str
    stance: Stance
    summary: str
    confidence: float
    actions: tuple[str, ...]
    evidence: tuple[str, ...] | None = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """A proposal that broke the contract: the first failed check as a stop reason, and what was offered.

    `raw` is the parsed proposal if it may enter the state, else its first 2,000 characters. `check` names the failed
    check where the reason does not, and `because` says in words what the check alone does not tell.
    """

    reason: str
    raw: Any
    check: str | None = None
    because: str | None = None


@dataclass(frozen=True, slots=True)
class Output:
    """An answer of another pattern than the rounds that passed its contract, as plain values.

    `inner` is what a team that answered for the role did, where one did.
    """

    agent: str
    contract: str
    answer: Mapping[str, Any]
    inner: Mapping[str, Any] | None = None


class NoJson(dict[str, Any]):
    """Text that is no JSON: an object without keys."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a proposal is held against."""

    role: str
    access: Access


def accept(proposal: object, role: str, access: Access, *, lenient: bool = False) -> Contribution | Refusal:
    """Return the contribution in `proposal`, or the refusal that names the first check it fails.

    Text is read as JSON; text that is no JSON counts as an object without keys. Unknown keys are ignored. Where it is
    `lenient` an object that does not say who speaks is taken as said by the role that was asked.

    >>> everybody = Access(frozenset({"risk"}), frozenset({"risk"}))
    >>> accept('{"agent": "risk"}', "risk", everybody).reason
    'invalid_contribution:missing_keys'
    """
    value = read_json(proposal) if isinstance(proposal, str) else proposal
    if not isinstance(value, dict):
        return _refuse("not_object", value, storable(proposal, value))
    fields = {"agent": role, **value} if lenient and not isinstance(value, NoJson) else value
    asked = _Asked(role, access)
    failed = next((name for fails, name in CHECKS if fails(fields, asked)), None)
    if failed is None:
        return _contribution(fields)
    return _refuse(failed + _detail(failed, fields, asked), fields, storable(proposal, value))


def offered_messages(proposal: object) -> Any:
    """Return what a proposal offers as messages to others, None where that is nothing.

    What cannot be kept becomes its first 200 characters as text, which is no message, so that it is refused by name.

    >>> offered_messages({"messages": [{"to": "risk"}, float("nan")]}), offered_messages("I would say go.")
    ([{'to': 'risk'}, 'nan'], None)
    """
    value = read_json(proposal) if isinstance(proposal, str) else proposal
    offered = value.get("messages") if isinstance(value, dict) else None
    return [_offer(item) for item in offered[:MAX_OFFERED]] if isinstance(offered, list) else _offer(offered)


def _offer(value: object) -> Any:
    if is_plain(value) and len(repr(value)) <= MAX_OFFER:
        return value
    return _excerpt(value, MAX_OFFER_EXCERPT)


def read_json(text: str) -> Any:
    """Return the JSON value of `text`; an object without keys where it is no JSON or too deep to be read.

    A byte order mark, one leading think block and one fence around everything are no part of it.

    Integers of more than 300 digits are read as infinite, since no check accepts them and some readers refuse them.

    >>> read_json("I would say go.")
    {}
    """
    try:
        return json.loads(unwrapped(text), parse_int=_read_integer)
    except (ValueError, RecursionError):
        return NoJson()


def _read_integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= 300 else float("-inf" if digits.startswith("-") else "inf")


def _is_blank(value: object) -> bool:
    return not isinstance(value, str) or not _tidied(value)


def _tidied(text: str) -> str:
    return clean_text(text).strip()


def _lacks_keys(fields: Mapping[str, Any], _: _Asked) -> bool:
    return any(key not in fields for key in KEYS)


def _agent_is_blank(fields: Mapping[str, Any], _: _Asked) -> bool:
    return _is_blank(fields["agent"])


def _agent_is_denied(fields: Mapping[str, Any], asked: _Asked) -> bool:
    return not asked.access.admits(fields["agent"].strip())


def _stance_is_unknown(fields: Mapping[str, Any], _: _Asked) -> bool:
    return not isinstance(fields["stance"], str) or fields["stance"].strip() not in STANCES


def _summary_is_unusable(fields: Mapping[str, Any], _: _Asked) -> bool:
    return _is_blank(fields["summary"]) or len(_tidied(fields["summary"])) > MAX_SUMMARY


def _confidence_is_no_number(fields: Mapping[str, Any], _: _Asked) -> bool:
    return isinstance(fields["confidence"], bool) or not isinstance(fields["confidence"], int | float)


def _confidence_is_out_of_range(fields: Mapping[str, Any], _: _Asked) -> bool:
    return not 0 <= fields["confidence"] <= 1


def _actions_are_no_list(fields: Mapping[str, Any], _: _Asked) -> bool:
    return not isinstance(fields["actions"], list) or not 1 <= len(fields["actions"]) <= MAX_LIST


def _an_action_is_unusable(fields: Mapping[str, Any], _: _Asked) -> bool:
    return any(_is_blank(item) or len(_tidied(item)) > MAX_ACTION for item in fields["actions"])


def _agent_is_another(fields: Mapping[str, Any], asked: _Asked) -> bool:
    return bool(fields["agent"].strip() != asked.role)


CHECKS: tuple[tuple[Callable[[Mapping[str, Any], _Asked], bool], str], ...] = (
    (_lacks_keys, "missing_keys"),
    (_agent_is_blank, "agent"),
    (_agent_is_denied, "agent_not_allowed"),
    (_stance_is_unknown, "stance"),
    (_summary_is_unusable, "summary"),
    (_confidence_is_no_number, "confidence_type"),
    (_confidence_is_out_of_range, "confidence_range"),
    (_actions_are_no_list, "actions"),
    (_an_action_is_unusable, "action_item"),
    (_agent_is_another, "agent_mismatch"),
)
"""The checks after `not_object`, in order; each may rely on the ones before it."""


def _detail(failed: str, fields: Mapping[str, Any], asked: _Asked) -> str:
    if failed == "agent_not_allowed":
        return f":{_tidied(fields['agent'])[:MAX_NAME_SHOWN]}"
    return f":{asked.role}" if failed == "agent_mismatch" else ""


def _contribution(fields: Mapping[str, Any]) -> Contribution:
    return Contribution(
        agent=fields["agent"].strip(),
        stance=fields["stance"].strip(),
        summary=_tidied(fields["summary"]),
        confidence=round(float(fields["confidence"]), 3) + 0.0,
        actions=tuple(_tidied(item) for item in fields["actions"][:ACTIONS_KEPT]),
        evidence=_evidence(fields.get("evidence")),
    )


def _evidence(offered: object) -> tuple[str, ...] | None:
    if offered is None:
        return ()
    if not isinstance(offered, list) or len(offered) > MAX_LIST:
        return None
    is_usable = all(isinstance(path, str) and path.strip() and len(path) <= MAX_PATH for path in offered)
    return tuple(_tidied(path) for path in offered) if is_usable else None


def _refuse(failed: str, value: object, raw: Any) -> Refusal:
    keys: Any = value if failed == "missing_keys" else KEYS
    because = in_words(value, [key for key in KEYS if key not in keys])
    return Refusal(stop_reason("invalid_contribution", failed), raw, because=because)


def in_words(value: object, missing: Sequence[str] = ()) -> str | None:
    """Return what is wrong with a proposal that a check alone does not tell, or None.

    >>> in_words(NoJson()), in_words({"agent": "risk"}, ["stance", "summary"]), in_words({})
    ('no single JSON object was found', 'missing: stance, summary', None)
    """
    if isinstance(value, NoJson):
        return "no single JSON object was found"
    return f"missing: {', '.join(missing)}" if missing else None


def storable(proposal: object, value: object) -> Any:
    """Return the parsed `value` of a proposal if it may enter the state, else the proposal's first 2,000 characters.

    A proposal that is one decimal number and nothing else is kept as text: alone in its place, PostgreSQL may give
    another number back.

    >>> storable("I would say go.", NoJson()), storable("1e22", 1e22), storable("[1e22]", [1e22])
    ('I would say go.', '1e22', [1e+22])
    """
    is_kept = not isinstance(value, NoJson | float) and is_plain(value)
    if is_kept and len(repr(value)) <= MAX_RAW:
        return value
    return _excerpt(proposal, MAX_EXCERPT)


def _excerpt(value: object, length: int) -> str:
    return clean_text((value if isinstance(value, str) else written(value))[:length])
