"""Signatures as files: what a stranger needs to check with OpenSSH alone who signed which answer."""

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nodes.signatures import NAMESPACE, decision_bytes
from nodes.signed import Signing, signings
from policies.assurance.audit import Event

SIGNERS = "allowed_signers"
"""The file that says whose key is which, as `ssh-keygen` reads it."""


@dataclass(frozen=True, slots=True)
class SignedFiles:
    """Files by name, and the command that checks each signature among them, to be run next to them."""

    files: Mapping[str, bytes]
    commands: tuple[str, ...]


def signed_files(events: Iterable[Event]) -> SignedFiles:
    """Return what was signed in a thread, byte by byte, each signature, and the keys that were declared at the time.

    Files have the number of their event. Where the keys changed on the way, there is one more list of them, with the
    number of the event that pinned it.
    """
    files: dict[str, bytes] = {}
    commands = []
    for event, known in signings(events):
        if event.get("signature") is not None:
            number = event["seq"]
            files[f"{number}.json"] = decision_bytes(**event["signed"])
            files[f"{number}.sig"] = event["signature"].encode()
            files[_list_of(known)] = _signers(known)
            commands.append(_command(_list_of(known), event["by"], number))
    return SignedFiles(files, tuple(commands))


def _list_of(known: Signing) -> str:
    return f"{SIGNERS}.{known.since}" if known.since else SIGNERS


def _signers(known: Signing) -> bytes:
    return "".join(f'{name} namespaces="{NAMESPACE}" {key}\n' for name, key in known.keys.items()).encode()


def _command(signers: str, name: str, number: int) -> str:
    checks = f"ssh-keygen -Y verify -f {signers} -I {shlex.quote(name)} -n {NAMESPACE}"
    return f"{checks} -s {number}.sig < {number}.json"
