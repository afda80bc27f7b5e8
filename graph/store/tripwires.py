"""What an entry of the archive keeps for `accord watch`: when the decision fell, and all that its tripwires need."""

from collections.abc import Mapping
from typing import Any

from graph.past import Past
from nodes.asking import later
from policies.assurance.tripwires import Watched
from policies.decision.guards import Guard
from policies.team.checks import RoleChecks
from policies.team.people import seconds_of
from policies.team.watch import Watch

Plain = dict[str, Any]


def watched_in(past: Past) -> Plain:
    """Return what is kept of a thread that ended: {decided_at, checks, watch, private, language, sources, provenance}.

    `decided_at` is null where it ended without a decision: nothing of that is watched. `sources` are those that the
    team's facts come from, null where they came with the run or are in the team file; `provenance` says where each
    part came from.
    """
    last = past.events_of("finished")[-1:]
    is_decided = bool(past.final_decision) and past.stop_reason == "success"
    return {
        "decided_at": last[0]["at"] if is_decided and last else None,
        "checks": _checks_in(past),
        "watch": past.team["watch"],
        "private": past.team["private"],
        "language": past.language,
        "sources": past.team.get("facts"),
        "provenance": [*past.sources],
    }


def _checks_in(past: Past) -> Plain:
    """Return the checks of the roles that gave an answer, by role; a team that answers for one has its own."""
    spoke = {event["role"] for event in past.events_of("accepted")}
    kept = ("title", "checks", "otherwise")
    return {
        name: {key: role[key] for key in kept}
        for name, role in past.roles.items()
        if name in spoke and role["enabled"] and role["team"] is None and role["otherwise"] is not None
    }


def watched_from(entry: Mapping[str, Any]) -> Watched:
    """Return the decision that an entry of the archive keeps."""
    return Watched(
        entry["facts"],
        tuple(Guard.model_validate(guard) for guard in entry["guards"]),
        {name: RoleChecks.model_validate(role, strict=False) for name, role in entry["checks"].items()},
        expiry_in(entry),
    )


def expiry_in(entry: Mapping[str, Any]) -> str | None:
    """Return until when the decision that an entry of the archive keeps is valid; None where that has no end."""
    after = Watch.model_validate(entry["watch"]).expires_after
    return later(entry["decided_at"], seconds_of(after)) if after else None
