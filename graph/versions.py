"""Versions of the packages that a decision rests on, for the record and the doctor."""

from functools import cache
from importlib.metadata import PackageNotFoundError, version

PINNED = (
    *("accord", "langgraph", "langgraph-checkpoint-sqlite", "langchain-core", "langchain-openai", "openai"),
    *("pydantic", "cel-expr-python"),
)


@cache
def installed_versions() -> dict[str, str]:
    """Return the versions by package; one that is not installed is left out."""
    found = {}
    for name in PINNED:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
