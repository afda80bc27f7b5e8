"""Sources of facts: what a team file may say of each, one class a kind."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag

from policies.conditions.places import Path
from policies.language import phrase, say
from policies.paths import MISSING, data_in, keys_of, put_under, value_at, with_value
from policies.plain import find_unplain
from policies.team.addresses import usable_url
from policies.team.expectation import Expect, Expectation
from policies.team.expecting import expected_under, find_unexpected
from policies.team.fields import FactPath, Facts, RoleName, Tenants, Text, Value, is_nothing
from policies.team.people import Duration
from policies.team.privacy import overlaps, withhold
from policies.team.queries import find_unbound

MAX_SOURCES = 20
MAX_NAME = 100
MAX_SECONDS = 300
MAX_FETCHED_BYTES = 10_000_000

_NO_OTHER_KEYS: dict[str, Any] = {"additionalProperties": False}

SourceName = Annotated[Text, Field(max_length=MAX_NAME, pattern=r"^[^\n\r]+$")]
DatabaseName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]


def _scalar(value: object) -> object:
    if value is None or isinstance(value, str | int | float):
        return value
    raise ValueError(say("takes one text, number, true, false or null for each name"))


Scalar = Annotated[str | int | float | bool | None, BeforeValidator(_scalar)]
WhichRows = Literal["one", "all"]
"""Whether a table is one row, of which the columns are facts, or a list of rows."""


Fault = tuple[tuple[str | int, ...], str]
"""What is wrong with a source: the field, and a sentence on it."""

_NO_AGE = phrase("needs `as_of`, the path of a time in the data: a source of this kind does not say its age")


class Source(Value):
    """What all sources of facts have in common; `key` is the field that says of which kind one is."""

    key: ClassVar[str]
    tells_age: ClassVar[bool] = False  # whether what is read says how old it is, as files do
    holds_facts: ClassVar[bool] = False  # whether the value at `key` is facts, of which some may be private
    may_hold_secret: ClassVar[bool] = False  # whether the value at `key` may have a credential in it, so is not shown
    at_hand: ClassVar[str | None] = None  # how its facts are said, where nobody has to fetch them

    name: SourceName | None = None
    """What people call the source. Without it, the name of its file, its host or its database."""
    into: FactPath | None = None
    """Where its data goes in the facts, as a dotted path. Without it, at the top."""
    select: FactPath | None = None
    """Which part of what was read is its data, as a dotted path. Without it, all of it."""
    expect: Annotated[Expect, Field(json_schema_extra=_NO_OTHER_KEYS)] = Field(default_factory=dict)
    """What its data must hold, by dotted path: a kind, or a kind with its range; of a list on the way, in each item."""
    max_age: Duration | None = None
    """How old its data may be: minutes, hours or days, for example `15m`. Older data is not used."""
    tenants: Tenants | None = Field(default=None, exclude_if=is_nothing)
    """The tenants whose runs may read the source. A run of another tenant is refused. Without it, all tenants."""
    as_of: FactPath | None = None
    """Where in its data an ISO 8601 time says how old the data is. Without it, the file or the host says so."""

    @property
    def required(self) -> tuple[str, ...]:
        """The paths of the facts that must come from this source."""
        return tuple(path for path, expectation in self.expected.items() if not expectation.optional)

    @property
    def expected(self) -> dict[str, Expectation]:
        """What is expected of the facts, by their paths."""
        return expected_under(self.expect, self.into)

    @property
    def above(self) -> Path:
        """The keys under which its data goes into the facts.

        >>> FileSource(file="today.json", into="market.today").above, FileSource(file="today.json").above
        (('market', 'today'), ())
        """
        return keys_of(self.into) if self.into else ()

    def kept(self, private: tuple[str, ...]) -> Self:
        """Return the source as a thread keeps it: without any fact that its team withholds."""
        return self

    def faults(self, private: Sequence[str]) -> Iterator[Fault]:
        """Yield what is wrong with the source beyond the types of its fields, in a team that withholds these facts.

        >>> [*InlineSource(inline={"rate": 1}, max_age="1d").faults(())][0][0]
        ('max_age',)
        """
        if self.max_age and not (self.as_of or self.tells_age):
            yield ("max_age",), say(_NO_AGE)
        if self.as_of and overlaps((*self.above, *keys_of(self.as_of)), private):
            yield ("as_of",), say("is a private fact, which is withheld; allowed: other facts")


class RowSource(Source):
    """A source whose data may be the rows of a table."""

    rows: WhichRows = "one"
    """Of a table: `one` row, whose columns are the facts, or `all` rows as a list."""

    def faults(self, private: Sequence[str]) -> Iterator[Fault]:
        """Yield what is wrong with the source; a list of rows needs a place in the facts."""
        yield from super().faults(private)
        if self.rows == "all" and self.into is None:
            yield ("rows",), say("gives a list; name with `into` where it goes")


class InlineSource(Source):
    """Facts in the team file itself."""

    key = "inline"
    holds_facts = True
    at_hand = phrase("of the team file")

    inline: Facts
    """The facts, as names with values."""

    def kept(self, private: tuple[str, ...]) -> Self:
        """Return the source without the private facts, of which nothing is expected any more.

        >>> InlineSource(inline={"name": "Ada", "age": 36}, into="customer").kept(("customer.name",)).inline
        {'name': '(withheld)', 'age': 36}
        """
        data = self.inline if self.select is None else value_at(self.select, self.inline)
        if _fault_of_data(self, data):
            return self
        withheld = data_in(withhold(put_under(self.above, data), private), self.above)
        if self.select is not None:
            inline = with_value({}, keys_of(self.select), withheld)
        else:
            inline = withheld if isinstance(withheld, dict) else {}
        open_to_all = {
            path: told for path, told in self.expect.items() if not overlaps((*self.above, *keys_of(path)), private)
        }
        return self.model_copy(update={"inline": inline, "expect": open_to_all})

    def faults(self, private: Sequence[str]) -> Iterator[Fault]:
        """Yield what is wrong with the source, and what of its facts is not as expected; others may supply the rest."""
        yield from super().faults(private)
        data = self.inline if self.select is None else value_at(self.select, self.inline)
        fault = _fault_of_data(self, data)
        if fault:
            yield ("select",), fault
            return
        for problem in find_unexpected(self.expected, put_under(self.above, data), private):
            if not problem.is_missing:
                yield ("inline",), say("is not as expected: {problem}", problem=problem.told)


def _fault_of_data(source: InlineSource, data: Any) -> str | None:
    """Return what is wrong with the data that an inline source selects, which is not shown: it may be private."""
    if data is MISSING:
        return say("leads to nothing in `inline`; allowed: the path of something that is there")
    if source.into is None and not isinstance(data, Mapping):
        return say("leads to what is not an object; allowed: the path of an object, or name with `into` where it goes")
    return None


class FileSource(RowSource):
    """Facts in a file."""

    key = "file"
    tells_age = True

    file: Text
    """A JSON, YAML or CSV file. Its path is relative to the team file."""

    def faults(self, private: Sequence[str]) -> Iterator[Fault]:
        """Yield what is wrong with the source; only CSV files have rows."""
        if self.rows == "all" and not self.file.lower().endswith(".csv"):
            yield ("rows",), say("is for CSV files; leave it out for others")
        else:
            yield from super().faults(private)


class HttpSource(Source):
    """Facts from a URL that answers with JSON."""

    key = "http"
    may_hold_secret = True
    tells_age = True

    http: Annotated[Text, AfterValidator(usable_url)]
    """The URL that is asked. Its host must be listed in `accord.toml`, and credentials are named there, too."""
    timeout: Annotated[float, Field(gt=0, le=MAX_SECONDS)] = 10.0
    """How many seconds the answer may take."""
    max_bytes: Annotated[int, Field(ge=1, le=MAX_FETCHED_BYTES)] = 1_000_000
    """How many bytes the answer may have."""


class SqlSource(RowSource):
    """Facts from a query of a database."""

    key = "sql"

    sql: DatabaseName
    """The name of the database in `accord.toml`."""
    query: Text
    """The query. It may only read, and takes its values as `:name`."""
    params: Annotated[dict[RoleName, Scalar], Field(max_length=50, json_schema_extra=_NO_OTHER_KEYS)] = Field(
        default_factory=dict
    )
    """The values that the query takes, by name."""
    timeout: Annotated[float, Field(gt=0, le=MAX_SECONDS)] = 10.0
    """How many seconds the query may take."""

    def faults(self, private: Sequence[str]) -> Iterator[Fault]:
        """Yield what is wrong with the source; the query has the name of each value, and a value for each name.

        >>> [*SqlSource(sql="shop", query="SELECT :least AS n").faults(())][0][0]
        ('params',)
        """
        yield from super().faults(private)
        fault = find_unplain(self.params) or find_unbound(self.query, self.params)
        if fault:
            yield ("params",), fault


SOURCES: tuple[type[Source], ...] = (InlineSource, FileSource, HttpSource, SqlSource)
"""Every kind of source."""

UNKNOWN_SOURCE = "unknown_source"
"""What pydantic calls an entry of the list that is a source of no kind."""

OBJECT, LIST = "<object>", "<list>"
"""Tags of the two forms of `facts`."""


def tag_of(source: type[Source]) -> str:
    """Return the tag of a kind: pydantic puts it into the places of problems, where no key of a file is like it."""
    return f"<{source.key}>"


TAGS: Mapping[str, type[Source] | None] = {OBJECT: None, LIST: None, **{tag_of(each): each for each in SOURCES}}
"""The parts of a problem's place that pydantic adds, with the kind of source that each says."""


def names_at(path: Sequence[str | int]) -> tuple[str, ...] | None:
    """Return the names among which the place of a problem with a source ends; None where it is not in a source.

    >>> names_at(("facts", LIST, 0, "<file>", "expect", "rate", "minimum"))[:2], names_at(("guards", 0, "facts"))
    (('kind', 'at_least'), None)
    """
    source = next((each for part in path if (each := TAGS.get(str(part)))), None)
    if source is None:
        return None
    return tuple((Expectation if path[-3:-2] == ("expect",) else source).model_fields)


def _tag_in(value: object) -> str | None:
    named = value if isinstance(value, Mapping) else getattr(value, "__dict__", {})
    return next((tag_of(each) for each in SOURCES if each.key in named), None)


def _form_of(value: object) -> str:
    return LIST if isinstance(value, list | tuple) else OBJECT


AnySource = Annotated[
    Annotated[InlineSource, Tag(tag_of(InlineSource))]
    | Annotated[FileSource, Tag(tag_of(FileSource))]
    | Annotated[HttpSource, Tag(tag_of(HttpSource))]
    | Annotated[SqlSource, Tag(tag_of(SqlSource))],
    Discriminator(_tag_in, custom_error_type=UNKNOWN_SOURCE, custom_error_message=UNKNOWN_SOURCE),
]
"""A source, of the kind whose key it has."""

SourceList = Annotated[tuple[AnySource, ...], Field(min_length=1, max_length=MAX_SOURCES, strict=False)]
FactsOrSources = Annotated[Annotated[Facts, Tag(OBJECT)] | Annotated[SourceList, Tag(LIST)], Discriminator(_form_of)]
"""Facts themselves, or the sources that they come from."""


def source_faults(sources: Sequence[Source], private: Sequence[str]) -> Iterator[Fault]:
    """Yield what is wrong with the sources of a team beyond the types of their fields, each with its place there."""
    found = ((index, fault) for index, source in enumerate(sources) for fault in source.faults(private))
    yield from ((("facts", index, *path), message) for index, (path, message) in found)
