"""`accord.toml`: where models answer, with the environment, which teams a server offers, and who is sent notices."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from itertools import islice, takewhile
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

from graph.inputs import read_input
from graph.problems import UsageError
from graph.receivers import ENTRY, Notify, Receiver, usable_receiver
from graph.settings import Settings, usable_address, variable
from nodes.voices.wire.endpoint import DEFAULT, Endpoint, Route
from policies.nearest import allowed_names
from policies.team.fields import ModelName
from policies.team.team import Price
from policies.wording import allowed_by

FILE = "accord.toml"
MAX_BYTES = 1_000_000
MOST_SENTENCES = 20
"""Problems of a file that are reported at once."""
NO_KEY = "-"
"""What is sent as the key where an endpoint needs none: the client is to send something."""

NAMED = r"\$([A-Z_][A-Z0-9_]{0,99})"
"""An entry of `notify` that names a variable."""

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,39}$")]
Variable = Annotated[str, StringConstraints(pattern=r"^[A-Z_][A-Z0-9_]{0,99}$")]
Header = Annotated[str, StringConstraints(pattern=r"^[ -~]*$", max_length=2_000)]
HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,100}$")]


class EndpointEntry(BaseModel):
    """One endpoint as `accord.toml` has it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

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


def _usable_entry(entry: str) -> str:
    """Return an entry of `notify`: the address of a receiver, or the name of a variable that holds one."""
    return entry if re.fullmatch(NAMED, entry) else usable_receiver(entry)


def _usable_board(url: str) -> str:
    try:
        return usable_address(url).rstrip("/")
    except ValueError:
        raise ValueError("is not the address of a board; allowed: http(s)://HOST[:PORT]/PATH, without a user") from None


NAMES = "a lower-case letter, then letters, digits, `-` and `_`, 40 in all"
KEY_PATTERNS = {
    "key_env": "the name of a variable in capitals, not the key itself",
    "headers": "letters, digits and `-` in a name, printable ASCII in a value",
}
"""What is allowed where a text has to match a pattern."""


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    endpoints: dict[Name, EndpointEntry] = Field(default_factory=dict)
    teams: dict[Name, str] = Field(default_factory=dict)
    notify: Annotated[list[Annotated[str, AfterValidator(_usable_entry)]], Field(max_length=50)] = []
    notify_seconds: Annotated[float, Field(ge=0, le=60)] = 5.0
    public_url: Annotated[str, AfterValidator(_usable_board)] | None = None


TOP = ("notify", "notify_seconds", "public_url")
"""The keys outside all tables."""

ALLOWED = {
    1: tuple(_File.model_fields),
    3: tuple(field.alias or name for name, field in EndpointEntry.model_fields.items()),
    5: tuple(Price.model_fields),
}
"""The keys that are known, by how deep they are nested."""


def config_path(settings: Settings) -> Path:
    """Return the file that names endpoints."""
    return settings.accord_config or settings.home / FILE


def load_entries(settings: Settings) -> dict[str, EndpointEntry]:
    """Return the endpoints that the file names; none where there is no file and none was asked for.

    Raises:
        UsageError: the file cannot be read, or has what is not allowed; every problem.
    """
    return dict(_read(settings).endpoints)


def registered_teams(settings: Settings) -> dict[str, Path]:
    """Return the team files that a server offers besides the shipped ones, by name; a path starts at the file's folder.

    Raises:
        UsageError: as `load_entries`.
    """
    folder = config_path(settings).parent
    return {name: folder / Path(path).expanduser() for name, path in _read(settings).teams.items()}


def load_notify(settings: Settings) -> Notify:
    """Return who is sent notices.

    Raises:
        UsageError: as `load_entries`, or a variable that `notify` names holds no address of a receiver.
    """
    file = _read(settings)
    receivers = [Receiver(_address(entry, config_path(settings))) for entry in file.notify]
    return Notify([*{each.digest: each for each in receivers}.values()], file.public_url, file.notify_seconds)


def _address(entry: str, path: Path) -> str:
    named = re.fullmatch(NAMED, entry)
    if named is None:
        return entry
    try:
        return usable_receiver((variable(named[1]) or "").strip())
    except ValueError as error:
        told = error if variable(named[1]) else f"is not set; allowed: {ENTRY.partition(', or')[0]}"
        raise UsageError(f"{path}: `notify` names {named[1]}, which {told}") from None


def _read(settings: Settings) -> _File:
    path = config_path(settings)
    if settings.accord_config is None and not path.exists():
        return _File()
    try:
        data = read_input(path, MAX_BYTES)
        if len(data) > MAX_BYTES:
            raise ValueError(f"it has more than {MAX_BYTES:,} bytes")
        text = data.decode("utf-8-sig")
        return _File.model_validate(tomllib.loads(text))
    except ValidationError as error:
        raise UsageError(*islice(_problems(path, text, error), MOST_SENTENCES)) from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: cannot be read: it is not UTF-8") from None
    except RecursionError:
        raise UsageError(f"{path}: cannot be read: it nests too deep") from None
    except ValueError as error:
        raise UsageError(_syntax(path, str(error))) from None


def _syntax(path: Path, message: str) -> str:
    """Return what TOML's reader says as a sentence that begins with the line."""
    found = re.fullmatch(r"(.*) \(at line (\d+), column (\d+)\)", message)
    if found is None:
        told = message.replace(" (at end of document)", ", where the file ends")
        return f"{path}: cannot be read as TOML: {told[:1].lower()}{told[1:]}"
    hint = "; text is written in quotes" if found[1] == "Invalid value" else ""
    said = found[1][:1].lower() + found[1][1:]
    return f"{path}:{found[2]}: cannot be read as TOML: {said} at character {found[3]}{hint}"


def _line_of(text: str, place: list[str]) -> str:
    """Return `:line` of a place, as far as it is written in the plain form: a table's head, then a key and `=`."""
    lines, depth = text.splitlines(), 1 if place[0] == "teams" else 2
    if place[0] in TOP:
        return next((f":{number}" for number, line in enumerate(lines, 1) if re.match(rf"\s*{place[0]}\s*=", line)), "")
    named = ".".join(place[:depth])
    heads = (f"[{named}]", f"[{named}.") if len(place) == 1 else (f"[{named}]",)
    head = next((number for number, line in enumerate(lines) if line.strip().startswith(heads)), None)
    if head is None:
        return ""
    key = re.compile(rf"\s*{re.escape(place[depth])}\s*=") if len(place) > depth else re.compile("")
    within = takewhile(lambda line: not line.lstrip().startswith("["), lines[head + 1 :])
    below = next((number for number, line in enumerate(within, head + 1) if key.match(line)), head)
    return f":{(below if len(place) > depth else head) + 1}"


def _problems(path: Path, text: str, error: ValidationError) -> Iterator[str]:
    for each in error.errors(include_url=False, include_input=False):
        place = [str(part) for part in each["loc"]]
        place = place[:-1] if place[-1] == "[key]" and len(place) > 2 else place
        yield f"{path}{_line_of(text, place)}: {_named(place)} {_said(each, place)}"


def _named(place: list[str]) -> str:
    return f"`notify`, entry {int(place[1]) + 1}," if place[0] == "notify" and place[1:] else f"`{'.'.join(place)}`"


def _said(error: ErrorDetails, place: list[str]) -> str:
    """Return the sentence; without the value, which may be a key that was put in the wrong place."""
    if error["type"] == "extra_forbidden":
        return f"is an unknown key{allowed_names(place[-1], ALLOWED[len(place)])}"
    if error["type"] in ("model_type", "dict_type"):
        return "is not a table"
    if error["type"] == "missing":
        return "is missing"
    if error["type"] == "string_pattern_mismatch":
        allowed = NAMES if len(place) == 2 else KEY_PATTERNS.get(place[2], "")
        return f"has a character that is not allowed there, or is too long; allowed: {allowed}"
    words = allowed_by(error)
    if words is None:
        return error["msg"].removeprefix("Value error, ")
    return f"must {'have' if error['type'].startswith('string_too') else 'be'} {words}"


def load_endpoints(settings: Settings) -> dict[str, Endpoint]:
    """Return the endpoints by name; `default` is the file's, else that of the `OPENAI_*` variables where a key is set.

    Raises:
        UsageError: as `load_entries`, or a key has a character that no key has.
    """
    entries = load_entries(settings)
    if DEFAULT not in entries and settings.openai_api_key is not None:
        entries[DEFAULT] = EndpointEntry()
    return {name: _endpoint(name, entry, settings) for name, entry in entries.items()}


def _endpoint(name: str, entry: EndpointEntry, settings: Settings) -> Endpoint:
    return Endpoint(
        api_key=_key(name, entry, settings),
        base_url=entry.base_url or (settings.openai_base_url if name == DEFAULT else None),
        default_model=entry.default_model or settings.openai_model,
        timeout_seconds=entry.timeout_seconds or settings.openai_timeout_seconds,
        max_retries=entry.max_retries,
        name=name,
        max_concurrency=entry.max_concurrency,
        schema=entry.form,
        temperature=entry.temperature,
        output_cap=entry.output_cap,
        headers=entry.headers,
        key_env=entry.key_env or "OPENAI_API_KEY",
    )


def _key(name: str, entry: EndpointEntry, settings: Settings) -> str:
    if entry.key_env is None:
        own = settings.openai_api_key if name == DEFAULT else None
        return own.get_secret_value() if own else NO_KEY
    key = (variable(entry.key_env) or "").strip()
    if key and not re.fullmatch(r"[!-~]+", key):
        raise UsageError(f"{entry.key_env} has a character that no key has; allowed: printable ASCII without spaces")
    return key


def prices_of(entries: Mapping[str, EndpointEntry]) -> dict[str, Price]:
    """Return the price of each model as teams name it: `model` at the default endpoint, else `endpoint/model`."""
    return {
        model if name == DEFAULT else f"{name}/{model}": price
        for name, entry in entries.items()
        for model, price in entry.prices.items()
    }


def route_of(settings: Settings) -> Route:
    """Return how endpoints are reached."""
    named = {"http": settings.http_proxy, "https": settings.https_proxy, "all": settings.all_proxy}
    proxies = {scheme: proxy for scheme, proxy in named.items() if proxy}
    without = tuple(host for host in re.split(r"[,\s]+", settings.no_proxy) if host)
    return Route(proxies, without, settings.ssl_cert_file, settings.ssl_cert_dir)
