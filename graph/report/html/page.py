"""The page of a thread: one HTML file that needs nothing beside it and asks nobody for anything."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

FOLDER = Path(__file__).parent / "templates"


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page_of(dossier: Mapping[str, Any]) -> str:
    """Return the page that shows a dossier; every value in it is escaped."""
    return _environment().get_template("page.html").render(dossier=dossier)
