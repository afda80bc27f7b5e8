"""OpenSSH itself: makes keys, signs, and says whether a signature is good."""

import atexit
import subprocess
import tempfile
from functools import cache
from pathlib import Path

NAMESPACE = "accord-decision"
KINDS = ("ed25519", "rsa", "ecdsa-256", "ecdsa-384", "ecdsa-521")


def make_key(path: Path, kind: str, passphrase: str = "") -> Path:
    name, _, bits = kind.partition("-")
    size = ["-b", bits] if bits else ["-b", "2048"] if name == "rsa" else []
    command = ["ssh-keygen", "-q", "-t", name, *size, "-N", passphrase, "-C", "of a test", "-f", str(path)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    return path


def public(path: Path) -> str:
    return Path(f"{path}.pub").read_text()


def fingerprint(path: Path) -> str:
    shown = subprocess.run(["ssh-keygen", "-l", "-f", f"{path}.pub"], capture_output=True, text=True, check=True).stdout
    return shown.split()[1]


def sign(message: bytes, key: Path, namespace: str = NAMESPACE, *options: str) -> str:
    command = ["ssh-keygen", "-Y", "sign", "-q", "-n", namespace, *options, "-f", str(key)]
    return subprocess.run(command, input=message, capture_output=True, check=True).stdout.decode()


def accepts(signature: str, message: bytes, line: str, folder: Path, namespace: str = NAMESPACE) -> bool:
    """Return whether `ssh-keygen -Y verify` calls a signature good, with one signer on the list."""
    (folder / "allowed").write_text(f'cfo namespaces="{NAMESPACE}" {line.strip()}\n')
    (folder / "a.sig").write_bytes(signature.encode("utf-8", "surrogatepass"))
    command = ["ssh-keygen", "-Y", "verify", "-f", str(folder / "allowed"), "-I", "cfo", "-n", namespace]
    done = subprocess.run([*command, "-s", str(folder / "a.sig")], input=message, capture_output=True)
    return done.returncode == 0


@cache
def keys() -> dict[str, tuple[Path, Path]]:
    """Return two keys of each kind, made once in a process."""
    home = tempfile.TemporaryDirectory()
    atexit.register(home.cleanup)
    folder = Path(home.name)
    pairs = {kind: (folder / f"{kind}-1", folder / f"{kind}-2") for kind in KINDS}
    for kind, pair in pairs.items():
        for path in pair:
            make_key(path, kind)
    return pairs
