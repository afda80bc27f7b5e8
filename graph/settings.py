"""Settings: the one place that reads the environment and `.env`, once, at an entry point."""

import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from platformdirs import user_data_path
from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from graph.problems import UsageError
from policies.fields import ModelName

DEFAULT_MODEL = "gpt-4.1-mini"


def _usable_key(key: SecretStr) -> SecretStr:
    trimmed = key.get_secret_value().strip()
    if not re.fullmatch(r"[!-~]+", trimmed):
        raise ValueError("is blank, or has a character that no key has; allowed: printable ASCII without spaces")
    return SecretStr(trimmed)


def _usable_address(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_usable = bool(parts.hostname and parts.username is None and parts.port != 0)
    except ValueError:
        is_usable = False
    if not is_usable or not re.fullmatch(r"https?://(\[[0-9A-Fa-f:.]+\]|\w[\w.-]*)(:\d+)?([/?][!-~]*)?", url):
        raise ValueError("is no address of an endpoint; allowed: http(s)://HOST[:PORT]/PATH, without a user")
    return url


class Settings(BaseSettings):
    """What the process is configured with; passed down, never read elsewhere."""

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True, case_sensitive=False
    )

    openai_api_key: Annotated[SecretStr, AfterValidator(_usable_key)] | None = None
    """The key of the endpoint; unset: roles are answered by their own rules."""
    openai_base_url: Annotated[str, AfterValidator(_usable_address)] | None = None
    """An OpenAI-compatible endpoint, for example `http://127.0.0.1:8000/v1`; unset: OpenAI's."""
    openai_model: ModelName = DEFAULT_MODEL
    """The model of every role whose team file names none."""
    openai_timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = 60.0
    """How long one attempt of a call may take, in seconds."""
    accord_home: Path | None = None
    """The data directory; unset: the system's own for this user."""
    accord_database_url: str | None = None
    """Where threads are kept: a file, or `postgresql://...`; unset: `accord.sqlite` in the data directory."""

    accord_sqlite_synchronous: Literal["NORMAL", "FULL"] = "NORMAL"
    """`NORMAL` is safe when a process is killed; `FULL` also when power is lost, and slower."""

    @property
    def home(self) -> Path:
        """The data directory."""
        return self.accord_home or user_data_path("accord", appauthor=False)

    @property
    def database(self) -> str:
        """The file or URL of the database."""
        return self.accord_database_url or str(self.home / "accord.sqlite")


def load_settings(env_file: str | None = ".env") -> Settings:
    """Return the settings from the environment and the file.

    Raises:
        UsageError: a variable has a value that is not allowed; a key is never shown.
    """
    try:
        return Settings(_env_file=env_file)
    except ValidationError as error:
        raise UsageError(*map(_problem, error.errors(include_url=False))) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{env_file}: cannot be read: {error}") from None


def _problem(detail: ErrorDetails) -> str:
    """Return the sentence; without the value, which may be or hold a secret."""
    name = str(detail["loc"][0]).upper() if detail["loc"] else "the environment"
    if detail["type"] == "value_error":
        return f"{name} {detail['ctx']['error']}"
    return f"{name}: {detail['msg'][:1].lower() + detail['msg'][1:]}"
