"""An answer is signed by `ssh-keygen`, or a sentence says what to do; it never waits for nobody."""

import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from graph.problems import UsageError
from graph.signing import sign
from nodes.signatures import find_forgery
from tests.signing import openssh
from tests.test_house import ROOT

pytestmark = pytest.mark.needs("ssh_keygen")

MESSAGE = b'{"because":"Fine."}'
Program = Callable[[str], None]


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return openssh.make_key(tmp_path / "key", "ed25519")


@pytest.fixture
def locked(tmp_path: Path) -> Path:
    return openssh.make_key(tmp_path / "locked", "ed25519", "secret")


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Puts a script in the place of `ssh-keygen`."""

    def write(script: str) -> None:
        place = tmp_path / "programs" / "ssh-keygen"
        place.parent.mkdir()
        place.write_text(f"#!/bin/sh\n{script}\n")
        place.chmod(0o755)
        monkeypatch.setenv("PATH", f"{place.parent}:{os.environ['PATH']}")

    return write


@pytest.fixture
def agent(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    started = subprocess.run(["ssh-agent", "-s"], capture_output=True, text=True, check=True).stdout
    said = dict(re.findall(r"(SSH_\w+)=([^;]+);", started))
    monkeypatch.setenv("SSH_AUTH_SOCK", said["SSH_AUTH_SOCK"])
    yield
    os.kill(int(said["SSH_AGENT_PID"]), 15)


def refused(key_file: Path, seconds: float = 20) -> str:
    with pytest.raises(UsageError) as error:
        sign(MESSAGE, key_file, seconds)
    (sentence,) = error.value.problems
    return sentence.removeprefix(f"{key_file}: ")


@pytest.mark.parametrize("kind", openssh.KINDS)
def test_each_kind_of_key_signs(kind: str) -> None:
    path = openssh.keys()[kind][0]

    assert find_forgery(sign(MESSAGE, path), MESSAGE, openssh.public(path)) is None


def test_a_public_key_signs_where_its_private_key_is_next_to_it(key: Path) -> None:
    assert sign(MESSAGE, key.with_suffix(".pub")) == sign(MESSAGE, key)


@pytest.mark.usefixtures("agent")
def test_a_public_key_signs_where_an_agent_has_its_private_key(key: Path) -> None:
    subprocess.run(["ssh-add", "-q", key], check=True)
    key.unlink()

    signature = sign(MESSAGE, key.with_suffix(".pub"))
    assert find_forgery(signature, MESSAGE, openssh.public(key)) is None


def test_a_public_key_alone_signs_nothing(key: Path) -> None:
    key.unlink()

    assert refused(key.with_suffix(".pub")).endswith("nor in an agent; run `ssh-add` first")


def test_nobody_is_asked_for_a_passphrase_without_a_terminal(
    locked: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked = tmp_path / "asked"
    window = tmp_path / "window"
    window.write_text(f"#!/bin/sh\ntouch {asked}\nsleep 60\n")
    window.chmod(0o755)
    for name, value in {"SSH_ASKPASS": str(window), "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": ":0"}.items():
        monkeypatch.setenv(name, value)
    started = time.monotonic()

    assert refused(locked).startswith("the passphrase is wrong, or nobody could type it; sign at a terminal")
    assert time.monotonic() - started < 10
    assert not asked.exists()


@pytest.mark.slow
@pytest.mark.parametrize(("typed", "said"), [(b"secret\n", b"BEGIN SSH SIGNATURE"), (b"wrong\n", b"UsageError")])
def test_at_a_terminal_the_passphrase_is_asked_for_there(locked: Path, typed: bytes, said: bytes) -> None:
    script = (
        "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); from pathlib import Path; "
        f"from graph.signing import sign; print(sign(b'm', Path({str(locked)!r})))"
    )
    terminal, inner = pty.openpty()
    command = [sys.executable, "-c", script]
    with subprocess.Popen(command, cwd=ROOT, start_new_session=True, stdin=inner, stdout=inner, stderr=inner):
        os.close(inner)
        read_until(terminal, b"passphrase")
        os.write(terminal, typed)
        assert said in read_until(terminal, said)
        os.close(terminal)


def read_until(terminal: int, wanted: bytes) -> bytes:
    read = b""
    while wanted not in read:
        assert select.select([terminal], [], [], 30)[0], read
        read += os.read(terminal, 4_096)
    return read


@pytest.mark.slow
@pytest.mark.parametrize("script", ["exec sleep 60", "trap '' TERM; while :; do sleep 1; done", "sleep 60 & wait"])
def test_a_program_that_hangs_is_ended_in_time(key: Path, program: Program, script: str) -> None:
    program(script)
    started = time.monotonic()

    assert refused(key, 0.3) == (
        "there was no signature within 0.3 seconds; type the passphrase, or touch the key, and try again"
    )
    assert time.monotonic() - started < 10


def test_without_the_program_a_sentence_says_what_to_install(key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(key.parent))

    assert refused(key) == "there is no `ssh-keygen`, which makes signatures; install OpenSSH"


def test_a_program_that_may_not_run_is_a_sentence(key: Path, program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    program("exit 0")
    (key.parent / "programs" / "ssh-keygen").write_bytes(b"\x7fELF")
    monkeypatch.setenv("PATH", str(key.parent / "programs"))

    assert refused(key).startswith("`ssh-keygen` cannot be run: ")


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo 'unknown option -- Y' >&2; exit 1", "is too old; install OpenSSH 8.1 or later"),
        ("echo 'Signing x failed: device not found' >&2; exit 255", "plug it in and try again"),
        ("printf 'a\\033[2Jb\\nc' >&2; exit 3", "`ssh-keygen` made no signature: a\ufffd[2Jb c"),
        ("exit 3", "`ssh-keygen` made no signature: it said nothing"),
        ("head -c 100000 /dev/zero | tr '\\0' x >&2; exit 3", "x" * 300),
        ("echo nonsense", "the key is not a signature of OpenSSH, or was damaged; allowed: "),
        ("printf '\\377'", "the key is not a signature of OpenSSH"),
    ],
)
def test_whatever_the_program_says_is_a_sentence(key: Path, program: Program, script: str, said: str) -> None:
    program(script)

    assert said in refused(key)


def test_a_signature_over_something_else_is_refused(key: Path, program: Program, tmp_path: Path) -> None:
    (tmp_path / "other").write_text(openssh.sign(b"other", key))
    program(f"cat {tmp_path / 'other'}")

    assert refused(key).startswith("the signature does not fit")


def test_a_file_that_is_not_a_key_is_a_sentence(key: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").touch(0o600)
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")

    assert refused(tmp_path / "none") == "there is no such file; name your private key, or its `.pub` file"
    assert refused(tmp_path / "folder") == "is not a file; name your private key, or its `.pub` file"
    assert refused(tmp_path / "pipe") == "is not a file; name your private key, or its `.pub` file"
    assert refused(tmp_path / ("x" * 300)).startswith("cannot be read: File name too long")
    assert "`ssh-keygen -y -f " in refused(tmp_path / "empty")


def test_a_private_key_that_others_may_read_is_not_used(key: Path) -> None:
    key.chmod(0o644)

    assert refused(key) == f"others may read this private key; run `chmod 600 {key}`"


def test_a_file_that_may_not_be_read_is_a_sentence(key: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graph.signing.os.access", lambda path, mode: False)

    assert refused(key) == "you may not read it; name a key of your own"


def test_a_key_of_a_type_that_no_team_may_declare_is_refused(tmp_path: Path) -> None:
    small = tmp_path / "small"
    subprocess.run(["ssh-keygen", "-q", "-t", "rsa", "-b", "1024", "-N", "", "-f", small], check=True)

    assert refused(small).startswith("the key has 1024 bits, and not 2048 to 16384; allowed: ")


def test_a_certificate_is_refused(key: Path, tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-s", key, "-I", "x", key.with_suffix(".pub")], check=True)

    assert refused(tmp_path / "key-cert.pub").startswith("the key is a certificate; give the key that it certifies")
