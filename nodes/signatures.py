"""Signatures of people's answers: the bytes that are signed, and whether a signature of OpenSSH's is right.

The check is stricter than `ssh-keygen -Y verify`: `docs/record.md` lists in what.
"""

import hashlib
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import rfc8785
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512

from policies.language import phrase, say
from policies.people.keys import PublicKey, read_blob, read_key
from policies.people.wire import packed, take, take_all
from policies.plain import Plain, shown

NAMESPACE = "accord-decision"
"""What a signature is made for; one that was made for anything else signs no decision."""

MAX_SIGNATURE = 10_000
"""The longest signature that is read, in characters; one of an RSA key of 16,384 bits takes 5,700 of them."""

_MAGIC = b"SSHSIG"
_VERSION = (1).to_bytes(4, "big")
_TOUCHED = 1
_FLAGS_AND_COUNTER = 5
_ARMOUR = re.compile(r"-----BEGIN SSH SIGNATURE-----\n([\w+/=\s]*)\n-----END SSH SIGNATURE-----\s*", re.ASCII)
_DIGESTS = {"sha256": hashlib.sha256, "sha512": hashlib.sha512}
_RSA_HASHES = {"rsa-sha2-256": SHA256(), "rsa-sha2-512": SHA512()}
_CURVES: Mapping[bytes, tuple[ec.EllipticCurve, ec.ECDSA]] = {
    b"nistp256": (ec.SECP256R1(), ec.ECDSA(SHA256())),
    b"nistp384": (ec.SECP384R1(), ec.ECDSA(SHA384())),
    b"nistp521": (ec.SECP521R1(), ec.ECDSA(SHA512())),
}
_BROKEN = phrase("is not a signature of OpenSSH, or was damaged")
_WRONG = phrase("does not fit: something else was signed, or another key signed it")
_UNCHECKED = phrase("cannot be checked: its numbers, or those of its key, are not ones that such a key has")


def decision_bytes(
    *, thread: str, question: str, policy: str | None, facts: str | None, outcome: Plain, because: Plain
) -> bytes:
    """Return what a person signs: an answer and what it answers, as canonical JSON (RFC 8785).

    `policy` and `facts` are the hashes that the thread was pinned to when it asked.

    >>> decision_bytes(thread="t", question="q", policy="p", facts="f", outcome="go", because="Yes.")
    b'{"because":"Yes.","facts":"f","outcome":"go","policy":"p","question":"q","thread":"t"}'
    """
    of = {"thread": thread, "question": question, "policy": policy, "facts": facts}
    return rfc8785.dumps({**of, "outcome": outcome, "because": because})


@dataclass(frozen=True, slots=True)
class _Signature:
    """A signature of the kind SSHSIG, taken apart."""

    key: bytes
    namespace: bytes
    reserved: bytes
    digest: str
    kind: str
    value: bytes
    seal: bytes
    """The flags and the counter of a key in hardware; empty of other keys."""


class _FaultError(Exception):
    """What is wrong with a signature, in words."""


def find_forgery(signature: str, message: bytes, key: str) -> str | None:
    """Return why a signature is not that of this key over this message, as what follows `the signature`; None: it is.

    The key is one line, as `approvers.NAME.key` of a team file has it. What the signature says of its own key counts
    only where it is that one. Whatever it is given, it returns a sentence.
    """
    try:
        declared = read_key(key)
    except ValueError as error:
        return say("cannot be checked: the key {error}", error=error)
    try:
        taken = _taken_apart(signature)
        _check_made_for(taken, declared)
        _check_value(taken, declared, message)
    except _FaultError as fault:
        return str(fault)
    return None


def signer_of(signature: str) -> str:
    """Return the key that a signature names as its own, unchecked, as a team file has it.

    Raises:
        ValueError: it names none, or one that is not allowed; as what follows `the signature`, or its key.
    """
    try:
        return str(read_blob(_taken_apart(signature).key))
    except _FaultError as fault:
        raise ValueError(str(fault)) from None


def _taken_apart(signature: str) -> _Signature:
    data = _dearmoured(signature)
    if data[:6] != _MAGIC:
        raise _FaultError(say(_BROKEN))
    if data[6:10] != _VERSION:
        raise _FaultError(say("is of a version other than 1"))
    try:
        key, namespace, reserved, digest, inner = take_all(data[10:])
        kind, rest = take(inner)
        value, seal = take(rest)
    except ValueError:
        raise _FaultError(say(_BROKEN)) from None
    return _Signature(key, namespace, reserved, _name(digest), _name(kind), value, seal)


def _name(said: bytes) -> str:
    return said.decode("ascii", "replace")


def _dearmoured(signature: str) -> bytes:
    if len(signature) > MAX_SIGNATURE:
        raise _FaultError(
            say("has {count} characters; allowed: at most {most}", count=len(signature), most=MAX_SIGNATURE)
        )
    found = _ARMOUR.fullmatch(signature)
    if found is None:
        raise _FaultError(
            say(
                "{fault}; allowed: the text that `ssh-keygen -Y sign` writes, and nothing around it", fault=say(_BROKEN)
            )
        )
    text = re.sub(r"\s", "", found[1], flags=re.ASCII)
    try:
        data = b64decode(text, validate=True)
    except ValueError:
        raise _FaultError(say(_BROKEN)) from None
    if b64encode(data).decode() != text:
        raise _FaultError(say(_BROKEN))
    return data


def _check_made_for(taken: _Signature, declared: PublicKey) -> None:
    """Refuse a signature by what it says of itself: its key, what it was made for, and how."""
    if taken.key != declared.blob:
        raise _FaultError(say("was made with a key other than the declared one, {print}", print=_print(declared.blob)))
    if taken.namespace != NAMESPACE.encode():
        said = shown(taken.namespace.decode("utf-8", "replace"))
        raise _FaultError(say("was made for {said}; allowed: `{namespace}`", said=said, namespace=NAMESPACE))
    if taken.reserved:
        raise _FaultError(say("has bytes in its reserved field; allowed: none"))
    if taken.digest not in _DIGESTS:
        raise _FaultError(say("has the digest {digest}; allowed: sha256 or sha512", digest=shown(taken.digest)))
    kinds = tuple(_RSA_HASHES) if declared.kind == "ssh-rsa" else (declared.kind,)
    if taken.kind not in kinds:
        raise _FaultError(
            say(
                "is of the kind {kind}; allowed of this key: {kinds}",
                kind=shown(taken.kind),
                kinds=say(" or ").join(kinds),
            )
        )
    _check_touched(taken, declared)


def _check_touched(taken: _Signature, declared: PublicKey) -> None:
    if len(taken.seal) != (_FLAGS_AND_COUNTER if declared.is_hardware else 0):
        raise _FaultError(say(_BROKEN))
    if declared.is_hardware and not taken.seal[0] & _TOUCHED:
        raise _FaultError(
            say(
                "was made without a touch of the hardware key, so any program on that machine could have made "
                "it; make a key without `-O no-touch-required`, and declare that one"
            )
        )


def _print(blob: bytes) -> str:
    """Return the fingerprint of a key, as `ssh-keygen -l` shows it."""
    return f"SHA256:{b64encode(hashlib.sha256(blob).digest()).decode().rstrip('=')}"


def _check_value(taken: _Signature, declared: PublicKey, message: bytes) -> None:
    digest = _DIGESTS[taken.digest](message).digest()
    signed = _MAGIC + packed(taken.namespace, b"", taken.digest.encode(), digest)
    parts = declared.parts
    if declared.is_hardware:
        signed = _sealed(parts[-1], taken.seal, signed)
        parts = parts[:-1]
    try:
        _VERIFIERS[declared.kind.removeprefix("sk-").removesuffix("@openssh.com")](parts, taken, signed)
    except InvalidSignature:
        raise _FaultError(say(_WRONG)) from None
    except (ValueError, UnsupportedAlgorithm):
        raise _FaultError(say(_UNCHECKED)) from None


def _sealed(application: bytes, seal: bytes, signed: bytes) -> bytes:
    """Return what a key in hardware signs."""
    return hashlib.sha256(application).digest() + seal + hashlib.sha256(signed).digest()


def _verify_ed25519(parts: tuple[bytes, ...], taken: _Signature, signed: bytes) -> None:
    Ed25519PublicKey.from_public_bytes(parts[0]).verify(taken.value, signed)


def _verify_rsa(parts: tuple[bytes, ...], taken: _Signature, signed: bytes) -> None:
    exponent, modulus = (int.from_bytes(part, "big") for part in parts)
    key = rsa.RSAPublicNumbers(exponent, modulus).public_key()
    value = taken.value.rjust((modulus.bit_length() + 7) // 8, b"\0")  # some agents leave out zeros at the front
    key.verify(value, signed, padding.PKCS1v15(), _RSA_HASHES[taken.kind])


def _verify_ecdsa(parts: tuple[bytes, ...], taken: _Signature, signed: bytes) -> None:
    curve, algorithm = _CURVES[parts[0]]
    key = ec.EllipticCurvePublicKey.from_encoded_point(curve, parts[1])
    numbers = take_all(taken.value)
    if len(numbers) != 2 or any(number[:1] >= b"\x80" for number in numbers):
        raise ValueError("not two positive numbers")
    first, second = (int.from_bytes(number, "big") for number in numbers)
    key.verify(encode_dss_signature(first, second), signed, algorithm)


_Verifier = Callable[[tuple[bytes, ...], _Signature, bytes], None]
_VERIFIERS: Mapping[str, _Verifier] = {
    "ssh-ed25519": _verify_ed25519,
    "ssh-rsa": _verify_rsa,
    **dict.fromkeys(("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"), _verify_ecdsa),
}
"""How the value of a signature is checked, by the type of its key; raises `InvalidSignature` or `ValueError`."""
