"""What schemathesis loads before it asks: `hypothesis-jsonschema` 0.23 draws by a method that Hypothesis dropped."""

from typing import Any

from hypothesis.internal.conjecture.utils import many

ENDED = object()


def more(self: Any) -> bool:
    """Return whether another element is to be drawn, in the form of before."""
    if not hasattr(self, "drawn"):
        self.drawn = iter(self.__enter__())
    return next(self.drawn, ENDED) is not ENDED


if not hasattr(many, "more"):
    setattr(many, "more", more)  # noqa: B010
