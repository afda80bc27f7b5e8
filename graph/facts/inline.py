"""Facts in the team file itself."""

from graph.facts.source import Raw, local_kind
from policies.team.sources import InlineSource


def _facts_in(spec: InlineSource, _: str | None = None) -> Raw:
    return Raw(spec.inline)


def _called(_: InlineSource) -> str:
    return "team"


KIND = local_kind(InlineSource, "inline", _facts_in, _called)
