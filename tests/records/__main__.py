"""Writes the kept records anew, after a change that is meant: `python -m tests.records`; then read what moved."""

import os
import tempfile
from pathlib import Path

from graph.teams.loader import shipped_teams
from tests.records.kept import FOLDER, kept_file, played, written


def rewrite() -> None:
    """Write the file of each shipped team, and remove those of teams that are shipped no more."""
    with tempfile.TemporaryDirectory(prefix="accord-records-") as folder:
        os.environ["ACCORD_HOME"] = folder
        os.chdir(folder)  # without the `.env` of whoever calls this
        texts = {team: written(played(team, Path(folder) / f"{team}.sqlite")) for team in shipped_teams()}
    for path in FOLDER.glob("*.json"):
        path.unlink()
    for team, text in texts.items():
        kept_file(team).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    rewrite()
