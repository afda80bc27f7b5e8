"""Columns of a recorded set by name: which one is the id, which the truth, and which ones are voters."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from graph.problems import UsageError
from policies.nearest import did_you_mean

MAX_VOTERS = 1_000
IDS = ("item", "id")
"""Columns that name the items where the user names none; without them, the first column with no other use."""


@dataclass(frozen=True)
class Wanted:
    """The columns that the user names; what is None is found among the others."""

    id: str | None = None
    truth: str | None = None
    voters: tuple[str, ...] | None = None

    @property
    def truth_name(self) -> str:
        """The name of the column with the right answers."""
        return "truth" if self.truth is None else self.truth

    @property
    def named(self) -> list[tuple[str, str]]:
        """Each name with the option that gives it."""
        own = [] if self.id is None else [("--id", self.id)]
        return [("--truth", self.truth_name), *own, *(("--voters", name) for name in self.voters or ())]


@dataclass(frozen=True)
class Columns:
    """Where the id, the truth and each voter are in a line; no id where every column is something else."""

    header: tuple[str, ...]
    id: int | None
    truth: int
    voters: tuple[int, ...]

    @property
    def ignored(self) -> tuple[str, ...]:
        """The names of the columns that are none of these."""
        used = {self.id, self.truth, *self.voters}
        return tuple(name for place, name in enumerate(self.header) if place not in used)


def find_columns(header: Sequence[str], wanted: Wanted, where: str) -> Columns:
    """Return where the wanted columns are in the header of a file.

    Raises:
        UsageError: a column that is named is missing, is there twice or is two things, or no voter is left.
    """
    problems = [*_missing(header, wanted), *_shared(wanted)]
    if not problems:
        columns = _found(header, wanted)
        problems = [*_wrong_voters(columns, wanted.voters is not None)]
    if problems:
        raise UsageError(*(f"{where}: {problem}" for problem in dict.fromkeys(problems)))
    return columns


def _missing(header: Sequence[str], wanted: Wanted) -> Iterator[str]:
    for option, name in wanted.named:
        if header.count(name) > 1:
            yield f"the column {named(name)} is there {header.count(name)} times; allowed: once"
        elif name not in header:
            nearest = did_you_mean(name, header)
            told = "" if (option, wanted.truth) == ("--truth", None) else f", which `{option}` names"
            hint = "" if told else "; `--truth` names the column with the right answers"
            yield f"there is no column {named(name)}{told}; columns: {listed(header)}{hint}{nearest}"


def _shared(wanted: Wanted) -> Iterator[str]:
    names = [name for _, name in wanted.named]
    for name in names:
        if names.count(name) > 1:
            yield f"the column {named(name)} is named twice; the id, the truth and each voter need one of their own"


def _found(header: Sequence[str], wanted: Wanted) -> Columns:
    taken = {wanted.truth_name, *(wanted.voters or ())}
    free = [place for place, name in enumerate(header) if name not in taken]
    known = [header.index(name) for name in (wanted.id, *IDS) if name is not None and name in header]
    own = next((place for place in (*known, *free) if place in free), None)
    others = [place for place in free if place != own]
    voters = others if wanted.voters is None else [header.index(name) for name in wanted.voters]
    return Columns(tuple(header), own, header.index(wanted.truth_name), tuple(voters))


def _wrong_voters(columns: Columns, are_named: bool) -> Iterator[str]:
    names = [columns.header[place] for place in columns.voters]
    if not 1 <= len(names) <= MAX_VOTERS:
        allowed = f"allowed: 1 to {MAX_VOTERS:,}, each a column of its own, apart from the id and the truth"
        yield f"there are {len(names)} voters; {allowed}; columns: {listed(columns.header)}"
        return
    for place in columns.voters if not are_named else ():
        name = columns.header[place]
        count = columns.header.count(name)
        if not name:
            yield f"column {place + 1} has no name; name it, or leave it out with `--voters`"
        elif count > 1:
            yield f"the column {named(name)} is there {count} times; rename one, or choose others with `--voters`"


def named(name: str) -> str:
    """Return a name inside a sentence.

    >>> named("ana"), named("")
    ('`ana`', '``')
    """
    return f"`{name if len(name) <= 60 else name[:60] + '...'}`"


def listed(names: Sequence[str]) -> str:
    """Return names inside a sentence, the first twenty of them.

    >>> listed(["anna", ""]), listed([])
    ('anna, ``', 'none')
    """
    more = [f"and {len(names) - 20:,} more"] if len(names) > 20 else []
    return ", ".join([*(name[:60] or "``" for name in names[:20]), *more]) or "none"
