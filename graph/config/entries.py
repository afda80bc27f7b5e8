"""What `accord.toml` may say: one table a thing, read strictly."""

import re
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from graph.receivers import usable_receiver
from graph.settings import usable_address
from policies.team.addresses import read_host
from policies.team.fields import ModelName
from policies.team.team import Price

NAMED = r"\$([A-Z_][A-Z0-9_]{0,99})"
"""An entry of `notify` that names a variable."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
Variable = Annotated[str, StringConstraints(pattern=r"^[A-Z_][A-Z0-9_]{0,99}$")]
Header = Annotated[str, StringConstraints(pattern=r"^[ -~]*$", max_length=2_000)]
HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,100}$")]

OURS = frozenset(
    (
        *("accept", "accept-encoding", "connection", "content-length", "content-type", "expect", "host"),
        *("proxy-authorization", "range", "te", "trailer", "transfer-encoding", "upgrade", "user-agent"),
    )
)
"""Headers that say how an answer is asked for, and carry no credential."""


class Table(BaseModel):
    """One table of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class EndpointEntry(Table):
    """One endpoint as `accord.toml` has it."""

    base_url: Annotated[str, AfterValidator(usable_address)] | None = None
    key_env: Variable | None = None
    default_model: ModelName | None = None
    timeout_seconds: Annotated[float, Field(gt=0, le=3600)] | None = None
    max_retries: Annotated[int, Field(ge=0, le=10)] = 2
    max_concurrency: Annotated[int, Field(ge=1, le=10_000)] | None = None
    form: Literal["auto", "json_schema", "json_object", "none"] = Field("auto", alias="schema")
    temperature: Literal["send", "omit", "auto"] = "auto"
    output_cap: Literal["max_completion_tokens", "max_tokens", "auto"] = "auto"
    headers: dict[HeaderName, Header] = Field(default_factory=dict)
    prices: dict[ModelName, Price] = Field(default_factory=dict)


def _usable_place(place: str) -> str:
    """Return a host of `facts.http`, with a port where one is named; it is written as it is compared."""
    host, port = re.fullmatch(r"(.*?)(:[0-9]{1,5})?", place, re.DOTALL).groups()  # type: ignore[union-attr]
    try:
        is_usable = read_host(host) == host and (port is None or 0 < int(port[1:]) < 65_536)
    except ValueError:
        is_usable = False
    if not is_usable:
        raise ValueError(f"is not a host as it is compared; allowed: {PLACES}")
    return place


PLACES = (
    "a name in lower case, an IPv4 address, or an IPv6 address in brackets, each with `:PORT` where facts come from "
    "another port than 80 and 443"
)


def _usable_credential(name: str) -> str:
    if name.lower() in OURS:
        raise ValueError("is a header that Accord sets itself; allowed: headers that carry a credential")
    return name


class HostEntry(Table):
    """One host that facts may come from, as `accord.toml` has it."""

    token_env: Variable | None = None
    headers_env: dict[Annotated[HeaderName, AfterValidator(_usable_credential)], Variable] = Field(default_factory=dict)
    private: bool = False

    @model_validator(mode="after")
    def _one_authorization(self) -> Self:
        if self.token_env and any(name.lower() == "authorization" for name in self.headers_env):
            raise ValueError("has `token_env` and the header Authorization; keep one")
        return self


def _without_password(url: str) -> str:
    """Return the address of a database, which has no password in it."""
    try:
        parts = urlsplit(url)
        is_address, has_password = bool(parts.scheme and "://" in url), parts.password is not None
    except ValueError:
        is_address, has_password = False, False
    if not is_address:
        raise ValueError("is not the address of a database; allowed: postgresql://USER@HOST:PORT/NAME, sqlite:///PATH")
    if has_password or re.search(r"[?&](ssl)?pass(word|file)?=", url, re.IGNORECASE):
        raise ValueError("has a password; put the address into a variable, and name that with `url_env`")
    return url


class DatabaseEntry(Table):
    """One database that facts may come from, as `accord.toml` has it."""

    url_env: Variable | None = None
    url: Annotated[str, AfterValidator(_without_password)] | None = None

    @model_validator(mode="after")
    def _one_address(self) -> Self:
        if (self.url_env is None) == (self.url is None):
            raise ValueError("has both `url_env` and `url`, or neither; keep one, the name of a variable or an address")
        return self


class FactTables(Table):
    """Where facts may come from: hosts by name and databases by name."""

    http: dict[Annotated[str, AfterValidator(_usable_place)], HostEntry] = Field(default_factory=dict)
    sql: dict[Name, DatabaseEntry] = Field(default_factory=dict)


def _usable_entry(entry: str) -> str:
    """Return an entry of `notify`: the address of a receiver, or the name of a variable that holds one."""
    return entry if re.fullmatch(NAMED, entry) else usable_receiver(entry)


def _usable_board(url: str) -> str:
    """Return the address of the board; its host is written as browsers send it."""
    if not url.isascii():
        raise ValueError("has a host or a path that is not ASCII; write the host in the form that begins with `xn--`")
    try:
        return usable_address(url).rstrip("/")
    except ValueError:
        raise ValueError("is not the address of a board; allowed: http(s)://HOST[:PORT]/PATH, without a user") from None


def _usable_host(host: str) -> str:
    """Return a host that requests may name; it is written as it is compared."""
    try:
        is_usable = read_host(host) == host
    except ValueError:
        is_usable = False
    if not is_usable:
        raise ValueError(f"is not a host as it is compared; allowed: {HOSTS}")
    return host


HOSTS = "a name in lower case, an IPv4 address, or an IPv6 address in brackets, each without a port"


def _usable_origin(origin: str) -> str:
    if not re.fullmatch(r"https?://(\[[0-9a-f:.]+\]|[a-z0-9][a-z0-9.-]*)(:[0-9]{1,5})?", origin):
        raise ValueError("is not the origin of a page; allowed: http(s)://HOST[:PORT] in lower case, without a path")
    return origin


class ServeTable(Table):
    """What the HTTP service lets in."""

    hosts: Annotated[list[Annotated[str, AfterValidator(_usable_host)]], Field(max_length=100)] = []
    origins: Annotated[list[Annotated[str, AfterValidator(_usable_origin)]], Field(max_length=100)] = []
    at_once: Annotated[int, Field(ge=1, le=1_000)] = 8
    requests_per_minute: Annotated[int, Field(ge=1, le=1_000_000)] = 6_000
    max_bytes: Annotated[int, Field(ge=1_000, le=100_000_000)] = 1_000_000


class File(Table):
    """The whole file."""

    endpoints: dict[Name, EndpointEntry] = Field(default_factory=dict)
    teams: dict[Name, str] = Field(default_factory=dict)
    facts: FactTables = FactTables()
    serve: ServeTable = ServeTable()
    notify: Annotated[list[Annotated[str, AfterValidator(_usable_entry)]], Field(max_length=50)] = []
    notify_seconds: Annotated[float, Field(ge=0, le=60)] = 5.0
    public_url: Annotated[str, AfterValidator(_usable_board)] | None = None


TOP = ("notify", "notify_seconds", "public_url")
"""The keys outside all tables."""


def keys_of(table: type[BaseModel]) -> tuple[str, ...]:
    """Return the keys of a table as the file writes them."""
    return tuple(field.alias or name for name, field in table.model_fields.items())
