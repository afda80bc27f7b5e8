"""`accord show --html` and `--markdown`: where they write, how, and what they refuse."""

import os
import stat
from pathlib import Path

import pytest

from graph.cli.exits import Exit
from graph.cli.main import run as accord
from graph.report.html import page
from policies.run.seats import Failure
from tests.harness import proposal, run, scripted, settings_at, team_of
from tests.report.works import WORKS

pytestmark = pytest.mark.slow

Captured = pytest.CaptureFixture[bytes]


@pytest.fixture
def home(accord_home: Path) -> Path:
    """A home with a thread that decided and one that stopped; the working directory is empty."""
    settings = settings_at(accord_home)
    run(team_of(settings), settings, "decided", scripted(lambda question: proposal(question.name)))
    run(team_of(settings), settings, "stopped", scripted(lambda _: Failure("llm_timeout")))
    return accord_home


@pytest.mark.usefixtures("home")
class TestShow:
    def test_a_page_is_written_and_said_on_stderr(self, capfdbinary: Captured) -> None:
        assert accord(["show", "decided", "--html", "page.html"]) == Exit.DONE
        assert Path("page.html").read_text().startswith("<!doctype html>")
        assert capfdbinary.readouterr() == (b"", b"wrote page.html\n")

    def test_both_are_written_beside_json(self, capfdbinary: Captured) -> None:
        assert accord(["show", "decided", "--html", "page.html", "--markdown", "page.md", "--json"]) == Exit.DONE
        assert Path("page.md").read_text().startswith("# ✅ Go\n")
        assert capfdbinary.readouterr().out.startswith(b'{\n  "status": "ok"')

    @pytest.mark.parametrize("options", [["--html", "-"], ["--markdown"], ["--markdown", "-"]])
    def test_a_dash_is_stdout(self, options: list[str], capfdbinary: Captured) -> None:
        assert accord(["show", "decided", *options]) == Exit.DONE
        out, err = capfdbinary.readouterr()
        assert out.startswith((b"<!doctype html>", b"# "))
        assert err == b""
        assert os.listdir() == ["home"]

    def test_the_exit_code_is_that_of_the_thread(self) -> None:
        assert accord(["show", "stopped", "--html", "page.html"]) == Exit.STOPPED
        assert "The model gave no answer in time." in Path("page.html").read_text()

    def test_what_was_there_is_replaced_whole(self) -> None:
        Path("page.html").write_text("old" * 100_000)
        assert accord(["show", "decided", "--html", "page.html"]) == Exit.DONE
        assert "old" not in Path("page.html").read_text()[:100]
        assert sorted(os.listdir()) == ["home", "page.html"]

    @pytest.mark.parametrize(
        ("options", "sentence"),
        [
            (["--html", "home"], "home: is a folder; name a file, or - for stdout"),
            (["--markdown", "."], ".: is a folder; name a file, or - for stdout"),
            (
                ["--html", "nowhere/page.html"],
                "nowhere/page.html: cannot be written: the folder `nowhere` does not exist; "
                "make it with `mkdir -p nowhere`",
            ),
            (["--html", "file/page.html"], "file/page.html: cannot be written: Not a directory"),
            (["--html", os.devnull], f"{os.devnull}: is not a regular file; name a file, or - for stdout"),
            (["--html", ""], "--html or --markdown names no file; name one, or - for stdout"),
            (["--html", "a", "--markdown", "./a"], "a: is named for two things; name two files"),
            (
                ["--html", "-", "--json"],
                "stdout takes one of --html -, --markdown and --json; name files for the others",
            ),
            (
                ["--html", "-", "--markdown"],
                "stdout takes one of --html -, --markdown and --json; name files for the others",
            ),
        ],
    )
    def test_a_bad_target_is_a_sentence(self, options: list[str], sentence: str, capfdbinary: Captured) -> None:
        Path("file").touch()
        assert accord(["show", "decided", *options]) == Exit.USAGE
        assert capfdbinary.readouterr() == (b"", f"accord: {sentence}\n".encode())
        assert sorted(os.listdir()) == ["file", "home"]
        assert stat.S_ISCHR(os.stat(os.devnull).st_mode)

    def test_a_thread_that_is_not_there_leaves_no_file(self, capfdbinary: Captured) -> None:
        assert accord(["show", "nobody", "--html", "page.html"]) == Exit.USAGE
        assert capfdbinary.readouterr().err.startswith(b"accord: there is no thread `nobody`")
        assert os.listdir() == ["home"]

    def test_a_page_that_fails_leaves_what_was_there(self, monkeypatch: pytest.MonkeyPatch) -> None:
        Path("page.html").write_text("old")
        monkeypatch.setattr(page, "page_of", lambda _: 1 / 0)
        assert accord(["show", "decided", "--html", "page.html"]) == Exit.UNEXPECTED
        assert Path("page.html").read_text() == "old"
        assert sorted(os.listdir()) == ["home", "page.html"]

    def test_without_a_page_show_is_as_it_was(self, capfdbinary: Captured) -> None:
        assert accord(["show", "decided"]) == Exit.DONE
        assert b"Decision: Go" in capfdbinary.readouterr().out


@pytest.mark.parametrize(
    ("name", "code", "heading", "ending"),
    [
        ("plan", Exit.DONE, "# 📄 5 steps done\n", "Answer"),
        ("plan_failed", Exit.STOPPED, "# Stopped\n", "step_failed:2"),
    ],
)
def test_a_thread_of_another_pattern_is_shown_everywhere(
    name: str, code: Exit, heading: str, ending: str, accord_home: Path, capfdbinary: Captured
) -> None:
    WORKS[name](accord_home)
    assert accord(["show", "t", "--html", "page.html", "--markdown", "page.md"]) == code
    assert '<svg class="plan"' in Path("page.html").read_text()
    assert Path("page.md").read_text().startswith(heading)
    assert accord(["show", "t"]) == code
    out = capfdbinary.readouterr().out.decode()
    assert "planned by The planner" in out
    assert ending in out
