"""Signing: the command that signs an answer with a key, as it is copied from a page into a shell."""

import shlex
import unicodedata

from nodes.signatures import NAMESPACE

FILES = {
    "ssh-rsa": "id_rsa",
    "ssh-ed25519": "id_ed25519",
    "sk-ssh-ed25519@openssh.com": "id_ed25519_sk",
    "sk-ecdsa-sha2-nistp256@openssh.com": "id_ecdsa_sk",
}
"""Where `ssh-keygen` puts a key, by its type."""
OTHER_FILE = "id_ecdsa"


def command_to_sign(text: str, key: str) -> str:
    r"""Return the command that prints the signature of a text; a browser may copy it, whatever is in the text.

    >>> key = "ssh-ed25519 AAAA"
    >>> command_to_sign('{"because":"Yes."}', key)
    'printf %s \'{"because":"Yes."}\' | ssh-keygen -Y sign -n accord-decision -f ~/.ssh/id_ed25519'
    >>> print(command_to_sign("10\u00a0%\\n", key))
    printf %b '10\0302\0240%\\n' | ssh-keygen -Y sign -n accord-decision -f ~/.ssh/id_ed25519
    """
    written = text
    if any(map(_changes, text)):
        written = "".join(_octal(each) if _changes(each) else each for each in text.replace("\\", "\\\\"))
    form = "%s" if written == text else "%b"
    return f"printf {form} {shlex.quote(written)} | {signer(key)}"


def command_on_file(name: str, key: str) -> str:
    """Return the command that prints the signature of the text in a file.

    >>> command_on_file("t.json", "ssh-rsa AAAA")
    'ssh-keygen -Y sign -n accord-decision -f ~/.ssh/id_rsa < t.json'
    """
    return f"{signer(key)} < {shlex.quote(name)}"


def signer(key: str) -> str:
    """Return the command that signs what it reads, with the file that a key of this type usually is in."""
    file = FILES.get(key.partition(" ")[0], OTHER_FILE)
    return f"ssh-keygen -Y sign -n {NAMESPACE} -f ~/.ssh/{file}"


def _changes(character: str) -> bool:
    """Return whether a character may be another one once it was copied, or is not seen: spaces, marks of direction."""
    return character != " " and unicodedata.category(character)[0] in "ZC"


def _octal(character: str) -> str:
    return "".join(f"\\0{byte:03o}" for byte in character.encode())
