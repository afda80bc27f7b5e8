"""Settings: the one place that reads the environment and `.env`, once, at an entry point."""

import os
import re
from io import StringIO
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit
from uuid import UUID

from dotenv import dotenv_values
from platformdirs import user_data_path
from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from graph.inputs import read_input
from graph.problems import UsageError
from policies.team.fields import ModelName
from policies.wording import allowed_by

DEFAULT_MODEL = "gpt-4.1-mini"
HOSTED = "https://api.smith.langchain.com"
MAX_BYTES = 1024 * 1024
PROXIES = ("http", "https", "socks5", "socks5h")


def _usable_key(key: SecretStr) -> SecretStr:
    trimmed = key.get_secret_value().strip()
    if not re.fullmatch(r"[!-~]+", trimmed):
        raise ValueError("is blank, or has a character that no key has; allowed: printable ASCII without spaces")
    return SecretStr(trimmed)


def _usable_proxy(url: str) -> str:
    """Return the address of a proxy; without a scheme it is an HTTP one, as other programs take it."""
    whole = url if "://" in url else f"http://{url}"
    try:
        parts = urlsplit(whole)
        is_usable = parts.scheme in PROXIES and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_usable = False
    if not is_usable or not re.fullmatch(r"[!-~]+", whole):
        raise ValueError(
            f"is not the address of a proxy; allowed: HOST:PORT after one of {', '.join(PROXIES)}, and `://`"
        )
    return whole


def usable_address(url: str) -> str:
    """Return the address of an endpoint.

    Raises:
        ValueError: it is none, or names a user.
    """
    try:
        parts = urlsplit(url)
        is_usable = bool(parts.hostname and parts.username is None and parts.port != 0)
    except ValueError:
        is_usable = False
    if not is_usable or not re.fullmatch(r"https?://(\[[0-9A-Fa-f:.]+\]|\w[\w.-]*)(:\d+)?([/?][!-~]*)?", url):
        raise ValueError("is not the address of an endpoint; allowed: http(s)://HOST[:PORT]/PATH, without a user")
    return url


def _usable_workspace(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise ValueError("is not the id of a workspace; allowed: a UUID") from None


class Settings(BaseSettings):
    """What the process is configured with; passed down, never read elsewhere."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True, case_sensitive=False)

    openai_api_key: Annotated[SecretStr, AfterValidator(_usable_key)] | None = None
    """The key of the endpoint; unset: roles are answered by their own rules."""
    openai_base_url: Annotated[str, AfterValidator(usable_address)] | None = None
    """An OpenAI-compatible endpoint, for example `http://127.0.0.1:8000/v1`; unset: OpenAI's."""
    openai_model: ModelName = DEFAULT_MODEL
    """The model of every role whose team file names none."""
    openai_timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = 60.0
    """How long one attempt of a call may take, in seconds."""
    http_proxy: Annotated[str, AfterValidator(_usable_proxy)] | None = None
    https_proxy: Annotated[str, AfterValidator(_usable_proxy)] | None = None
    all_proxy: Annotated[str, AfterValidator(_usable_proxy)] | None = None
    """Proxies on the way to http:// and https:// endpoints, and to both where neither is named."""
    no_proxy: str = ""
    """Hosts that are reached without a proxy, separated by commas; `*` is all."""
    ssl_cert_file: str | None = None
    ssl_cert_dir: str | None = None
    """Certificate authorities to trust in place of the system's."""
    accord_config: Path | None = None
    """The file that names endpoints; unset: `accord.toml` in the data directory, where there is one."""
    accord_home: Path | None = None
    """The data directory; unset: the system's own for this user."""
    accord_database_url: str | None = None
    """Where threads are kept: a file, or `postgresql://...`; unset: `accord.sqlite` in the data directory."""

    accord_token: SecretStr | None = None
    """On whose behalf `accord mcp` acts over stdio; unset: as the command line does."""

    accord_sqlite_synchronous: Literal["NORMAL", "FULL"] = "NORMAL"
    """`NORMAL` is safe when a process is killed; `FULL` also when power is lost, and slower."""

    langsmith_tracing: bool = False
    """Whether each run is traced in LangSmith; a key alone switches nothing on."""
    langsmith_api_key: Annotated[SecretStr, AfterValidator(_usable_key)] | None = None
    langsmith_endpoint: Annotated[str, AfterValidator(usable_address)] = HOSTED
    """Where traces are sent; unset: LangSmith's own, which wants a key."""
    langsmith_project: Annotated[str, Field(min_length=1, max_length=128)] = "default"
    """The project in which the traces lie."""
    langsmith_workspace_id: Annotated[str, AfterValidator(_usable_workspace)] | None = None
    """The workspace of a key that is valid for several."""

    @property
    def home(self) -> Path:
        """The data directory."""
        return self.accord_home or user_data_path("accord", appauthor=False)

    @property
    def database(self) -> str:
        """The file or URL of the database."""
        return self.accord_database_url or str(self.home / "accord.sqlite")


def variable(name: str, env_file: str | None = ".env") -> str | None:
    """Return the value of a variable that a file names, such as that of a key; None where it is not set."""
    return os.environ.get(name) or _said_by(env_file).get(name) or None


def is_empty(name: str) -> bool:
    """Return whether a variable of the environment is set to nothing: whoever set it had a value in mind."""
    return os.environ.get(name) == ""


def environment(**changes: str) -> dict[str, str]:
    """Return the environment for a program that is started: that of this process, with changes."""
    return {**os.environ, **changes}


def load_settings(env_file: str | None = ".env") -> Settings:
    """Return the settings from the environment and the file; the environment goes before.

    Raises:
        UsageError: a variable has a value that is not allowed, or the file cannot be read; a key is never shown.
    """
    set_already = {name.lower() for name, value in os.environ.items() if value}
    open_fields = Settings.model_fields.keys() - set_already
    said: dict[str, Any] = {name.lower(): value for name, value in _said_by(env_file).items()}
    said = {name: value for name, value in said.items() if name in open_fields}
    try:
        return Settings(**said)
    except ValidationError as error:
        raise UsageError(*map(_problem, error.errors(include_url=False))) from None


def _said_by(env_file: str | None) -> dict[str, str]:
    """Return the variables that a file sets to something; a pipe is waited for no longer than any other input.

    Raises:
        UsageError: it cannot be read.
    """
    if env_file is None or not Path(env_file).exists() or Path(env_file).is_dir():
        return {}
    data = read_input(env_file, MAX_BYTES)
    if len(data) > MAX_BYTES:
        raise UsageError(f"{env_file}: has more than {MAX_BYTES} bytes; allowed: at most {MAX_BYTES}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{env_file}: is not UTF-8 at byte {error.start}") from None
    return {name: value for name, value in dotenv_values(stream=StringIO(text)).items() if value}


def _problem(detail: ErrorDetails) -> str:
    """Return the sentence; without the value, which may be or hold a secret."""
    name = str(detail["loc"][0]).upper() if detail["loc"] else "the environment"
    if detail["type"] == "value_error":
        return f"{name} {detail['ctx']['error']}"
    words = allowed_by(detail)
    if words is None:
        return f"{name}: {detail['msg'][:1].lower()}{detail['msg'][1:]}"
    return f"{name}: must {'have' if detail['type'].startswith('string_too') else 'be'} {words}"
