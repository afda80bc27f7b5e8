"""Public keys: the lines that are read, and the sentence on each that is refused."""

import random
from base64 import b64encode

import pytest

from policies.people.keys import ALLOWED, KINDS, MAX_LINE, read_blob, read_key
from policies.people.wire import packed, take, take_all

POINT = b"\x04" + bytes(range(1, 65))
MODULUS = b"\0" + b"\xc1" * 256
EXPONENT = b"\x01\x00\x01"
SK = b"sk-ssh-ed25519@openssh.com"
SK_ECDSA = b"sk-ecdsa-sha2-nistp256@openssh.com"
BLOBS = {
    "ssh-ed25519": packed(b"ssh-ed25519", bytes(32)),
    "ssh-rsa": packed(b"ssh-rsa", EXPONENT, MODULUS),
    "ecdsa-sha2-nistp256": packed(b"ecdsa-sha2-nistp256", b"nistp256", POINT),
    "ecdsa-sha2-nistp384": packed(b"ecdsa-sha2-nistp384", b"nistp384", b"\x04" + bytes(96)),
    "ecdsa-sha2-nistp521": packed(b"ecdsa-sha2-nistp521", b"nistp521", b"\x04" + bytes(132)),
    SK.decode(): packed(SK, bytes(32), b"ssh:"),
    SK_ECDSA.decode(): packed(SK_ECDSA, b"nistp256", POINT, b"ssh:"),
}
ED = BLOBS["ssh-ed25519"]


def line(blob: bytes, kind: str = "ssh-ed25519", after: str = "") -> str:
    return f"{kind} {b64encode(blob).decode()}{after}"


def test_the_allowed_types_are_those_that_the_sentence_names() -> None:
    assert set(KINDS) == set(BLOBS)
    assert all(kind in ALLOWED for kind in KINDS)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", ["{}", "{} me@desk", "  {}\r\n", "{}\tan old key of mine\n"])
def test_a_key_is_its_type_and_base64(kind: str, form: str) -> None:
    key = read_key(form.format(line(BLOBS[kind], kind)))

    assert str(key) == line(BLOBS[kind], kind)
    assert (key.kind, key.blob, key.is_hardware) == (kind, BLOBS[kind], kind.startswith("sk-"))
    assert packed(kind.encode(), *key.parts) == key.blob
    assert read_blob(key.blob) == key


def test_words_between_type_and_key_may_be_separated_by_any_spaces() -> None:
    assert str(read_key(f"ssh-ed25519 \t {b64encode(ED).decode()} me")) == line(ED)


BASE = b64encode(ED).decode()
REFUSED = {
    "": "has no key",
    " \n": "has no key",
    f"# {line(ED)}": "has no key",
    f"{line(ED)}\n{line(ED)}": "has several lines",
    f"{line(ED)}\r{line(ED)}": "has several lines",
    "x" * (MAX_LINE + 1): f"has {MAX_LINE + 1} characters; at most {MAX_LINE} are read",
    "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n": "is a private key",
    "-----BEGIN RSA PRIVATE KEY-----": "is a private key",
    "---- BEGIN SSH2 PUBLIC KEY ----": "is a key in a form other than OpenSSH's",
    "-----BEGIN PUBLIC KEY-----": "is a key in a form other than OpenSSH's",
    "SHA256:abc": "is a fingerprint",
    "ssh-dss AAAA": "is of the type ssh-dss",
    "ssh-ed448 AAAA": "is of the type ssh-ed448",
    "ssh-ed25519-cert-v01@openssh.com AAAA": "is a certificate; give the key that it certifies",
    f'no-pty,command="sh" {line(ED)}': "has options before the key",
    f"cfo\t{line(ED)}": "has options before the key",
    BASE: "begins with 'AAAA",
    "ssh-ed25519": "has nothing after `ssh-ed25519`",
    f"ssh-ed25519 {BASE[:-1]}": "has something other than base64",
    f"ssh-ed25519 {BASE}=": "has something other than base64",
    f"ssh-ed25519 {BASE[:9]}*{BASE[9:]}": "has something other than base64",
    f"ssh-ed25519 {BASE[:-2]}\u00a0 {BASE[-2:]}": "has something other than base64",
    "ssh-ed25519 AB==": "has something other than base64",
    line(ED, "ssh-rsa"): "says ssh-rsa and is of the type ssh-ed25519",
    line(ED[:-1]): "is not the bytes of a key",
    line(ED + b"\0"): "is not the bytes of a key",
    line(b"\0"): "is not the bytes of a key",
    line(ED + packed(b"more")): "does not have the bytes that its type asks for",
    line(packed(b"ssh-ed25519", bytes(31))): "does not have the bytes that its type asks for",
    line(packed(b"ssh-ed25519")): "does not have the bytes that its type asks for",
    line(packed(b"ssh-dss", b"1")): "is of the type ssh-dss",
    line(packed(b"ssh-ed25519-cert-v01@openssh.com") + bytes(9)): "is a certificate",
    line(packed(b"ssh-rsa", EXPONENT), "ssh-rsa"): "does not have the two numbers",
    line(packed(b"ssh-rsa", b"", MODULUS), "ssh-rsa"): "does not have the two numbers",
    line(packed(b"ssh-rsa", EXPONENT, MODULUS[1:]), "ssh-rsa"): "does not have the two numbers",
    line(packed(b"ssh-rsa", b"\0\x03", MODULUS), "ssh-rsa"): "does not have the two numbers",
    line(packed(b"ssh-rsa", b"\0", MODULUS), "ssh-rsa"): "does not have the two numbers",
    line(packed(b"ssh-rsa", b"\x01", MODULUS), "ssh-rsa"): "has numbers that no key of its type has",
    line(packed(b"ssh-rsa", b"\x04", MODULUS), "ssh-rsa"): "has numbers that no key of its type has",
    line(packed(b"ssh-rsa", b"\x03", MODULUS[:-1] + b"\x02"), "ssh-rsa"): "has numbers that no key of its type has",
    line(packed(b"ssh-rsa", EXPONENT, b"\x7f" + MODULUS[2:]), "ssh-rsa"): "has 2047 bits, and not 2048 to 16384",
    line(packed(b"ssh-rsa", EXPONENT, b"\x01" + b"\xc1" * 2048), "ssh-rsa"): "has 16385 bits, and not 2048 to 16384",
    line(packed(b"ecdsa-sha2-nistp256", b"nistp384", POINT), "ecdsa-sha2-nistp256"): "does not have the point",
    line(packed(b"ecdsa-sha2-nistp256", b"nistp256", POINT[:-1]), "ecdsa-sha2-nistp256"): "does not have the point",
    line(packed(b"ecdsa-sha2-nistp256", b"nistp256", b"\x02" + POINT[1:]), "ecdsa-sha2-nistp256"): "does not have",
    line(packed(b"ecdsa-sha2-nistp256", b"nistp256"), "ecdsa-sha2-nistp256"): "does not have the point",
    line(packed(SK, bytes(32)), SK.decode()): "does not have the bytes",
    line(packed(SK), SK.decode()): "does not name the application",
    line(packed(SK, bytes(32), b""), SK.decode()): "does not name the application",
    line(packed(SK, bytes(31), b"ssh:"), SK.decode()): "does not have the bytes",
    line(packed(SK_ECDSA, b"nistp256", POINT), SK_ECDSA.decode()): "does not have the point",
}


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: text[:40])
def test_what_is_refused_says_why_and_what_is_allowed(text: str) -> None:
    with pytest.raises(ValueError, match="; allowed: one line") as error:
        read_key(text)

    assert str(error.value).startswith(REFUSED[text])
    assert len(str(error.value)) < 500


def test_the_sentence_on_a_private_key_does_not_repeat_it() -> None:
    with pytest.raises(ValueError, match="is a private key") as error:
        read_key("-----BEGIN OPENSSH PRIVATE KEY-----\nsecret\n-----END OPENSSH PRIVATE KEY-----")

    assert "secret" not in str(error.value)


def test_a_number_may_be_as_long_as_its_sign_asks_for() -> None:
    assert read_key(line(packed(b"ssh-rsa", b"\x03", b"\x01" + b"\xc1" * 256), "ssh-rsa"))
    assert read_key(line(packed(b"ssh-rsa", b"\x03", b"\0\xc1" + b"\xc1" * 2047), "ssh-rsa"))


@pytest.mark.parametrize("seed", range(300))
def test_a_damaged_key_is_read_or_refused_in_a_sentence(seed: int) -> None:
    dice = random.Random(seed)
    kind = dice.choice(KINDS)
    damaged = bytearray(BLOBS[kind])
    for _ in range(dice.randint(1, 3)):
        damaged[dice.randrange(len(damaged))] ^= 1 << dice.randrange(8)
    try:
        key = read_blob(bytes(damaged[: dice.choice([len(damaged), dice.randrange(len(damaged) + 1)])]))
    except ValueError as error:
        assert "; allowed: " in str(error)  # noqa: PT017
    else:
        assert key.kind in KINDS


def test_texts_are_taken_as_they_were_packed() -> None:
    assert take_all(packed(b"", b"a", b"bc")) == [b"", b"a", b"bc"]
    assert take(packed(b"a") + b"b") == (b"a", b"b")
    for cut in (b"\0\0\0", b"\0\0\0\2a", b"\xff\xff\xff\xff"):
        with pytest.raises(ValueError, match="ends too early"):
            take(cut)
