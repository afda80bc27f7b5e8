"""Endpoints: where models answer, and in which form each takes a question."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Schema = Literal["json_schema", "json_object", "none"]
"""How an answer's form is asked for: by strict schema, as some JSON object, or in words alone; strongest first."""

Cap = Literal["max_completion_tokens", "max_tokens"]
"""What the limit of output tokens is called."""

DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where models answer, and how long one attempt may take.

    `schema`, `temperature` and `output_cap` are learned from what the endpoint refuses where they are `auto`.
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


@dataclass(frozen=True, slots=True)
class Route:
    """How this process reaches endpoints: proxies by scheme, hosts that need none, and whom TLS trusts.

    `ca_file` and `ca_folder` stand in place of the system's certificate authorities.
    """

    proxies: Mapping[str, str] = field(default_factory=dict, repr=False)
    no_proxy: tuple[str, ...] = ()
    ca_file: str | None = None
    ca_folder: str | None = None
