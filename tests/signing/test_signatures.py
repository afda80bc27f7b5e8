"""What a person signs, and the sentence on each signature that is refused."""

import json
import random
from base64 import b64decode
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from nodes.signatures import MAX_SIGNATURE, NAMESPACE, decision_bytes, find_forgery, signer_of
from policies.people.keys import read_key
from tests.signing import openssh
from tests.signing.agreement import SOUND, WAYS, check_seed
from tests.signing.forge import (
    SK_ECDSA,
    SK_ED25519,
    Token,
    armour,
    make_token,
    parts_of,
    signed_by,
    text,
)

pytestmark = pytest.mark.needs("ssh_keygen")

CASES = 240
"""Seeds for agreement with OpenSSH; `make soak` asks for 2,000."""
MESSAGE = b'{"because":"Fine."}'
FIELDS = ("thread", "question", "policy", "facts", "outcome", "because")


@pytest.fixture(params=[SK_ED25519, SK_ECDSA])
def token(request: pytest.FixtureRequest) -> Token:
    return make_token(request.param)


def ed25519() -> tuple[str, str]:
    key = openssh.keys()["ed25519"][0]
    return openssh.sign(MESSAGE, key), openssh.public(key)


# --- what is signed --------------------------------------------------------------------------------------------------


def test_what_is_signed_is_canonical_json_of_all_six_fields() -> None:
    said = {name: f"{name} – é" for name in FIELDS}
    written = decision_bytes(**said)

    assert written == json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@pytest.mark.parametrize("name", FIELDS)
def test_another_value_of_any_field_is_another_message(name: str) -> None:
    said = dict.fromkeys(FIELDS, "x")

    assert decision_bytes(**said) != decision_bytes(**{**said, name: "y"})


def test_hashes_that_are_not_there_are_null() -> None:
    written = decision_bytes(thread="t", question="q", policy=None, facts=None, outcome="go", because="")

    assert json.loads(written)["facts"] is None


# --- whose signature it is -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", openssh.KINDS)
def test_a_signature_by_openssh_is_right_for_its_key_and_message_alone(kind: str) -> None:
    first, second = openssh.keys()[kind]
    signature = openssh.sign(MESSAGE, first)

    assert find_forgery(signature, MESSAGE, openssh.public(first)) is None
    assert find_forgery(signature, MESSAGE + b" ", openssh.public(first)) == (
        "does not fit: something else was signed, or another key signed it"
    )
    assert "was made with a key other than the declared one, SHA256:" in str(
        find_forgery(signature, MESSAGE, openssh.public(second))
    )
    assert signer_of(signature) == str(read_key(openssh.public(first)))


def test_openssh_takes_a_hardware_key_made_in_software_for_one(token: Token, tmp_path: Path) -> None:
    signature = armour(signed_by(token, MESSAGE, NAMESPACE.encode()).written())

    assert openssh.accepts(signature, MESSAGE, token.line, tmp_path)
    assert not openssh.accepts(signature, MESSAGE + b" ", token.line, tmp_path)
    assert find_forgery(signature, MESSAGE, token.line) is None
    assert find_forgery(signature, MESSAGE + b" ", token.line) is not None


@pytest.mark.parametrize("flags", [0, 4])
def test_a_hardware_key_has_to_be_touched(token: Token, flags: int, tmp_path: Path) -> None:
    signature = armour(signed_by(token, MESSAGE, NAMESPACE.encode(), flags=flags).written())

    assert openssh.accepts(signature, MESSAGE, token.line, tmp_path)
    assert str(find_forgery(signature, MESSAGE, token.line)).startswith("was made without a touch of the hardware key")


def test_nobody_can_add_the_touch_later(token: Token) -> None:
    parts = signed_by(token, MESSAGE, NAMESPACE.encode(), flags=0)
    touched = replace(parts, signature=parts.signature[:-5] + b"\1" + parts.signature[-4:])

    assert "does not fit" in str(find_forgery(armour(touched.written()), MESSAGE, token.line))


def test_a_hardware_key_is_of_one_application(token: Token) -> None:
    parts = signed_by(token, MESSAGE, NAMESPACE.encode())
    other = replace(token, blob=token.blob[:-8] + text(b"ssh;"))

    found = find_forgery(armour(replace(parts, key=other.blob).written()), MESSAGE, other.line)
    assert found == "does not fit: something else was signed, or another key signed it"


# --- what is refused -------------------------------------------------------------------------------------------------


def test_a_signature_for_another_purpose_is_refused_by_its_name() -> None:
    key = openssh.keys()["ed25519"][0]

    found = find_forgery(openssh.sign(MESSAGE, key, "git"), MESSAGE, openssh.public(key))
    assert found == "was made for 'git'; allowed: `accord-decision`"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"version": 0}, "is of a version other than 1"),
        ({"version": 2}, "is of a version other than 1"),
        ({"magic": b"SSHSIX"}, "is not a signature of OpenSSH, or was damaged"),
        ({"reserved": b"x"}, "has bytes in its reserved field; allowed: none"),
        ({"digest": b"sha1"}, "has the digest 'sha1'; allowed: sha256 or sha512"),
        ({"after": b"x"}, "is not a signature of OpenSSH, or was damaged"),
        ({"after": text(b"x")}, "is not a signature of OpenSSH, or was damaged"),
        ({"signature": text(b"ssh-rsa") + text(b"x")}, "is of the kind 'ssh-rsa'; allowed of this key: ssh-ed25519"),
        ({"signature": text(b"ssh-ed25519") + text(b"x") + b"x"}, "is not a signature of OpenSSH, or was damaged"),
    ],
)
def test_a_signature_that_no_program_writes_is_refused(changes: dict[str, object], words: str) -> None:
    signature, key = ed25519()
    data = replace(parts_of(decoded(signature)), **changes).written()  # type: ignore[arg-type]

    assert find_forgery(armour(data), MESSAGE, key) == words


def test_rsa_signs_with_sha2_alone() -> None:
    key = openssh.keys()["rsa"][0]
    parts = parts_of(decoded(openssh.sign(MESSAGE, key)))
    old = replace(parts, signature=parts.signature.replace(text(b"rsa-sha2-512"), text(b"ssh-rsa")))

    found = find_forgery(armour(old.written()), MESSAGE, openssh.public(key))
    assert found == "is of the kind 'ssh-rsa'; allowed of this key: rsa-sha2-256 or rsa-sha2-512"


@pytest.mark.parametrize("around", ["more{}", "{}more", " {}", "{}{}", "\ufeff{}"])
def test_nothing_may_be_around_a_signature(around: str) -> None:
    signature, key = ed25519()

    assert "and nothing around it" in str(find_forgery(around.replace("{}", signature), MESSAGE, key))


def test_a_signature_that_is_too_long_is_not_read() -> None:
    words = f"has {MAX_SIGNATURE + 1} characters; allowed: at most {MAX_SIGNATURE}"

    assert find_forgery("x" * (MAX_SIGNATURE + 1), MESSAGE, ed25519()[1]) == words


def test_the_longest_key_that_is_allowed_has_room() -> None:
    data = b"SSHSIG\0\0\0\1" + text(bytes(2_100)) + text(NAMESPACE.encode()) + text(bytes(2_100))

    assert len(armour(data)) < MAX_SIGNATURE


@pytest.mark.parametrize("key", ["", "ssh-dss AAAA", "ssh-ed25519 AAAA", "\ud800"])
def test_a_key_that_is_not_allowed_is_a_sentence(key: str) -> None:
    assert str(find_forgery(ed25519()[0], MESSAGE, key)).startswith("cannot be checked: the key ")


def test_a_signature_that_names_no_key_says_so() -> None:
    with pytest.raises(ValueError, match="is not a signature of OpenSSH"):
        signer_of("x")


def test_a_point_that_is_not_on_the_curve_is_a_sentence() -> None:
    blob = text(b"ecdsa-sha2-nistp256") + text(b"nistp256") + text(b"\4" + bytes(64))
    parts = replace(parts_of(decoded(ed25519()[0])), key=blob)
    value = text(b"ecdsa-sha2-nistp256") + text(text(b"\1") + text(b"\1"))
    line = f"ecdsa-sha2-nistp256 {armour(blob, 999).splitlines()[1]}"

    found = str(find_forgery(armour(replace(parts, signature=value).written()), MESSAGE, line))
    assert found.startswith("cannot be checked: its numbers")


def decoded(signature: str) -> bytes:
    return b64decode(signature.split("-----")[2])


# --- whatever it is given --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_whatever_it_is_given_it_returns_a_sentence(seed: int) -> None:
    dice = random.Random(seed)
    kind = dice.choice(openssh.KINDS)
    signature, key = openssh.sign(MESSAGE, openssh.keys()[kind][0]), openssh.public(openssh.keys()[kind][0])
    data = decoded(signature)
    for _ in range(200):
        given = _damaged(dice, signature, data, key)
        found = find_forgery(*given)
        is_same = (decoded_or_none(given[0]), *given[2].split()[:2]) == (data, *key.split()[:2])  # less its comment
        assert is_same or (found is not None and "\n" not in found and len(found) < 600), given


def decoded_or_none(signature: str) -> bytes | None:
    """Return what a signature holds, wherever its lines end; None where it is not one."""
    try:
        return decoded(signature)
    except (ValueError, IndexError):
        return None


def _damaged(dice: random.Random, signature: str, data: bytes, key: str) -> tuple[str, bytes, str]:
    bent = bytearray(data)
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(bent))
        bent[at : at + dice.choice([0, 1, 4])] = dice.choice([b"", b"\xff", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f"])
    written = [armour(bytes(bent)), "".join(dice.sample(signature, len(signature))), chr(dice.randrange(0x110000))]
    at = dice.randrange(len(key))
    bent_key = key[:at] + chr(dice.choice([0, 10, 32, 43, 65, 0xD800, 0x661, 0x1F600])) + key[at + 1 :]
    return dice.choice(written), MESSAGE, dice.choice([key, key, bent_key])


@pytest.mark.slow
def test_it_agrees_with_openssh_but_where_it_is_stricter(tmp_path: Path) -> None:
    results = Counter(check_seed(seed, tmp_path) for seed in range(CASES))

    assert results["good"] >= CASES // 20
    assert results["refused"] >= CASES // 2
    assert results["stricter: touch"] >= 1
    assert set(SOUND) <= set(WAYS)


def test_the_fingerprint_in_a_sentence_is_that_of_openssh() -> None:
    first, second = openssh.keys()["ed25519"]

    said = str(find_forgery(openssh.sign(MESSAGE, first), MESSAGE, openssh.public(second)))
    assert said.endswith(openssh.fingerprint(second))
