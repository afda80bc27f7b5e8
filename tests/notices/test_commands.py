"""What the commands do about notices: at the end of a run, in a batch, by `accord notify`, and in the doctor."""

import importlib.util
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import graph.notices.sender
from graph.cli.main import run
from tests.notices.receiver import Receiver, free_port, receiving

pytestmark = pytest.mark.slow

SECRET = "hunter2"


@pytest.fixture
def receiver(accord_home: Path) -> Iterator[Receiver]:
    """A receiver that accord.toml names with a password in every place where one can be."""
    with receiving() as receiver:
        name(
            accord_home,
            f"json://me:{SECRET}1@127.0.0.1:{receiver.port}/{SECRET}2?+X-Token={SECRET}3&-q={SECRET}4",
        )
        yield receiver


def name(home: Path, *addresses: str, seconds: float = 20) -> None:
    home.mkdir(exist_ok=True)
    (home / "accord.toml").write_text(f"notify = {json.dumps(addresses)}\nnotify_seconds = {seconds}\n")


def accord(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run([*arguments])
    sys.stdout.flush()
    out, err = capfd.readouterr()
    return code, out, err


def kept_in(home: Path) -> bytes:
    return b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file() and path.name != "accord.toml")


def test_a_run_ends_with_its_notice_and_says_nothing_of_it(
    receiver: Receiver, capfd: pytest.CaptureFixture[str], accord_home: Path
) -> None:
    code, out, err = accord(capfd, "run", "cold_storage", "--thread", "lot-7", "--json")
    assert code == 0
    assert json.loads(out)["final_decision"] == "go_with_caution"
    assert "notices" not in err
    assert [each.json["thread"] for each in receiver.arrivals] == ["lot-7"]
    assert accord(capfd, "resume", "lot-7", "--json")[0] == 0
    assert accord(capfd, "run", "cold_storage", "--thread", "lot-7", "--json")[0] == 0
    assert len(receiver.arrivals) == 1


def test_secrets_are_in_no_output_and_no_file(
    receiver: Receiver, capfd: pytest.CaptureFixture[str], accord_home: Path
) -> None:
    receiver.way = "badly"
    outputs = [
        accord(capfd, *arguments)
        for arguments in (
            ("run", "cold_storage", "--thread", "lot-7"),
            ("notify",),
            ("notify", "--json"),
            ("doctor",),
            ("show", "lot-7", "--json"),
        )
    ]
    assert f"/{SECRET}2?q={SECRET}4" in receiver.arrivals[0].line, "the address was used whole"
    assert receiver.arrivals[0].headers["x-token"] == f"{SECRET}3"
    assert SECRET not in repr(outputs)
    kept = kept_in(accord_home)
    assert b"lot-7:decided:" in kept
    assert SECRET.encode() not in kept


def test_what_waits_is_said_in_one_line_and_changes_no_code_and_no_record(
    receiver: Receiver, capfd: pytest.CaptureFixture[str]
) -> None:
    receiver.way = "badly"
    code, out, err = accord(capfd, "run", "cold_storage", "--thread", "lot-7", "--json")
    assert code == 0
    assert json.loads(out)["status"] == "ok"
    assert err.splitlines()[-1] == (
        f"accord: notices: 1 not sent yet to json://127.0.0.1:{receiver.port}/…: it answered with the status 500; "
        "`accord notify` tries again"
    )
    code, _, err = accord(capfd, "run", "--thread", "short", "--set", "budget.max_messages=1", "--json")
    assert code == 3
    assert err.count("accord: notices:") == 1


def test_notify_sends_what_is_due_and_shows_each_receiver(
    receiver: Receiver, capfd: pytest.CaptureFixture[str], accord_home: Path
) -> None:
    down = f"jsons://127.0.0.1:{free_port()}/{SECRET}"
    name(accord_home, receiver.address, down, seconds=0)
    accord(capfd, "run", "cold_storage", "--thread", "lot-7", "--json")
    assert receiver.arrivals == []
    code, out, _ = accord(capfd, "notify")
    assert code == 1
    assert out.splitlines()[:3] == [
        f"json://127.0.0.1:{receiver.port}/… (a webhook that takes JSON)",
        "  sent now 1, in all 1",
        f"{down.removesuffix(f'/{SECRET}')}/… (a webhook that takes JSON)",
    ]
    assert out.splitlines()[-1] == "  last failure: it could not be reached, or broke off"
    name(accord_home, receiver.address)
    code, out, _ = accord(capfd, "notify", "--json")
    assert code == 0
    [standing] = json.loads(out)
    assert standing == {
        **{"shown": f"json://127.0.0.1:{receiver.port}/…", "title": "a webhook that takes JSON"},
        **{"sent": 0, "delivered": 1, "waiting": 0, "oldest": None, "next_at": None, "error": None},
    }


def test_a_batch_sends_a_notice_for_each_decision(
    receiver: Receiver, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    cases = tmp_path / "cases.jsonl"
    cases.write_text("".join(f'{{"id": "case-{number}"}}\n' for number in range(5)))
    code, _, err = accord(capfd, "batch", str(cases), "--team", "cold_storage")
    assert code == 0
    assert "notices" not in err
    assert sorted(each.json["thread"] for each in receiver.arrivals) == [f"case-{number}" for number in range(5)]


def test_without_receivers_nothing_is_noted_and_nothing_is_imported(
    capfd: pytest.CaptureFixture[str], accord_home: Path
) -> None:
    code, out, err = accord(capfd, "notify")
    assert (code, err) == (0, "")
    assert out == f"No receiver: name some under `notify` in {accord_home / 'accord.toml'}\n"
    accord(capfd, "run", "cold_storage", "--json")
    assert b"notices" not in kept_in(accord_home)


def test_apprise_is_imported_by_no_command(receiver: Receiver, capfd: pytest.CaptureFixture[str]) -> None:
    accord(capfd, "run", "cold_storage", "--json")
    accord(capfd, "notify")
    accord(capfd, "doctor")
    assert len(receiver.arrivals) == 1
    assert "apprise" not in sys.modules


def test_without_apprise_each_command_says_what_to_install(
    receiver: Receiver, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = importlib.util.find_spec
    install = "notices need apprise, which is not installed; install it: pip install 'accord[notify]'"
    with monkeypatch.context() as lacking:
        lacking.setattr(importlib.util, "find_spec", lambda name: None if name == "apprise" else found(name))
        code, _, err = accord(capfd, "run", "cold_storage", "--thread", "lot-7", "--json")
        assert code == 0
        assert f"accord: notices: {install}" in err
        assert accord(capfd, "notify") == (2, "", f"accord: {install}\n")
        code, out, _ = accord(capfd, "doctor")
        assert code == 1
        assert f"BAD  notices: {install}" in out
    assert accord(capfd, "notify")[0] == 0
    assert len(receiver.arrivals) == 1


def test_the_doctor_says_whether_receivers_are_named_and_can_be_sent_to(
    receiver: Receiver, capfd: pytest.CaptureFixture[str], accord_home: Path
) -> None:
    code, out, _ = accord(capfd, "doctor")
    assert code == 0
    assert f"-    notices: json://127.0.0.1:{receiver.port}/…; nothing was sent" in out
    assert receiver.arrivals == []
    name(accord_home, "slack://not-a-token", "json://h/")
    code, out, _ = accord(capfd, "doctor")
    assert code == 1
    assert "BAD  notices: slack://…: apprise cannot read its address\n" in out
    (accord_home / "accord.toml").write_text("")
    assert "ok   notices: no receiver: accord.toml names none under `notify`" in accord(capfd, "doctor")[1]


def test_a_run_is_not_held_by_a_receiver_that_drips(accord_home: Path) -> None:
    with receiving("drips") as receiver:
        name(accord_home, receiver.address, seconds=8)
        command = [sys.executable, "-m", "graph", "run", "cold_storage", "--thread", "lot-7", "--json"]
        environment = {"PATH": os.environ["PATH"], "ACCORD_HOME": str(accord_home), "LANGSMITH_TRACING": "false"}
        environment["PYTHONPATH"] = str(Path(__file__).parents[2])
        done = subprocess.run(command, env=environment, capture_output=True, timeout=60)
        assert done.returncode == 0
        assert json.loads(done.stdout)["final_decision"] == "go_with_caution"
        assert b"it did not answer in time; `accord notify` tries again" in done.stderr
        until = time.monotonic() + 30
        while receiver.open and time.monotonic() < until:
            time.sleep(0.05)
        assert (receiver.open, receiver.lost) == (0, 1), "nothing is left behind that still waits"


@pytest.mark.parametrize(
    ("variable", "asks"),
    [({}, False), ({"HTTP_PROXY": "http://127.0.0.1:{}"}, True), ({"NETRC": "{home}/netrc"}, False)],
)
def test_only_the_settings_say_by_which_proxy_and_with_which_password_a_notice_is_sent(
    variable: dict[str, str],
    asks: bool,
    receiver: Receiver,
    accord_home: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name(accord_home, receiver.address)
    (accord_home / "netrc").write_text(f"machine 127.0.0.1 login me password {SECRET}\n")
    with receiving() as proxy:
        for key, value in variable.items():
            monkeypatch.setenv(key, value.format(proxy.port, home=accord_home))
        accord(capfd, "run", "cold_storage", "--json")
        arrived: list[Any] = proxy.arrivals if asks else receiver.arrivals
        assert len(arrived) == 1
        assert "authorization" not in arrived[0].headers
        assert len(proxy.arrivals) == asks


def test_a_process_that_does_not_start_is_no_fault_of_the_receiver(
    receiver: Receiver, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "child.py"
    broken.write_text("import no_such_module\n")
    with monkeypatch.context() as lacking:
        lacking.setattr(graph.notices.sender, "CHILD", broken)
        code, _, err = accord(capfd, "run", "cold_storage", "--json")
        assert code == 0
        assert "…: the process that sends did not start in time; `accord notify` tries again" in err
        assert accord(capfd, "doctor")[0] == 1
    assert accord(capfd, "notify")[0] == 0, "nothing has to be waited for"
    assert len(receiver.arrivals) == 1
