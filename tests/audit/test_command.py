"""`accord audit`: what it prints, what it refuses, and its exit codes."""

import json
from pathlib import Path

import pytest

from policies.assurance.audit import Event, head_of
from tests.audit.chronicle import events_in, lines_of, told
from tests.harness import proposal, run, scripted, settings_at, team_of
from tests.hostile.command import Captured, accord, refused

pytestmark = pytest.mark.slow

OTHER_HASH = "0" * 64


@pytest.fixture
def events(accord_home: Path) -> list[Event]:
    """The events of the thread `t`."""
    settings, _ = told(accord_home)
    return events_in(settings)


@pytest.fixture
def record(events: list[Event], capsys: Captured) -> str:
    """The name of its exported record."""
    done = accord(capsys, "audit", "export", "t", "--out", "t.jsonl")
    assert (done.code, done.out, done.err) == (0, "", f"head {head_of(events)}\n")
    return "t.jsonl"


def test_export_writes_one_canonical_event_a_line_and_the_head_beside_it(
    events: list[Event], record: str, capsys: Captured
) -> None:
    printed = accord(capsys, "audit", "export", "t")

    assert Path(record).read_bytes() == b"".join(lines_of(events))
    assert printed.out == Path(record).read_text(encoding="utf-8")
    assert (printed.code, printed.err) == (0, f"head {head_of(events)}\n")


def test_export_replaces_a_file_whole_and_leaves_nothing_else_behind(
    events: list[Event], record: str, capsys: Captured
) -> None:
    Path(record).write_text("old")

    assert accord(capsys, "audit", "export", "t", "--out", record).code == 0
    assert Path(record).read_bytes() == b"".join(lines_of(events))
    assert {path.name for path in Path().iterdir()} == {"home", record}


@pytest.mark.usefixtures("events")
@pytest.mark.parametrize("out", ["home", "missing/t.jsonl", "", "a\0b"])
def test_an_export_that_cannot_be_written_is_a_sentence(out: str, capsys: Captured) -> None:
    (sentence,) = refused(capsys, "audit", "export", "t", "--out", out)

    assert "cannot be written" in sentence


def test_an_exported_record_is_verified_with_and_without_a_head(
    events: list[Event], record: str, capsys: Captured
) -> None:
    head = head_of(events)

    for arguments in ([record], [record, "--head", str(head)], [str(Path(record).resolve())]):
        done = accord(capsys, "audit", "verify", *arguments)
        assert (done.code, done.err) == (0, "")
        assert done.out == f"{arguments[0]}: {len(events)} events, intact, head {head}\n"


def test_a_record_is_verified_without_any_database(
    record: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCORD_HOME", "/dev/null/nowhere")

    assert accord(capsys, "audit", "verify", record).code == 0


@pytest.mark.parametrize("number", [-1, 0, 1])
def test_a_head_that_is_not_the_end_breaks_the_record(
    number: int, events: list[Event], record: str, capsys: Captured
) -> None:
    digest = events[-1]["hash"] if number else OTHER_HASH
    noted = f"{len(events) + number}:{digest}"

    done = accord(capsys, "audit", "verify", record, "--head", noted)

    assert (done.code, done.err) == (1, "")
    assert f"BROKEN at event {len(events)}: it is not the end: {noted} was noted" in done.out


def test_a_cut_off_record_is_found_by_its_head_alone(events: list[Event], record: str, capsys: Captured) -> None:
    Path(record).write_bytes(b"".join(lines_of(events)[:-1]))

    assert accord(capsys, "audit", "verify", record).code == 0
    assert accord(capsys, "audit", "verify", record, "--head", str(head_of(events))).code == 1


MALFORMED = (
    "",
    "5",
    "5:",
    ":",
    "x:y",
    *(f"{number}:{OTHER_HASH}" for number in ("-1", "1.5", " 5", "9" * 13)),
)


@pytest.mark.parametrize(
    "head",
    [*MALFORMED, *(f"5:{digest}" for digest in ("0" * 63, "g" * 64, "A" * 64, f"{OTHER_HASH}\n", f"{OTHER_HASH}:"))],
)
def test_a_malformed_head_is_refused(head: str, record: str, capsys: Captured) -> None:
    (sentence,) = refused(capsys, "audit", "verify", record, "--head", head)

    assert sentence.endswith("is not a head; allowed: <number of events>:<64 hexadecimal digits>")


@pytest.mark.usefixtures("events")
def test_a_head_without_a_thread_or_file_is_refused(capsys: Captured) -> None:
    (sentence,) = refused(capsys, "audit", "verify", "--head", f"5:{OTHER_HASH}")

    assert sentence == "--head goes with one thread or file; name it"


@pytest.mark.usefixtures("accord_home")
@pytest.mark.parametrize(
    ("name", "reason"),
    [("./missing.jsonl", "No such file or directory"), ("missing.jsonl", "No such file"), ("./folder", "directory")],
)
def test_a_file_that_cannot_be_read_is_a_sentence(name: str, reason: str, capsys: Captured) -> None:
    Path("folder").mkdir()

    (sentence,) = refused(capsys, "audit", "verify", name)

    assert sentence.startswith(f"{Path(name)}: cannot be read: ")
    assert reason in sentence


@pytest.mark.usefixtures("accord_home")
@pytest.mark.parametrize(
    "data", [b"\0\xff\xfe\x89PNG\r\n", b"\n", b"{}\n", b"[]\n", b"null\n", b'{"a":1}\n', b"[" * 99_999]
)
def test_what_is_no_record_is_broken_at_its_first_event(data: bytes, capsys: Captured) -> None:
    Path("odd.jsonl").write_bytes(data)

    done = accord(capsys, "audit", "verify", "odd.jsonl")

    assert (done.code, done.err) == (1, "")
    assert done.out.startswith("odd.jsonl: ")
    assert "BROKEN at event 0: it " in done.out


@pytest.mark.usefixtures("accord_home")
def test_an_empty_file_is_no_record(capsys: Captured) -> None:
    Path("empty.jsonl").touch()

    without = accord(capsys, "audit", "verify", "empty.jsonl")
    noted = accord(capsys, "audit", "verify", "empty.jsonl", "--head", f"1:{OTHER_HASH}")

    assert (without.code, "BROKEN at event 0: it is missing" in without.out) == (1, True)
    assert (noted.code, "BROKEN at event 0" in noted.out) == (1, True)


@pytest.mark.usefixtures("accord_home")
@pytest.mark.parametrize("command", [["verify", "t"], ["export", "t"], ["verify", "a b"], ["export", "\x1b[31m"]])
def test_a_thread_that_is_not_there_is_a_sentence(command: list[str], capsys: Captured) -> None:
    (sentence,) = refused(capsys, "audit", *command)

    assert "there is no thread `t`" in sentence or "is not allowed" in sentence


@pytest.mark.usefixtures("accord_home")
def test_without_any_thread_there_is_nothing_to_verify(capsys: Captured) -> None:
    done = accord(capsys, "audit", "verify")

    assert (done.code, done.out) == (0, "There is no thread to verify.\n")
    assert json.loads(accord(capsys, "audit", "verify", "--json").out) == []


@pytest.mark.usefixtures("events")
def test_json_tells_the_same_to_programs(record: str, events: list[Event], capsys: Captured) -> None:
    data = Path(record).read_bytes()
    Path(record).write_bytes(data.replace(b'"attempt":1', b'"attempt":2', 1))

    done = accord(capsys, "audit", "verify", record, "--json")
    (found,) = json.loads(done.out)

    assert done.code == 1
    assert found.keys() == {"name", "events", "head", "broken"}
    assert found["broken"] == {"event": 1, "message": "is not what was hashed"}


@pytest.mark.parametrize("number", [2.0**53, 1e17, 1e20, -1e18, 1e21, -1e300, 5e-324])
def test_a_large_number_in_the_record_leaves_it_intact(number: float, accord_home: Path, capsys: Captured) -> None:
    """RFC 8785 writes a float below 1e21 without an exponent, so it is read back as an integer."""
    settings = settings_at(accord_home)
    voices = scripted(lambda question: proposal(question.name, confidence=number))
    run(team_of(settings, "checkout_launch", "max_repairs=0"), settings, voices=voices)

    accord(capsys, "audit", "export", "t", "--out", "t.jsonl")
    stored, exported = accord(capsys, "audit", "verify", "t"), accord(capsys, "audit", "verify", "t.jsonl")

    assert (stored.code, "intact" in stored.out) == (0, True)
    assert (exported.code, "intact" in exported.out) == (0, True), exported.out
