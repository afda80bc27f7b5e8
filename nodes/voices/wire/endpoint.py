"""Endpoints: where models answer, and in which form each takes a question."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

from policies.language import say
from policies.nearest import is_slip

Schema = Literal["json_schema", "json_object", "none"]
"""How an answer's form is asked for: by strict schema, as some JSON object, or in words alone; strongest first."""

Cap = Literal["max_completion_tokens", "max_tokens"]
"""What the limit of output tokens is called."""

DEFAULT = "default"
SECRET_NAMES = re.compile("auth|cookie|credential|key|password|secret|sig|token")
PARTS = re.compile("[ =;,]+")
"""What separates the words of a header, one of which may be the key."""
NAMED = re.compile(r"([a-z][a-z0-9_-]*)(/|:(?!\d|latest$)(?=[^:]+$))(.+)")
"""A model that may name its endpoint: the name, what follows it, and the model there; `llama3:8b` has a tag instead."""
LEAST = 5
"""Letters of the shortest name of an endpoint of which another word, one letter off, is taken for a slip."""
OPENAI = "https://api.openai.com/v1"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where models answer, and how long one attempt may take.

    `schema`, `temperature` and `output_cap` are learned from what the endpoint refuses where they are `auto`. The key
    is empty where `key_env`, the variable that it is taken from, is not set.
    """

    api_key: str = field(repr=False)
    base_url: str | None
    default_model: str
    timeout_seconds: float = 60.0
    max_retries: int = 2
    name: str = DEFAULT
    max_concurrency: int | None = None
    schema: Schema | Literal["auto"] = "auto"
    temperature: Literal["send", "omit", "auto"] = "auto"
    output_cap: Cap | Literal["auto"] = "auto"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    key_env: str = "OPENAI_API_KEY"

    @property
    def lacks(self) -> str | None:
        """What is missing before it can be asked, in a sentence."""
        is_set = bool(self.api_key)
        return (
            None
            if is_set
            else say(
                "{key_env} is not set; the endpoint `{name}` takes its key from there",
                key_env=self.key_env,
                name=self.name,
            )
        )

    @property
    def secrets(self) -> list[str]:
        """What must not be kept or shown: its key, and the headers and fields of the query that may have one."""
        named = [*self.headers.items(), *self.query.items()]
        values = [value for name, value in named if SECRET_NAMES.search(name.lower())]
        return list(dict.fromkeys([self.api_key, *values, *(part for value in values for part in PARTS.split(value))]))

    def called(self, model: str) -> str:
        """Return what a team calls a model of this endpoint."""
        return model if self.name == DEFAULT else f"{self.name}/{model}"

    @property
    def address(self) -> str:
        """Where it is, as it is shown: without a query, which may hold a secret."""
        return urlunsplit(urlsplit(self.base_url or OPENAI)._replace(query=""))

    @property
    def query(self) -> dict[str, str]:
        """What every request carries behind its path, such as the version of an API."""
        return dict(parse_qsl(urlsplit(self.base_url or OPENAI).query, keep_blank_values=True))


def default_of(endpoints: Mapping[str, Endpoint]) -> Endpoint:
    """Return the endpoint of models that name none: the one called `default`, else the first."""
    return endpoints[DEFAULT] if DEFAULT in endpoints else next(iter(endpoints.values()))


def find_endpoint(model: str | None, endpoints: Mapping[str, Endpoint]) -> tuple[Endpoint, str]:
    """Return the endpoint that `endpoint/model` names, and the model as it is called there.

    A name before the slash that is not an endpoint's belongs to the model: gateways call them `maker/model`.

    >>> ours = {"default": Endpoint("k", None, "a"), "local": Endpoint("k", None, "b", name="local")}
    >>> [(where.name, name) for where, name in (find_endpoint(m, ours) for m in ("local/c", "openai/d", None))]
    [('local', 'c'), ('default', 'openai/d'), ('default', 'a')]
    """
    name, _, rest = (model or "").partition("/")
    if rest and name in endpoints:
        return endpoints[name], rest
    default = default_of(endpoints)
    return default, model or default.default_model


def meant_model(model: str, endpoints: Mapping[str, Endpoint]) -> str | None:
    """Return what was meant by a model whose endpoint is surely misspelled; None for any other model.

    That is the name of an endpoint with one slip, or with `:` in place of `/`. Many models have a `/` or a `:` in their
    own names, so whatever else does not name an endpoint is left to the default one.

    >>> ours = {"default": Endpoint("k", None, "a"), "openai": Endpoint("k", None, "b", name="openai")}
    >>> [meant_model(model, ours) for model in ("opnai/gpt-4.1", "openai:gpt-4.1", "opnai:gpt-4.1")]
    ['openai/gpt-4.1', 'openai/gpt-4.1', 'openai/gpt-4.1']
    >>> [meant_model(model, ours) for model in ("openai/gpt-4.1", "llama3:8b", "ft:gpt-4o:org::id", "meta/llama", "a")]
    [None, None, None, None, None]
    """
    found = NAMED.fullmatch(model)
    if found is None or model == default_of(endpoints).default_model or (found[1] in endpoints and found[2] == "/"):
        return None
    name, _, rest = found.groups()
    meant = [known for known in endpoints if known == name or (len(known) >= LEAST and is_slip(name, known))]
    return f"{meant[0]}/{rest}" if meant else None


@dataclass(frozen=True, slots=True)
class Route:
    """How this process reaches endpoints: proxies by scheme, hosts that need none, and whom TLS trusts.

    `ca_file` and `ca_folder` replace the system's certificate authorities.
    """

    proxies: Mapping[str, str] = field(default_factory=dict, repr=False)
    no_proxy: tuple[str, ...] = ()
    ca_file: str | None = None
    ca_folder: str | None = None

    @property
    def secrets(self) -> list[str]:
        """What must not be kept or shown: the passwords of proxies, as they are written and as they are meant."""
        words = [word for word in (urlsplit(proxy).password for proxy in self.proxies.values()) if word]
        return list(dict.fromkeys([*words, *map(unquote, words)]))
