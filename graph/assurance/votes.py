"""Recorded votes: a CSV of voters and items with the truth, and how a policy does on them."""

import csv
from pathlib import Path
from typing import Any

from graph.assurance.subject import load_subject
from graph.problems import UsageError
from policies.assurance.evaluation import Evaluation, Item, evaluate

FIXED = ("item", "truth")
MAX_VOTERS = 1_000
MAX_ITEMS = 1_000_000


def score(path: str, policy: str, min_go_votes: int) -> Evaluation:
    """Return how a policy does on the votes in a file.

    Raises:
        UsageError: the file cannot be read, has other columns or a broken line, or there is no such policy.
    """
    rules = load_subject(policy).policy
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            return evaluate(rules, _items(csv.reader(file, strict=True), path), min_go_votes)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8"
        raise UsageError(f"{path}: cannot be read: {reason or error}") from None
    except csv.Error as error:
        raise UsageError(f"{path}: is no CSV: {error}") from None


def _items(lines: Any, path: str) -> list[Item]:
    voters = _voters(next(lines, []), path)
    items: list[Item] = []
    seen: set[str] = set()
    for line in lines:
        if not any(cell.strip() for cell in line):
            continue
        where = f"{path}:{lines.line_num}"
        if len(line) != len(voters) + 2:
            raise UsageError(f"{where}: has {len(line)} cells; allowed: {len(voters) + 2}, one a column")
        name, truth, *answers = (cell.strip() for cell in line)
        if not name or not truth or name in seen:
            raise UsageError(f"{where}: the item is {name!r} and the truth {truth!r}; allowed: a new item, any truth")
        seen.add(name)
        items.append(Item(truth, dict(zip(voters, (answer or None for answer in answers), strict=True))))
        if len(items) > MAX_ITEMS:
            raise UsageError(f"{path}: has more than {MAX_ITEMS} items")
    if not items:
        raise UsageError(f"{path}: has no item")
    return items


def _voters(header: list[str], path: str) -> list[str]:
    names = [name.strip() for name in header]
    voters = names[2:]
    if tuple(names[:2]) != FIXED or not 1 <= len(voters) <= MAX_VOTERS or len(set(names)) != len(names) or "" in names:
        raise UsageError(
            f"{path}:1: the columns are {', '.join(names) or 'none'}; allowed: item, truth, then one for each voter"
        )
    return voters
