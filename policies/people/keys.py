"""Public keys: what a person signs with, as OpenSSH writes it in one line, and what is allowed of it."""

import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from policies.language import phrase, say
from policies.people.wire import take, take_all
from policies.plain import shown

MAX_LINE = 8_192
"""The longest line that is read, in characters; a key of 16,384 bits takes 2,800 of them."""

MIN_RSA_BITS = 2_048
MAX_RSA_BITS = 16_384
ED25519_BYTES = 32
TOUCHED = "sk-"
"""How the types of keys begin that live in hardware, which wants to be touched."""

ALLOWED = phrase(
    "one line of a `.pub` file, of the type ssh-ed25519, ssh-rsa with at least 2048 bits, ecdsa-sha2-nistp256, "
    "ecdsa-sha2-nistp384, ecdsa-sha2-nistp521, sk-ssh-ed25519@openssh.com or sk-ecdsa-sha2-nistp256@openssh.com"
)
"""What a key may be, in words."""

_SECRET = re.compile(r"PRIVATE KEY", re.IGNORECASE)
_OTHER_FORMS: Sequence[tuple[re.Pattern[str], str]] = (
    (
        re.compile(r"-{4,5} ?BEGIN"),
        phrase("is a key in a form other than OpenSSH's; `ssh-keygen -i -f FILE` converts it"),
    ),
    (re.compile(r"(SHA256|MD5):"), phrase("is a fingerprint, which cannot be checked against")),
)


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key: its type, the parts that its type has, and all of it as it travels."""

    kind: str
    parts: tuple[bytes, ...]
    blob: bytes

    def __str__(self) -> str:
        """Return the key as it is compared: its type and base64, without options and comment."""
        return f"{self.kind} {b64encode(self.blob).decode()}"

    @property
    def is_hardware(self) -> bool:
        """Whether the key lives in hardware that says whether it was touched."""
        return self.kind.startswith(TOUCHED)


def read_key(line: str) -> PublicKey:
    """Return the key of one line as `.pub` files have it, with or without a comment.

    Raises:
        ValueError: the line is not a key that may be used; what it is, and what is allowed, as what follows its name.

    >>> line = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "A" * 43
    >>> str(read_key(f"{line} me@desk")) == line
    True
    """
    if _SECRET.search(line):
        raise _refused(say("is a private key, which belongs in no team file; treat it as known to others from now on"))
    return _read(_one_line(line))


def read_blob(blob: bytes) -> PublicKey:
    """Return the key that some bytes are, as signatures carry it.

    Raises:
        ValueError: as in `read_key`.
    """
    name, parts = _taken_apart(blob)
    fault = _FORMS[name](parts)
    if fault:
        raise _refused(fault)
    return PublicKey(name, tuple(parts), blob)


def _taken_apart(blob: bytes) -> tuple[str, list[bytes]]:
    """Return the type of a key, which is refused before its parts are: those of a certificate are others."""
    try:
        kind, rest = take(blob)
        name = kind.decode("ascii", "replace")
        parts = take_all(rest) if name in _FORMS else []
    except ValueError:
        raise _refused(say("is not the bytes of a key")) from None
    if name not in _FORMS:
        raise _refused(_unknown(name))
    return name, parts


def _one_line(line: str) -> str:
    text = line.strip(" \t\r\n")
    if len(text) > MAX_LINE:
        raise _refused(say("has {count} characters; at most {most} are read", count=len(text), most=MAX_LINE))
    if not text or text.startswith("#"):
        raise _refused(say("has no key"))
    if re.search(r"[\r\n]", text):
        raise _refused(say("has several lines"))
    return text


def _read(text: str) -> PublicKey:
    kind, *rest = re.split("[ \t]+", text, maxsplit=2)
    if kind not in _FORMS:
        raise _refused(_misread(text, kind))
    if not rest:
        raise _refused(say("has nothing after `{kind}`", kind=kind))
    key = read_blob(_decoded(rest[0]))
    if key.kind != kind:
        raise _refused(say("says {kind} and is of the type {other}", kind=kind, other=key.kind))
    return key


def _decoded(text: str) -> bytes:
    """Return the bytes of base64 that is written in the one way there is."""
    try:
        blob = b64decode(text, validate=True)
    except ValueError:
        blob = b""
    if not blob or b64encode(blob).decode() != text:
        raise _refused(say("has something other than base64 after its type"))
    return blob


def _misread(text: str, kind: str) -> str:
    """Return what a line is whose first word is not a type that is allowed."""
    for form, words in _OTHER_FORMS:
        if form.match(text):
            return say(words)
    if any(f" {name} " in text.replace("\t", " ") for name in _FORMS):
        return say("has options before the key; leave them out")
    return _unknown(kind)


def _unknown(kind: str) -> str:
    if "-cert-v0" in kind:
        return say("is a certificate; give the key that it certifies")
    is_named = re.fullmatch(r"[a-z0-9@.-]{1,64}", kind)
    return (
        say("is of the type {kind}", kind=kind)
        if is_named
        else say("begins with {kind}, which is not the type of a key", kind=shown(kind))
    )


def _refused(words: str) -> ValueError:
    return ValueError(say("{words}; allowed: {allowed}", words=words, allowed=say(ALLOWED)))


def _ed25519(parts: Sequence[bytes]) -> str | None:
    is_whole = len(parts) == 1 and len(parts[0]) == ED25519_BYTES
    return None if is_whole else say("does not have the bytes that its type asks for")


def _rsa(parts: Sequence[bytes]) -> str | None:
    if len(parts) != 2 or not all(map(_is_positive, parts)):
        return say("does not have the two numbers that its type asks for")
    exponent, modulus = (int.from_bytes(part, "big") for part in parts)
    if exponent < 3 or not exponent % 2 or not modulus % 2:
        return say("has numbers that no key of its type has")
    bits = modulus.bit_length()
    is_long = MIN_RSA_BITS <= bits <= MAX_RSA_BITS
    return (
        None
        if is_long
        else say("has {bits} bits, and not {least} to {most}", bits=bits, least=MIN_RSA_BITS, most=MAX_RSA_BITS)
    )


def _is_positive(number: bytes) -> bool:
    """Return whether bytes are a number above zero as SSH writes it, without a zero byte that it does not need."""
    return (number[:1] > b"\0" and number[0] < 0x80) or (number[:1] == b"\0" and number[1:2] >= b"\x80")


def _ecdsa(curve: bytes, coordinate: int) -> Callable[[Sequence[bytes]], str | None]:
    def fault(parts: Sequence[bytes]) -> str | None:
        is_whole = len(parts) == 2 and parts[0] == curve and len(parts[1]) == 1 + 2 * coordinate
        return None if is_whole and parts[1][:1] == b"\x04" else say("does not have the point that its type asks for")

    return fault


def _hardware(form: Callable[[Sequence[bytes]], str | None]) -> Callable[[Sequence[bytes]], str | None]:
    """Return the form of a key in hardware: that of the key itself, and the application that it was made for."""

    def fault(parts: Sequence[bytes]) -> str | None:
        return form(parts[:-1]) if parts and parts[-1] else say("does not name the application that it was made for")

    return fault


_P256 = _ecdsa(b"nistp256", 32)
_FORMS: Mapping[str, Callable[[Sequence[bytes]], str | None]] = {
    "ssh-ed25519": _ed25519,
    "ssh-rsa": _rsa,
    "ecdsa-sha2-nistp256": _P256,
    "ecdsa-sha2-nistp384": _ecdsa(b"nistp384", 48),
    "ecdsa-sha2-nistp521": _ecdsa(b"nistp521", 66),
    "sk-ssh-ed25519@openssh.com": _hardware(_ed25519),
    "sk-ecdsa-sha2-nistp256@openssh.com": _hardware(_P256),
}
"""What is wrong with the parts of a key, by its type; None: nothing."""

KINDS = tuple(_FORMS)
"""The types of keys that are allowed."""
