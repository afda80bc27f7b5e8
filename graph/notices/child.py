"""Sends notices in a process of its own, which is ended where a receiver never lets go; the only user of apprise.

Run as a file: it imports nothing of Accord. It writes null once it is ready. Then it reads one JSON object a line on
stdin, {address, title, text, seconds}, and answers each with one, {failure}: null, `status NNN`, `unreachable`,
`unusable` or `refused`. Addresses and logs, which may hold secrets, stay within.
"""

import json
import logging
import os
import re
import signal
import sys
from typing import Any


class Overheard(logging.Handler):
    """Keeps what apprise logs, which is the only place where it says why something failed."""

    def __init__(self) -> None:
        super().__init__()
        self.said = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line."""
        self.said += f"{record.getMessage()}\n"


def failure_in(said: str) -> str:
    """Return why a notice was not taken, of what was logged meanwhile.

    >>> failure_in("Failed to send JSON POST notification: Internal Server Error, error=503."), failure_in("")
    ('status 503', 'refused')
    """
    status = re.search(r"error=(\d{3})\b", said)
    if status:
        return f"status {status[1]}"
    return "unreachable" if re.search(r"connection error|socket", said, re.IGNORECASE) else "refused"


def send(apprise: Any, asked: dict[str, Any], overheard: Overheard) -> str | None:
    """Send a notice, or without a text only check the address; return why it failed, or None."""
    receiver = apprise.Apprise.instantiate(asked["address"], suppress_exceptions=True)
    if receiver is None:
        return "unusable"
    if asked["text"] is None:
        return None
    overheard.said = ""
    sender = apprise.Apprise()
    sender.add(receiver)
    is_taken = sender.notify(body=asked["text"], title=asked["title"], body_format=apprise.NotifyFormat.TEXT)
    return None if is_taken else failure_in(overheard.said)


def main() -> None:
    """Answer one line after the other, until there is none."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what a library prints is not an answer
    import apprise  # noqa: PLC0415  # it is slow, and nobody should wait for the answer channel

    overheard = Overheard()
    logging.getLogger("apprise").handlers = [overheard]
    logging.getLogger("apprise").setLevel(logging.INFO)
    apprise.Apprise.instantiate("json://localhost")  # loads all plug-ins, which is slow, too
    answers.write("null\n")
    answers.flush()
    for line in sys.stdin:
        asked = json.loads(line)
        signal.alarm(asked["seconds"])  # should whoever started this be gone: a receiver that drips never ends a call
        try:
            failure = send(apprise, asked, overheard)
        except Exception:  # of a plug-in: its text may hold the address
            failure = "refused"
        signal.alarm(0)
        answers.write(json.dumps({"failure": failure}) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
