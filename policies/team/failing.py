"""Failing: whether facts that were brought from outside make up for a source that failed."""

from collections.abc import Iterable

from policies.team.expecting import find_lacking
from policies.team.provenance import GIVEN, Gathered


def find_lost(paths: Iterable[str], gathered: Gathered) -> tuple[str, ...] | None:
    """Return what the facts lack since a source failed that was to give these paths; None where they lack nothing.

    Only what was brought makes up for it: what other sources give at the same paths does not, since of its objects the
    later one counts. Of a source that was to give no path by name nobody knows what is lacking, unless the run was
    given facts.

    >>> one = Gathered().plus({"kind": "http"}, {"rate": 1})
    >>> find_lost(("rate",), one), find_lost((), one)
    (('rate',), ())
    >>> find_lost(("rate",), one.plus({"kind": "supplied"}, {"rate": 2})) is None
    True
    """
    expected = (*paths,)
    if not expected:
        return None if any(each["kind"] == GIVEN for each in gathered.sources) else ()
    return find_lacking(expected, gathered.brought) or None
