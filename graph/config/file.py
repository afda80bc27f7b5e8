"""The file itself: where it lies, and what it says."""

import tomllib
from itertools import islice
from pathlib import Path

from pydantic import ValidationError

from graph.config.entries import File
from graph.config.mistakes import problems_of, syntax
from graph.inputs import read_input
from graph.problems import UsageError
from graph.settings import Settings

FILE = "accord.toml"
MAX_BYTES = 1_000_000
MOST_SENTENCES = 20
"""Problems of a file that are reported at once."""


def config_path(settings: Settings) -> Path:
    """Return where the file is, or would be."""
    return settings.accord_config or settings.home / FILE


def read_config(settings: Settings) -> File:
    """Return what the file says; nothing where there is no file and none was asked for.

    Raises:
        UsageError: the file cannot be read, or has what is not allowed; every problem.
    """
    path = config_path(settings)
    if settings.accord_config is None and not path.exists():
        return File()
    try:
        data = read_input(path, MAX_BYTES)
        if len(data) > MAX_BYTES:
            raise ValueError(f"it has more than {MAX_BYTES:,} bytes")
        text = data.decode("utf-8-sig")
        return File.model_validate(tomllib.loads(text))
    except ValidationError as error:
        raise UsageError(*islice(problems_of(path, text, error), MOST_SENTENCES)) from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: cannot be read: it is not UTF-8") from None
    except RecursionError:
        raise UsageError(f"{path}: cannot be read: it nests too deep") from None
    except ValueError as error:
        raise UsageError(syntax(path, str(error))) from None
