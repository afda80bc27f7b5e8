"""A file that a command is given can be anything: it gets a sentence, in little memory, and is not waited for."""

import codecs
import json
import os
import socket
import threading
import tracemalloc
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from graph import inputs
from graph.batch import MAX_LINE_BYTES
from graph.inputs import MAX_REST, bounded_lines, open_lines
from graph.problems import UsageError
from tests.durability.reading import bound_by_modes
from tests.hostile.command import Captured, accord, process, refused
from tests.hostile.test_team_files import GOOD

pytestmark = pytest.mark.slow

READERS: dict[str, tuple[str, ...]] = {
    "a team": ("run", "given.yaml"),
    "facts": ("run", "team.yaml", "--facts", "given.yaml"),
    "facts as JSON": ("run", "team.yaml", "--facts", "given.json"),
    "facts to go on with": ("resume", "t", "--facts", "given.yaml"),
    "cases of a batch": ("batch", "given.jsonl"),
    "a policy": ("policy", "verify", "given.yaml"),
    "a policy to compare": ("policy", "diff", "majority", "given.yaml"),
    "a policy to decide again": ("whatif", "--policy", "given.yaml"),
    "a case of a policy": ("policy", "test", "majority"),
    "votes": ("policy", "evaluate", "given.csv"),
    "a record": ("audit", "verify", "./given.jsonl"),
}
each_reader = pytest.mark.parametrize("arguments", READERS.values(), ids=READERS.keys())


@pytest.fixture(autouse=True)
def _desk(accord_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("team.yaml").write_text(GOOD)
    Path("majority", "go").mkdir(parents=True)
    monkeypatch.setattr(inputs, "PATIENCE_SECONDS", 0.3)


def given(arguments: Sequence[str]) -> Path:
    """The path of the file that a command is to read."""
    found = next((Path(each) for each in arguments if Path(each).stem == "given"), None)
    return found or Path("majority", "go", "given.yaml")


def the_sentence(capture: Captured, arguments: Sequence[str]) -> str:
    """The one sentence that names the file."""
    (said,) = refused(capture, *arguments)
    assert said.startswith(f"{given(arguments)}"), said
    return said


@each_reader
def test_a_folder_is_named(arguments: Sequence[str], capsys: Captured) -> None:
    given(arguments).mkdir()

    assert the_sentence(capsys, arguments).endswith(": cannot be read: Is a directory")


@each_reader
def test_a_pipe_that_nobody_writes_to_is_not_waited_for(arguments: Sequence[str], capsys: Captured) -> None:
    os.mkfifo(given(arguments))

    said = the_sentence(capsys, arguments)

    assert "is not a regular file, and nothing was written to it for 0 seconds; name a file" in said


@each_reader
def test_a_pipe_that_somebody_keeps_open_is_not_waited_for(arguments: Sequence[str], capsys: Captured) -> None:
    os.mkfifo(given(arguments))
    writer = os.open(given(arguments), os.O_RDWR)
    os.write(writer, b"a")

    said = the_sentence(capsys, arguments)
    os.close(writer)

    assert "nothing was written to it for" in said


@each_reader
def test_a_socket_is_named(arguments: Sequence[str], capsys: Captured) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as bound:
        bound.bind(str(given(arguments)))

        assert ": cannot be read: " in the_sentence(capsys, arguments)


@each_reader
def test_a_file_that_is_gone_is_named(arguments: Sequence[str], capsys: Captured) -> None:
    given(arguments).symlink_to("nowhere")

    assert the_sentence(capsys, arguments).endswith(": cannot be read: No such file or directory")


@pytest.mark.slow
@each_reader
def test_a_file_that_may_not_be_read_is_named(arguments: Sequence[str], tmp_path: Path) -> None:
    given(arguments).touch(0o000)

    done = process(tmp_path, *arguments, before=bound_by_modes)

    assert (done.code, done.out) == (2, "")
    assert done.sentences == [f"{given(arguments)}: cannot be read: Permission denied"]


@pytest.mark.slow
@pytest.mark.parametrize("device", ["/dev/zero", pytest.param("/dev/urandom", marks=pytest.mark.system)])
@each_reader
def test_a_device_without_end_is_read_in_little_memory(arguments: Sequence[str], device: str, capsys: Captured) -> None:
    given(arguments).symlink_to(device)

    tracemalloc.start()
    done = accord(capsys, *arguments)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert done.code in (1, 2), done
    assert "unexpected" not in done.err
    assert str(given(arguments)) in done.err + done.out
    assert peak < 200_000_000


@each_reader
def test_text_that_is_not_utf_8_is_refused_where_it_is(arguments: Sequence[str], capsys: Captured) -> None:
    given(arguments).write_bytes("name: 'Zoë'\n".encode("latin-1"))

    done = accord(capsys, *arguments)

    assert done.code in (1, 2), done
    assert any(said in done.err + done.out for said in ("not UTF-8", "BROKEN at event 0")), done


# --- a batch ---------------------------------------------------------------------------------------------------------


def test_a_batch_from_a_device_names_the_line_and_the_limit(capsys: Captured) -> None:
    said = refused(capsys, "batch", "/dev/zero")

    assert said == [f"/dev/zero: line 1: does not end; allowed: at most {MAX_LINE_BYTES} bytes a line"]


@pytest.mark.slow
def test_stdin_without_end_names_the_line_and_the_limit(tmp_path: Path) -> None:
    with Path("/dev/zero").open("rb") as zero:
        done = process(tmp_path, "batch", "-", stdin=zero)

    assert (done.code, done.out) == (2, "")
    assert done.sentences == [f"-: line 1: does not end; allowed: at most {MAX_LINE_BYTES} bytes a line"]


def test_a_batch_from_a_pipe_with_a_byte_order_mark_runs(capsys: Captured) -> None:
    """As the shell gives it: `accord batch <(jq ...)`."""
    reading, writing = os.pipe()
    os.write(writing, codecs.BOM_UTF8 + b'{"id": "a", "team": "team.yaml"}\n\n{"id": "b", "team": "team.yaml"}')
    os.close(writing)

    done = accord(capsys, "batch", f"/dev/fd/{reading}")
    os.close(reading)

    assert [json.loads(line)["id"] for line in done.out.splitlines()] == ["a", "b"]
    assert (done.code, done.err.splitlines()[0]) == (0, "2 cases: 2 go")


def test_a_pipe_that_is_written_to_slowly_is_read_to_its_end(capsys: Captured) -> None:
    os.mkfifo("given.yaml")

    def write() -> None:
        with Path("given.yaml").open("w") as pipe:
            for part in (GOOD[:40], GOOD[40:]):
                pipe.write(part)
                pipe.flush()

    writer = threading.Thread(target=write)
    writer.start()
    done = accord(capsys, "run", "given.yaml", "--json")
    writer.join()

    assert done.code == 0, done


def test_a_line_that_is_too_long_fails_alone_and_is_never_held_whole(capsys: Captured) -> None:
    long = b'{"id": "long", "goal": "' + b"x" * (30 * MAX_LINE_BYTES) + b'"}\n'
    good = b'{"id": "%s", "team": "team.yaml"}\n'
    Path("given.jsonl").write_bytes(good % b"a" + long + good % b"b")
    del long

    tracemalloc.start()
    done = accord(capsys, "batch", "given.jsonl")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    results = [json.loads(line) for line in done.out.splitlines()]
    assert [result["id"] for result in results] == ["a", None, "b"]
    assert results[1]["error"] == f"line 2: has more than {MAX_LINE_BYTES} bytes; allowed: at most {MAX_LINE_BYTES}"
    assert done.code == 2
    assert peak < 25 * MAX_LINE_BYTES


@pytest.mark.parametrize("length", [9, 10, 11, 12, 25])
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_lines_at_the_limit_are_whole_and_longer_ones_cut(length: int, end: bytes) -> None:
    Path("given").write_bytes(b"before\n" + b"x" * length + end + (b"after" if end else b""))

    with open_lines("given", 10) as lines:
        twice = [*lines()], [*lines()]

    read = b"x" * length + end if length <= 10 else b"x" * 11
    assert twice[0] == twice[1] == [b"before\n", read, *([b"after"] if end else [])]


def test_a_regular_file_with_a_line_without_end_is_refused() -> None:
    with Path("given").open("wb") as sparse:
        sparse.truncate(MAX_REST * 2)

    with Path("given").open("rb") as file, pytest.raises(UsageError, match="given: line 1: does not end"):
        [*bounded_lines(file, 10, "given")]


def test_endless_lines_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inputs, "MAX_LINES", 3)
    reading, writing = os.pipe()
    os.write(writing, b"\n" * 4)
    os.close(writing)

    with pytest.raises(UsageError, match="has more than 3 lines; split it"), open_lines(f"/dev/fd/{reading}", 10):
        pass
    os.close(reading)


@pytest.mark.slow
def test_a_closed_stdin_is_named(tmp_path: Path) -> None:
    done = process(tmp_path, "batch", "-", before=lambda: os.close(0))

    assert (done.code, done.sentences) == (2, ["-: cannot be read: stdin is closed"])
