"""The addresses of receivers in accord.toml: which are taken, what is refused, and that none is ever shown whole."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from graph.endpoints import load_notify
from graph.problems import UsageError
from graph.receivers import OTHER_NAMES, SERVICES, Receiver
from tests.harness import settings_at

SECRET = "hunter2"
ADDRESSES = {
    f"mailtos://me:{SECRET}@mail.example.org:587?to=cfo@example.org": "mailtos://mail.example.org:587/…",
    f"mailto://example.org/{SECRET}@example.org": "mailto://…",
    f"jsons://me:{SECRET}@hooks.example.org/{SECRET}?+Authorization={SECRET}": "jsons://hooks.example.org/…",
    f"JSON://[::1]:8080/{SECRET}": "json://[::1]:8080/…",
    f"slack://{SECRET}A1/{SECRET}B2/{SECRET}C3/#ops": "slack://…",
    f"tgram://123:{SECRET}/456": "tgram://…",
    f"ntfy://{SECRET}": "ntfy://…",
    f"mmosts://chat.example.org/{SECRET}": "mmosts://chat.example.org/…",
}
REFUSED = {
    "": "is not the address of a receiver",
    SECRET: "is not the address of a receiver",
    f"jsons//{SECRET}": "is not the address of a receiver",
    "jsons://": "ends after `://`",
    f"jsons://h/{SECRET} x": "has a character that an address cannot have",
    f"jsons://h/{SECRET}\n": "has a character that an address cannot have",
    f"jsons://h/{SECRET}é": "has a character that an address cannot have",
    f"jsons://h:0/{SECRET}": "names no host",
    f"jsons://h:70000/{SECRET}": "names no host",
    f"jsons:///{SECRET}": "names no host",
    f"jsons://me:{SECRET}/x@h/": "names no host",
    f"jsons://me:12/{SECRET}@h/": "names no host",
    f"jsons://me:{SECRET}#x@h/": "names no host",
    f"syslog://{SECRET}": "`syslog://` is not a kind of receiver; allowed: mailto,",
    f"dbus://{SECRET}": "`dbus://` is not a kind of receiver",
    f"windows://{SECRET}": "`windows://` is not a kind of receiver",
    f"file://{SECRET}": "`file://` is not a kind of receiver",
    f"macosx://{SECRET}": "`macosx://` is not a kind of receiver",
    f"msteams://{SECRET}": "did you mean `workflows`?",
    f"https://hooks.example.org/{SECRET}": "did you mean `jsons`?",
    f"slak://{SECRET}": "did you mean `slack`?",
    f"slack://{SECRET}/?template=/etc/passwd": "the option `template`, which is refused: it reads files",
    f"slack://{SECRET}/?a=b&%54emplate=x": "the option `template`, which is refused",
    f"mailto://me:{SECRET}@h?pgp=yes": "the option `pgp`, which is refused",
    f"jsons://h/{SECRET}?format=html": "the option `format`, which is refused: notices are plain text",
}


def configured(home: Path, text: str, **changes: Any) -> Any:
    home.mkdir(exist_ok=True)
    (home / "accord.toml").write_text(text, encoding="utf-8")
    return load_notify(settings_at(home, **changes))


@pytest.mark.parametrize(("address", "shown"), ADDRESSES.items())
def test_an_address_is_taken_and_shown_without_its_secrets(address: str, shown: str, tmp_path: Path) -> None:
    notify = configured(tmp_path, f"notify = ['{address}']\npublic_url = 'https://board.example.org/'")
    [receiver] = notify.receivers
    assert receiver.address == address
    assert receiver.shown == shown
    assert SECRET not in f"{receiver!r} {receiver.digest} {notify!r}"
    assert notify.public_url == "https://board.example.org"


@pytest.mark.parametrize("address", REFUSED)
def test_an_address_is_refused_in_a_sentence_without_its_secrets(address: str, tmp_path: Path) -> None:
    written = address.replace("\n", "\\n")
    with pytest.raises(UsageError) as refused:
        configured(tmp_path, f'notify = ["jsons://first.example.org/x",\n "{written}"]')
    [problem] = refused.value.problems
    assert problem.startswith(f"{tmp_path / 'accord.toml'}:1: `notify`, entry 2, ")
    assert REFUSED[address] in problem
    assert SECRET not in problem


def test_an_address_may_lie_in_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK", f" jsons://h/{SECRET}\n")
    [receiver] = configured(tmp_path, "notify = ['$HOOK']").receivers
    assert receiver.address == f"jsons://h/{SECRET}"
    for value, said in {"": "HOOK, which is not set", SECRET: "HOOK, which is not the address of a receiver"}.items():
        monkeypatch.setenv("HOOK", value)
        with pytest.raises(UsageError, match=said) as refused:
            configured(tmp_path, "notify = ['$HOOK']")
        assert SECRET not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("notify = 'json://h/'", ":1: `notify` must be a list"),
        ("notify = [7]", ":1: `notify`, entry 1, must be text"),
        ("\nnotify_seconds = -1", ":2: `notify_seconds` must be at least 0"),
        ("notify_seconds = 61", ":1: `notify_seconds` must be at most 60"),
        ("public_url = 'board'", ":1: `public_url` is not the address of a board"),
        ("public_url = 'https://bücher.example'", ":1: `public_url` has a host or a path that is not ASCII"),
        ("[teams]\n[endpoints]\nnotfy = 1", "endpoints"),
        ("notfy = []", "`notfy` is an unknown key; did you mean `notify`?"),
    ],
)
def test_other_mistakes_are_named_with_their_line(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as refused:
        configured(tmp_path, text)
    assert said in str(refused.value)


def test_the_same_receiver_twice_is_one(tmp_path: Path) -> None:
    assert (
        len(
            configured(
                tmp_path, "notify = ['json://u:a@h/x?b=1&c=2', 'json://u:b@h/x?c=2&b=1', 'json://h/y']"
            ).receivers
        )
        == 2
    )


def test_what_the_database_knows_a_receiver_by_does_not_depend_on_a_password() -> None:
    digests = {Receiver(f"json://u:{each}@h/x?+Auth={each}&password={each}").digest for each in ("a", "b", "c")}
    assert len(digests) == 1
    assert Receiver("json://u:a@h/y").digest not in digests


KNOWN = """
import apprise, json
schemas = apprise.Apprise().details()["schemas"]
names = [each[kind] or () for each in schemas for kind in ("protocols", "secure_protocols")]
print(json.dumps([name for each in names for name in each]))
"""
LOCAL = {"syslog", "dbus", "qt", "kde", "glib", "gnome", "windows", "macosx", "blink1", "file", "smpp", "vapid"}


@pytest.mark.slow
def test_apprise_knows_every_kind_of_receiver_and_none_touches_this_machine() -> None:
    known = json.loads(subprocess.run([sys.executable, "-c", KNOWN], capture_output=True, check=True).stdout)
    assert set(SERVICES) <= set(known)
    assert set(OTHER_NAMES.values()) <= set(SERVICES)
    assert not LOCAL & set(SERVICES)
