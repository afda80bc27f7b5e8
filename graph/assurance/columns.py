"""Columns of a recorded set by name: which one is the id, which the truth, and which ones are voters."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from graph.problems import UsageError
from policies.language import in_figures, say, say_count
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
        raise UsageError(*(say("{name}: {value}", name=where, value=problem) for problem in dict.fromkeys(problems)))
    return columns


def _missing(header: Sequence[str], wanted: Wanted) -> Iterator[str]:
    for option, name in wanted.named:
        if header.count(name) > 1:
            yield say(
                "the column {column} is there {times} times; allowed: once",
                column=named(name),
                times=header.count(name),
            )
        elif name not in header:
            yield f"{_lacking(option, name, header, wanted)}{did_you_mean(name, header)}"


def _lacking(option: str, name: str, header: Sequence[str], wanted: Wanted) -> str:
    values = {"column": named(name), "columns": listed(header)}
    if (option, wanted.truth) != ("--truth", None):
        return say("there is no column {column}, which `{option}` names; columns: {columns}", option=option, **values)
    return say(
        "there is no column {column}; columns: {columns}; `--truth` names the column with the right answers", **values
    )


def _shared(wanted: Wanted) -> Iterator[str]:
    names = [name for _, name in wanted.named]
    for name in names:
        if names.count(name) > 1:
            yield say(
                "the column {column} is named twice; the id, the truth and each voter need one of their own",
                column=named(name),
            )


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
        yield say(
            "there are {voters} voters; allowed: 1 to {most}, each a column of its own, apart from the id and the "
            "truth; columns: {columns}",
            voters=len(names),
            most=in_figures(f"{MAX_VOTERS:,}"),
            columns=listed(columns.header),
        )
        return
    for place in columns.voters if not are_named else ():
        name = columns.header[place]
        count = columns.header.count(name)
        if not name:
            yield say("column {place} has no name; name it, or leave it out with `--voters`", place=place + 1)
        elif count > 1:
            yield say(
                "the column {column} is there {times} times; rename one, or choose others with `--voters`",
                column=named(name),
                times=count,
            )


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
    more = [say_count("and {number} more", "and {number} more", len(names) - 20)] if len(names) > 20 else []
    return ", ".join([*(name[:60] or "``" for name in names[:20]), *more]) or say("none")
