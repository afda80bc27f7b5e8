"""What the screens of a terminal show, kept as files: one for each command and width."""

import re
from collections.abc import Mapping
from pathlib import Path

from tests.screens.terminal import on_screen

FOLDER = Path(__file__).parent / "kept"
REWRITE = "python -m tests.screens"
WIDTHS = (80, 60, 40)
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "run": ("run", "cold_storage", "--thread", "lot-7"),
    "why": ("why",),
    "show": ("show", "--full"),
    "list": ("list",),
    "plan": ("run", "incident_report", "--thread", "outage"),
    "signing": (
        *("run", "cold_storage", "--thread", "to-sign", "--set", "sign_off=[owner]"),
        *("--set", "approvers={owner: {title: Head of logistics}}"),
    ),
    "inbox": ("inbox",),
    "signed": ("decide", "to-sign", "go_with_caution", "--by", "owner", "--because", "I have read it."),
    "stopped": ("run", "--thread", "stopped", "--set", "budget.max_messages=2"),
}
"""Commands that are typed one after the other, by the name of their file."""
VARYING = (
    (re.compile(r"\d+\.\d s\b"), "0.0 s"),
    (re.compile(r"\b\d:\d\d$", flags=re.MULTILINE), "0:00"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"), "2026-03-02 09:00:00"),
)


def screens(columns: int, home: Path) -> dict[str, str]:
    """Return what each command shows at a terminal of so many columns, what varies set to one value."""
    env = {"ACCORD_HOME": str(home), "OPENAI_API_KEY": "", "NO_COLOR": ""}
    return {name: _settled(on_screen(columns, *typed, cwd=home, env=env).text) for name, typed in COMMANDS.items()}


def file_of(name: str, columns: int) -> Path:
    """Return the file that keeps a screen."""
    return FOLDER / f"{name}_{columns}.txt"


def _settled(text: str) -> str:
    for pattern, replacement in VARYING:
        text = pattern.sub(replacement, text)
    return f"{text}\n"
