"""Settings: the one place that reads the environment and `.env`, once, at an entry point."""

from pathlib import Path
from typing import Annotated

from platformdirs import user_data_path
from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from graph.problems import UsageError

DEFAULT_MODEL = "gpt-4.1-mini"


class Settings(BaseSettings):
    """What the process is configured with; passed down, never read elsewhere."""

    model_config = SettingsConfigDict(
        env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True, case_sensitive=False
    )

    openai_api_key: SecretStr | None = None
    """The key of the endpoint; unset: roles are answered by their own rules."""
    openai_base_url: Annotated[str, Field(pattern=r"^https?://[^\s/]+")] | None = None
    """An OpenAI-compatible endpoint, for example `http://127.0.0.1:8000/v1`; unset: OpenAI's."""
    openai_model: Annotated[str, Field(min_length=1)] = DEFAULT_MODEL
    """The model of every role whose team file names none."""
    openai_timeout_seconds: Annotated[float, Field(gt=0, le=3600)] = 60.0
    """How long one attempt of a call may take, in seconds."""
    accord_home: Path | None = None
    """The data directory; unset: the system's own for this user."""
    accord_database_url: str | None = None
    """Where threads are kept: a file, or `postgresql://...`; unset: `accord.sqlite` in the data directory."""

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
        raise UsageError(*(_problem(detail["loc"], detail["msg"]) for detail in error.errors())) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{env_file}: cannot be read: {error}") from None


def _problem(location: tuple[int | str, ...], message: str) -> str:
    name = str(location[0]).upper() if location else "the environment"
    return f"{name}: {message[:1].lower() + message[1:]}"
