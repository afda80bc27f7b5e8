"""Signatures and keys written by OpenSSH's description of them (PROTOCOL.sshsig, PROTOCOL.u2f), in software.

It shares nothing with what checks them: hardware keys are made here, and anything that no honest program writes.
"""

import hashlib
import struct
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SK_ED25519, SK_ECDSA = "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"
APPLICATION = b"ssh:"
TOUCHED = 1
GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493
"""The order of the group of Ed25519."""


def text(data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + data


def number(value: int) -> bytes:
    return text(value.to_bytes(value.bit_length() // 8 + 1, "big") if value else b"")


def texts_in(data: bytes) -> list[bytes]:
    found = []
    while data:
        (length,) = struct.unpack(">I", data[:4])
        found.append(data[4 : 4 + length])
        data = data[4 + length :]
    return found


@dataclass(frozen=True)
class Token:
    """A key that lives in hardware, in software."""

    kind: str
    blob: bytes
    make: Callable[[bytes], bytes] = field(repr=False)

    @property
    def line(self) -> str:
        return f"{self.kind} {b64encode(self.blob).decode()}"


def make_token(kind: str) -> Token:
    if kind == SK_ED25519:
        edwards = ed25519.Ed25519PrivateKey.generate()
        public = edwards.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return Token(kind, text(kind.encode()) + text(public) + text(APPLICATION), edwards.sign)
    private = ec.generate_private_key(ec.SECP256R1())
    point = private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    blob = b"".join(map(text, (kind.encode(), b"nistp256", point, APPLICATION)))

    def make(data: bytes) -> bytes:
        return b"".join(map(number, decode_dss_signature(private.sign(data, ec.ECDSA(SHA256())))))

    return Token(kind, blob, make)


@dataclass(frozen=True)
class Parts:
    """What a signature is made of, as it travels."""

    key: bytes
    namespace: bytes
    reserved: bytes
    digest: bytes
    signature: bytes
    magic: bytes = b"SSHSIG"
    version: int = 1
    after: bytes = b""

    def written(self) -> bytes:
        inner = (self.key, self.namespace, self.reserved, self.digest, self.signature)
        return self.magic + struct.pack(">I", self.version) + b"".join(map(text, inner)) + self.after


def parts_of(data: bytes) -> Parts:
    key, namespace, reserved, digest, signature = texts_in(data[10:])
    return Parts(key, namespace, reserved, digest, signature)


def with_value(parts: Parts, value: bytes) -> Parts:
    """Return the parts with another value of the same kind of signature."""
    kind, old = texts_in(parts.signature)[:2] if parts.signature else (b"", b"")
    seal = parts.signature[len(text(kind) + text(old)) :]
    return replace(parts, signature=text(kind) + text(value) + seal)


def signed_by(
    token: Token, message: bytes, namespace: bytes, flags: int = TOUCHED, digest: str = "sha512", counter: int = 7
) -> Parts:
    hashed = hashlib.new(digest, message).digest()
    signed = b"SSHSIG" + b"".join(map(text, (namespace, b"", digest.encode(), hashed)))
    seal = struct.pack(">BI", flags, counter)
    value = token.make(hashlib.sha256(APPLICATION).digest() + seal + hashlib.sha256(signed).digest())
    return Parts(token.blob, namespace, b"", digest.encode(), text(token.kind.encode()) + text(value) + seal)


def armour(data: bytes, width: int = 70, end: str = "\n") -> str:
    encoded = b64encode(data).decode()
    lines = [encoded[at : at + width] for at in range(0, len(encoded), width)]
    return end.join(["-----BEGIN SSH SIGNATURE-----", *lines, "-----END SSH SIGNATURE-----", ""])
