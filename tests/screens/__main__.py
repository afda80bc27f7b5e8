"""Writes the kept screens anew: `python -m tests.screens`."""

from pathlib import Path
from tempfile import TemporaryDirectory

from tests.screens.kept import WIDTHS, file_of, screens

for columns in WIDTHS:
    with TemporaryDirectory() as home:
        for name, shown in screens(columns, Path(home)).items():
            file_of(name, columns).write_text(shown, encoding="utf-8")
