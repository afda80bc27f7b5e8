"""Signing: an answer signed by `ssh-keygen`, with a key in a file, in an agent or in hardware."""

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from graph.problems import UsageError, neutral, reason_of
from graph.settings import environment
from nodes.signatures import NAMESPACE, find_forgery, signer_of
from policies.language import in_figures, phrase, say

SECONDS = 120.0
"""How long signing may take in all: there may be a passphrase to type and a key to touch."""

_GRACE_SECONDS = 2.0
_PROGRAM = "ssh-keygen"
_PROMPT = "Enter passphrase: "
_REASONS: Sequence[tuple[str, str]] = (
    ("UNPROTECTED PRIVATE KEY", phrase("others may read this private key; run `chmod 600 {key}`")),
    (
        "incorrect passphrase",
        phrase(
            "the passphrase is wrong, or nobody could type it; sign at a terminal, or add the key to an agent with "
            "`ssh-add` and name its `.pub` file"
        ),
    ),
    ("No private key found", phrase("its private key is neither next to it nor in an agent; run `ssh-add` first")),
    ("load public key", phrase("has no public key; if it is a private one, run `ssh-keygen -y -f {key} > {key}.pub`")),
    ("device not found", phrase("the hardware key is not plugged in; plug it in and try again")),
    ("unknown option", phrase("this `ssh-keygen` is too old; install OpenSSH 8.1 or later")),
)
"""What `ssh-keygen` says, and what to say in its place."""


def sign(message: bytes, key_file: Path, seconds: float = SECONDS) -> str:
    """Return the signature over a message, for the purpose `accord-decision`.

    At a terminal the passphrase is asked for there; otherwise nobody is asked. The file is a private key, or the public
    one of a key that an agent holds.

    Raises:
        UsageError: there is no signature, or one that would be refused; with what to do about it.
    """
    _check_there(key_file)
    name = neutral(str(key_file))
    code, signature, said = _run(message, key_file, seconds)
    if code:
        raise UsageError(f"{name}: {_reason(said, name)}")
    try:
        fault = find_forgery(signature, message, signer_of(signature))
    except ValueError as error:
        raise UsageError(f"{name}: {say('the key {fault}', fault=error)}") from None
    if fault is not None:
        raise UsageError(f"{name}: {say('the signature {fault}', fault=fault)}")
    return signature


def _check_there(key_file: Path) -> None:
    """Refuse what is not a file: `ssh-keygen` would wait for a pipe, or say of a folder that it has no public key."""
    name = neutral(str(key_file))
    try:
        is_there, is_file = key_file.exists(), key_file.is_file()
    except (OSError, ValueError) as error:
        why = reason_of(error) if isinstance(error, OSError) else error
        raise UsageError(f"{name}: {say('cannot be read: {why}', why=why)}") from None
    if not is_file:
        is_gone = say("there is no such file; name your private key, or its `.pub` file")
        told = say("is not a file; name your private key, or its `.pub` file") if is_there else is_gone
        raise UsageError(f"{name}: {told}")
    if not os.access(key_file, os.R_OK):
        raise UsageError(f"{name}: {say('you may not read it; name a key of your own')}")


def _run(message: bytes, key_file: Path, seconds: float) -> tuple[int, str, str]:
    """Run `ssh-keygen`; return its exit code, the signature and what it said besides."""
    command = [_PROGRAM, "-Y", "sign", "-q", "-n", NAMESPACE, "-f", str(key_file)]
    try:
        with subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            # No window asks for the passphrase: where nobody looks at a terminal, it would wait for ever.
            env=environment(SSH_ASKPASS_REQUIRE="never"),
            start_new_session=not sys.stderr.isatty(),
        ) as program:
            signature, said = _heard(program, message, seconds)
            return program.returncode, signature.decode(errors="replace"), said.decode(errors="replace")
    except FileNotFoundError:
        raise UsageError(say("there is no `ssh-keygen`, which makes signatures; install OpenSSH")) from None
    except OSError as error:
        raise UsageError(say("`ssh-keygen` cannot be run: {why}", why=reason_of(error))) from None
    except subprocess.TimeoutExpired:
        told = phrase(
            "there was no signature within {seconds} seconds; type the passphrase, or touch the key, and try again"
        )
        raise UsageError(say(told, seconds=in_figures(f"{seconds:g}"))) from None


def _heard(program: subprocess.Popen[bytes], message: bytes, seconds: float) -> tuple[bytes, bytes]:
    """Return what a program writes; ended when it is late or we are interrupted, so that it gives the terminal back."""
    try:
        return program.communicate(message, timeout=seconds)
    except BaseException:
        program.terminate()
        try:
            program.communicate(timeout=_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            program.kill()
        raise


def _reason(said: str, name: str) -> str:
    """Return why there is no signature, and what to do next."""
    known = next((words for sign, words in _REASONS if sign in said), None)
    if known is not None:
        return say(known, key=shlex.quote(name))
    heard = neutral(" ".join(said.replace(_PROMPT, "").split()))[:300]
    return say("`ssh-keygen` made no signature: {said}", said=heard or say("it said nothing"))
