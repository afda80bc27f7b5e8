"""`accord audit export --signed` writes what OpenSSH alone needs to check who signed which answer."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from nodes.signatures import decision_bytes
from tests.audit.chronicle import told
from tests.hostile.command import Captured, Done, accord, refused
from tests.signing.stories import CFO, CTO, admitted, answered, asked, chained, line, resumed, unsigned
from tests.test_house import ROOT

pytestmark = [pytest.mark.needs("ssh_keygen"), pytest.mark.usefixtures("accord_home")]

RECORD = ROOT / "docs" / "record.md"
STORY = (
    admitted(),
    asked(),
    answered(),
    unsigned("coo"),
    answered("cto", CTO, outcome="no_go"),
    resumed(keys={"cfo": line(CFO, 1)}),
    asked("q2"),
    answered("cfo", CFO, 1, question="q2"),
)


@pytest.fixture
def thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """A thread whose people signed, one of them with a new key after a resume."""

    def kept(name: str, db: str | None, *, or_purged: bool) -> tuple[str, dict[str, Any]]:
        return name, {"events": chained(*STORY)}

    monkeypatch.setattr("graph.cli.audit_command.kept", kept)


def export(capsys: Captured, folder: str = "signed") -> Done:
    return accord(capsys, "audit", "export", "t", "--signed", folder)


def check(command: str, folder: str = "signed") -> bool:
    return subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True).returncode == 0


@pytest.mark.usefixtures("thread")
def test_a_stranger_checks_each_signature_by_the_commands_that_are_printed(capsys: Captured) -> None:
    done = export(capsys)
    place, *commands = done.out.splitlines()

    assert (done.code, done.err, place) == (0, "", "cd signed")
    assert commands == [
        f"ssh-keygen -Y verify -f {signers} -I {name} -n accord-decision -s {number}.sig < {number}.json"
        for signers, name, number in [
            ("allowed_signers", "cfo", 2),
            ("allowed_signers", "cto", 4),
            ("allowed_signers.5", "cfo", 7),
        ]
    ]
    assert all(map(check, commands))


@pytest.mark.usefixtures("thread")
def test_the_example_of_the_page_on_records_is_what_is_printed(capsys: Captured) -> None:
    (example,) = re.findall(r"```sh\n(cd signed\n.*?)```", RECORD.read_text(encoding="utf-8"), flags=re.DOTALL)

    assert example.splitlines() == export(capsys).out.splitlines()[:2]
    assert check(example.replace("\n", " && ", 1), ".")


@pytest.mark.usefixtures("thread")
@pytest.mark.parametrize("name", ["2.json", "2.sig", "allowed_signers"])
def test_a_changed_file_is_refused_by_openssh(name: str, capsys: Captured) -> None:
    command = export(capsys).out.splitlines()[1]
    data = (Path("signed") / name).read_bytes()
    (Path("signed") / name).write_bytes(
        data.replace(b'"go"', b'"no_go"').replace(b"AAAA", b"AAAB").replace(b"U1", b"V1")
    )

    assert (Path("signed") / name).read_bytes() != data
    assert not check(command)


@pytest.mark.usefixtures("thread")
def test_the_files_hold_what_was_signed_and_nothing_else(capsys: Captured) -> None:
    export(capsys)
    files = {path.name: path.read_bytes() for path in Path("signed").iterdir()}

    assert set(files) == {f"{n}.{e}" for n in (2, 4, 7) for e in ("json", "sig")} | {
        "allowed_signers",
        "allowed_signers.5",
    }
    assert files["2.json"] == decision_bytes(**STORY[2]["signed"])
    assert files["2.sig"].decode() == STORY[2]["signature"]
    assert files["allowed_signers.5"].decode() == f'cfo namespaces="accord-decision" {line(CFO, 1)}\n'


@pytest.mark.usefixtures("thread")
def test_the_folder_is_for_its_user_alone_whatever_the_umask(capsys: Captured) -> None:
    before = os.umask(0)
    try:
        export(capsys)
    finally:
        os.umask(before)

    assert Path("signed").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in Path("signed").iterdir()} == {0o600}


@pytest.mark.usefixtures("thread")
@pytest.mark.parametrize("kind", ["folder", "file", "link"])
def test_what_is_there_is_left_as_it_is(kind: str, capsys: Captured) -> None:
    if kind == "folder":
        Path("signed").mkdir()
    elif kind == "file":
        Path("signed").write_text("mine")
    else:
        Path("signed").symlink_to("nowhere")
    before = sorted(path.name for path in Path().iterdir())

    assert refused(capsys, "audit", "export", "t", "--signed", "signed") == [
        "signed: already exists; name another folder, or move it away"
    ]
    assert sorted(path.name for path in Path().iterdir()) == before


@pytest.mark.usefixtures("thread")
def test_nothing_is_left_of_a_folder_that_could_not_be_written(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    before = sorted(path.name for path in Path().iterdir())
    monkeypatch.setattr("graph.report.writing.Path.rename", full)

    assert refused(capsys, "audit", "export", "t", "--signed", "signed") == [
        "signed: cannot be written: No space left on device"
    ]
    assert sorted(path.name for path in Path().iterdir()) == before


@pytest.mark.usefixtures("thread")
@pytest.mark.parametrize("folder", ["missing/signed", "", "a\0b"])
def test_a_folder_that_cannot_be_written_is_a_sentence(folder: str, capsys: Captured) -> None:
    (sentence,) = refused(capsys, "audit", "export", "t", "--signed", folder)

    assert "cannot be written" in sentence


@pytest.mark.usefixtures("thread")
def test_the_folder_may_have_a_name_that_a_shell_reads_otherwise(capsys: Captured) -> None:
    place, *commands = export(capsys, "a folder; of mine").out.splitlines()

    assert check(f"{place} && {commands[0]}", ".")


def test_a_thread_in_which_nobody_signed_is_a_sentence(accord_home: Path, capsys: Captured) -> None:
    told(accord_home)

    assert refused(capsys, "audit", "export", "t", "--signed", "s") == ["the thread `t` has no signed answer"]
    assert not Path("s").exists()


def test_the_record_and_the_signatures_are_two_exports(capsys: Captured) -> None:
    assert refused(capsys, "audit", "export", "t", "--signed", "s", "--out", "r") == [
        "--out names a file for the record, --signed a folder for signatures; give one of them"
    ]
