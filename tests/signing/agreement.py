"""Agreement: our check and `ssh-keygen -Y verify` on the same signature, over seeded cases.

Both say the same, but for the rules in which `docs/record.md` calls ours stricter. Which of these a signature breaks is
read from its bytes here.
"""

import hashlib
import json
import random
from base64 import b64decode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from nodes.signatures import decision_bytes, find_forgery
from tests.signing import openssh
from tests.signing.forge import (
    GROUP_ORDER,
    SK_ECDSA,
    SK_ED25519,
    Parts,
    Token,
    armour,
    make_token,
    number,
    parts_of,
    signed_by,
    text,
    texts_in,
    with_value,
)

KINDS = (*openssh.KINDS, SK_ED25519, SK_ECDSA)
BEGIN, END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"


@dataclass(frozen=True)
class Case:
    """A signature, what it is checked against, and the key."""

    signature: str
    message: bytes
    key: str

    @property
    def data(self) -> bytes:
        """The bytes within the armour."""
        return b64decode(self.signature.removeprefix(BEGIN).partition(END)[0])


@cache
def tokens() -> Mapping[str, tuple[Token, Token]]:
    return {kind: (make_token(kind), make_token(kind)) for kind in (SK_ED25519, SK_ECDSA)}


def _decision(dice: random.Random) -> dict[str, str]:
    hashes = {name: hashlib.sha256(dice.randbytes(8)).hexdigest() for name in ("policy", "facts")}
    because = dice.choice(["Fine.", "Zu spät – 3 €.", '"Q"\n', "é" * dice.randrange(400)])
    outcome = dice.choice(["go", "go_with_caution", "no_go", "again", "stop"])
    return {"thread": f"t{dice.randrange(99)}", "question": f"q{dice.randrange(99)}", "outcome": outcome} | {
        "because": because,
        **hashes,
    }


def _signed(dice: random.Random, kind: str, message: bytes, which: int = 0, namespace: str = "") -> tuple[str, str]:
    """Return a signature by one of the two keys of a kind, and the line of that key."""
    namespace = namespace or openssh.NAMESPACE
    digest = dice.choice(["sha256", "sha512"])
    if kind in tokens():
        token = tokens()[kind][which]
        flags = dice.choice([1, 1, 1, 5, 0, 4])
        return armour(signed_by(token, message, namespace.encode(), flags, digest).written()), token.line
    key = openssh.keys()[kind][which]
    return openssh.sign(message, key, namespace, "-O", f"hashalg={digest}"), openssh.public(key)


def check_seed(seed: int, folder: Path) -> str:
    """Return what both say of one case in a word.

    Raises:
        AssertionError: one accepts what the other refuses, and no rule of ours says why.
    """
    dice = random.Random(seed)
    kind, way = dice.choice(KINDS), dice.choice(list(WAYS))
    decision = _decision(dice)
    message = decision_bytes(**decision)
    assert json.loads(message) == decision
    case = WAYS[way](dice, kind, Case(*_swapped(*_signed(dice, kind, message), message)), decision)
    fault = find_forgery(case.signature, case.message, case.key)
    theirs = openssh.accepts(case.signature, case.message, case.key, folder)
    story = f"seed {seed}: {kind}, {way}: ours: {fault or 'good'}; ssh-keygen: {'good' if theirs else 'refused'}"
    assert fault is None or (fault and len(fault) < 500 and "\n" not in fault), story
    if theirs and fault is not None:
        rules = stricter(case)
        assert rules, story
        return f"stricter: {rules[0]}"
    assert theirs == (fault is None), story
    assert theirs or way not in SOUND or kind in tokens(), story
    return "good" if theirs else "refused"


def _swapped(signature: str, key: str, message: bytes) -> tuple[str, bytes, str]:
    return signature, message, key


# --- the rules in which ours is stricter, read from the bytes --------------------------------------------------------


def stricter(case: Case) -> list[str]:
    """Return the rules that a signature which OpenSSH accepts breaks of ours."""
    parts = parts_of(case.data)
    kind, value = texts_in(parts.signature[: len(parts.signature) - (5 if b"sk-" in parts.key[:8] else 0)])
    return [
        name
        for name, is_broken in {
            "touch": kind.startswith(b"sk-") and not parts.signature[-5] & 1,
            "version": case.data[6:10] != b"\0\0\0\1",
            "reserved": bool(parts.reserved),
            "names": parts.namespace.endswith(b"\0"),
            "after": bool(case.signature.partition(END)[2].strip()),
            "key": parts.key != b64decode(case.key.split()[1]),
            "reduced": b"ed25519" in kind and int.from_bytes(value[32:], "little") >= GROUP_ORDER,
        }.items()
        if is_broken
    ]


# --- what is done to a signature -------------------------------------------------------------------------------------

Way = Callable[[random.Random, str, Case, Mapping[str, str]], Case]


def _same(dice: random.Random, kind: str, case: Case, decision: Mapping[str, str]) -> Case:
    return case


def _changed_message(name: str) -> Way:
    def change(dice: random.Random, kind: str, case: Case, decision: Mapping[str, str]) -> Case:
        return replace(case, message=decision_bytes(**{**decision, name: f"{decision[name]}x"}))

    return change


def _another_namespace(dice: random.Random, kind: str, case: Case, decision: Mapping[str, str]) -> Case:
    namespace = dice.choice(["git", "file", "accord", "accord-decisions", "Accord-decision"])
    return replace(case, signature=_signed(dice, kind, case.message, namespace=namespace)[0])


def _renamed(dice: random.Random, kind: str, case: Case, decision: Mapping[str, str]) -> Case:
    signature, _ = _signed(dice, kind, case.message, namespace="git")
    return _rewritten(replace(case, signature=signature), namespace=openssh.NAMESPACE.encode())


def _another_key(dice: random.Random, kind: str, case: Case, decision: Mapping[str, str]) -> Case:
    return replace(case, signature=_signed(dice, dice.choice([kind, *KINDS]), case.message, which=1)[0])


def _another_key_under_its_name(dice: random.Random, kind: str, case: Case, decision: Mapping[str, str]) -> Case:
    other = _another_key(dice, kind, case, decision)
    return _rewritten(other, key=parts_of(case.data).key)


def _flipped_text(dice: random.Random, kind: str, case: Case, decision: Mapping[str, str]) -> Case:
    data = bytearray(case.signature.encode())
    data[dice.randrange(len(data))] ^= 1 << dice.randrange(7)
    return replace(case, signature=data.decode())


def _flipped_bytes(dice: random.Random, kind: str, case: Case, decision: Mapping[str, str]) -> Case:
    data = bytearray(case.data)
    for _ in range(dice.choice([1, 1, 2])):
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    return replace(case, signature=armour(bytes(data)))


def _flipped_message(dice: random.Random, kind: str, case: Case, decision: Mapping[str, str]) -> Case:
    data = bytearray(case.message)
    data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
    return replace(case, message=bytes(data))


def _cut_text(dice: random.Random, kind: str, case: Case, decision: Mapping[str, str]) -> Case:
    return replace(case, signature=case.signature[: dice.randrange(len(case.signature))])


def _cut_bytes(dice: random.Random, kind: str, case: Case, decision: Mapping[str, str]) -> Case:
    return replace(case, signature=armour(case.data[: dice.randrange(len(case.data))]))


def _armoured_anew(dice: random.Random, kind: str, case: Case, decision: Mapping[str, str]) -> Case:
    return replace(
        case, signature=armour(case.data, dice.choice([1, 64, 76, 9_999]), dice.choice(["\n", "\n\n", "\r\n"]))
    )


def _spaced(dice: random.Random, kind: str, case: Case, decision: Mapping[str, str]) -> Case:
    at = dice.randrange(len(BEGIN), case.signature.index(END) - 1)
    space = dice.choice([" ", "\t", "\r", "\v", "\f", "\u00a0", "\0", "=", "-"])
    return replace(case, signature=case.signature[:at] + space + case.signature[at:])


def _framed(dice: random.Random, kind: str, case: Case, decision: Mapping[str, str]) -> Case:
    before, after = dice.choice([("", "more"), (" ", ""), ("more\n", ""), ("", "\n\n"), ("", case.signature)])
    return replace(case, signature=f"{before}{case.signature}{after}")


def _with_bytes_behind(dice: random.Random, kind: str, case: Case, decision: Mapping[str, str]) -> Case:
    return replace(case, signature=armour(case.data + dice.choice([b"\0", b"more", text(b""), text(b"more")])))


def _rewritten(case: Case, **changes: bytes | int) -> Case:
    return replace(case, signature=armour(replace(parts_of(case.data), **changes).written()))  # type: ignore[arg-type]


FIELDS: Sequence[tuple[str, Sequence[bytes | int]]] = (
    ("reserved", [b"x", b"\0"]),
    ("version", [0, 2, 1 << 24]),
    ("magic", [b"SSHSIH", b"sshsig"]),
    ("digest", [b"sha1", b"sha384", b"SHA512", b"md5", b"", b"sha256\0"]),
    ("namespace", [b"", b"accord-decision\0", b"git"]),
    ("key", [b"", text(b"ssh-ed25519"), text(b"ssh-dss")]),
    ("signature", [b"", text(b"ssh-rsa"), text(b"ssh-ed25519") + text(b"")]),
)


def _with_a_field(dice: random.Random, kind: str, case: Case, decision: Mapping[str, str]) -> Case:
    field, values = dice.choice(FIELDS)
    return _rewritten(case, **{field: dice.choice(values)})


def _of_another_kind(dice: random.Random, kind: str, case: Case, decision: Mapping[str, str]) -> Case:
    parts = parts_of(case.data)
    named, value = texts_in(parts.signature)[:2] if kind not in tokens() else (kind.encode(), b"")
    other = dice.choice([b"ssh-rsa", b"rsa-sha2-256", b"rsa-sha2-512", b"ssh-ed25519", b"ecdsa-sha2-nistp384", b"none"])
    if kind in tokens():
        return _rewritten(case, signature=text(other) + parts.signature[len(text(named)) :])
    return _rewritten(case, signature=text(other) + text(value))


def _written_otherwise(dice: random.Random, kind: str, case: Case, decision: Mapping[str, str]) -> Case:
    """Write the same numbers in another way, or others that a careless check takes for the same."""
    parts = parts_of(case.data)
    value = texts_in(parts.signature[: len(parts.signature) - 5] if kind in tokens() else parts.signature)[1]
    if "ed25519" in kind:
        high = int.from_bytes(value[32:], "little") + GROUP_ORDER
        return _of(case, parts, dice.choice([value[:32] + high.to_bytes(32, "little"), value + b"\0", value[:-1]]))
    if kind == "rsa":
        return _of(case, parts, dice.choice([b"\0" + value, value[:-1], value + b"\0"]))
    first, second = texts_in(value)
    zeros = text(b"\0" * dice.randint(1, 4) + first) + text(second)
    return _of(case, parts, dice.choice([zeros, number(0) + number(0), value + text(b""), text(first), value[:-1]]))


def _of(case: Case, parts: Parts, value: bytes) -> Case:
    if b"sk-" in parts.key[:8]:
        seal = parts.signature[-5:]
        parts = replace(with_value(replace(parts, signature=parts.signature[:-5]), value))
        return replace(case, signature=armour(replace(parts, signature=parts.signature + seal).written()))
    return replace(case, signature=armour(with_value(parts, value).written()))


WAYS: Mapping[str, Way] = {
    "as it is": _same,
    "another outcome": _changed_message("outcome"),
    "moved to another thread": _changed_message("thread"),
    "moved to another question": _changed_message("question"),
    "of other facts": _changed_message("facts"),
    "of another policy": _changed_message("policy"),
    "another reason": _changed_message("because"),
    "for another purpose": _another_namespace,
    "for another purpose, renamed": _renamed,
    "by another key": _another_key,
    "by another key under its name": _another_key_under_its_name,
    "a bit of the text": _flipped_text,
    "a bit of the bytes": _flipped_bytes,
    "a bit of the message": _flipped_message,
    "cut text": _cut_text,
    "cut bytes": _cut_bytes,
    "armoured anew": _armoured_anew,
    "a character within": _spaced,
    "something around it": _framed,
    "bytes behind": _with_bytes_behind,
    "another field": _with_a_field,
    "of another kind": _of_another_kind,
    "written otherwise": _written_otherwise,
}
"""What is done to a good signature before both are asked."""

SOUND = ("as it is",)
"""What leaves a signature good."""
