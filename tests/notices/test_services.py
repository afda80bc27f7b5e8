"""How a notice arrives at receivers of several kinds: mail, forms, XML and chats; their own logs are the judges."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email import message_from_string
from email.policy import default
from pathlib import Path

import pytest

from tests.notices.desks import Office, ask, question
from tests.notices.receiver import receiving

pytestmark = pytest.mark.slow

HOSTILE = "Ship <!channel> @everyone [here](https://evil.example)?\r\nBcc: all@example.org\r\n\r\nKey: other"


@contextmanager
def mailbox() -> Iterator[tuple[int, list[str]]]:
    """Run a mail server on loopback that takes everything; yield its port, and the mails as they came."""
    mails: list[str] = []

    def talk(connection: socket.socket) -> None:
        with connection, connection.makefile("rw", encoding="utf-8", newline="\r\n") as lines:
            lines.write("220 here\r\n")
            lines.flush()
            for line in lines:
                word = line.strip().upper()
                if word == "DATA":
                    lines.write("354 write\r\n")
                    lines.flush()
                    mails.append("".join(iter(lambda: lines.readline().replace("\r\n", "\n"), ".\n")))
                lines.write("221 bye\r\n" if word == "QUIT" else "250 fine\r\n")
                lines.flush()

    with socket.create_server(("127.0.0.1", 0)) as server:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    talk(server.accept()[0])

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield server.getsockname()[1], mails
        server.shutdown(socket.SHUT_RDWR)
        thread.join()


def asked(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.decide("lot-7")
    ask(monkeypatch, {"lot-7": [question(question=HOSTILE)]})
    [standing] = office.notify()
    assert (standing.waiting, standing.delivered) == (0, 1), standing


def test_a_mail_is_plain_text_with_the_key_in_its_last_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with mailbox() as (port, mails):
        address = f"mailto://127.0.0.1:{port}?from=accord@example.org&to=cfo@example.org"
        asked(Office(tmp_path, str(tmp_path / "threads.sqlite"), [address]), monkeypatch)
    [mail] = [message_from_string(each, policy=default) for each in mails]
    assert mail.get_content_type() == "text/plain"
    assert [mail["to"], mail["bcc"]] == ["cfo@example.org", None]
    assert mail["subject"].startswith("Accord asks: Ship <!channel> @everyone [here]")
    body = str(mail.get_content()).strip().splitlines()
    assert body[-1] == "Key: q-1"
    assert [line for line in body if line.startswith("Key:")] == ["Key: q-1"]


@pytest.mark.parametrize("scheme", ["json", "form", "xml"])
def test_a_webhook_finds_the_key_in_a_header(scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with receiving() as receiver:
        address = f"{scheme}://127.0.0.1:{receiver.port}/hook"
        asked(Office(tmp_path, str(tmp_path / "threads.sqlite"), [address]), monkeypatch)
    [arrival] = receiver.arrivals
    assert arrival.key == "q-1"
    assert "q-1" in arrival.body
    assert "lot-7" in arrival.body


@pytest.mark.parametrize("address", ["mmost://127.0.0.1:{}/abcdefghijklmnopqrstuvwx", "gotify://127.0.0.1:{}/abcdefg"])
def test_a_chat_reads_no_mention_and_no_link_of_a_question(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving() as receiver:
        asked(Office(tmp_path, str(tmp_path / "threads.sqlite"), [address.format(receiver.port)]), monkeypatch)
    [arrival] = receiver.arrivals
    said = str(arrival.json)
    assert "accord decide lot-7 --id" in said
    assert "Key: q-1" in said
    assert [part for part in ("<!channel>", "@everyone", "](https") if part in said] == []
