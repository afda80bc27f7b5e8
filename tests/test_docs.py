"""The documents stay true: every session is run again, every example loaded, every drawing drawn."""

import io
import json
import re
import shlex
from contextlib import redirect_stderr, redirect_stdout
from importlib import import_module
from pathlib import Path

import pytest
from click.testing import CliRunner

from graph.cli.main import COMMANDS, accord, run
from graph.teams.loader import load_team
from graph.teams.schema import team_schema
from policies.run.stop_table import STOP_TABLE

ROOT = Path(__file__).parent.parent
README, PATTERNS = (ROOT / "README.md").read_text(), (ROOT / "docs" / "patterns.md").read_text()
TOLD = ("README.md", "docs/deciding.md", "docs/fr.md", "docs/operations.md", "docs/patterns.md")
"""Pages whose sessions are run from the top in one folder."""
ELIDED = "…\n"
VARYING = (
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"), "YYYY-MM-DD hh:mm:ss"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC"), "YYYY-MM-DD hh:mm UTC"),
    (re.compile(r"\b\d+\.\d s$", flags=re.MULTILINE), "N s"),
    (re.compile(r"\b\d+:[0-9a-f]{64}\b"), "N:HASH"),
    (re.compile(re.escape(f"{ROOT}/")), ""),
    (re.compile(r"[ \t]+$", flags=re.MULTILINE), ""),
)


def settled(text: str) -> str:
    """Return a session without what differs from one run to the next."""
    for pattern, replacement in VARYING:
        text = pattern.sub(replacement, text)
    return text


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A reader's folder, also the data directory, at a terminal of 100 columns."""
    monkeypatch.setenv("ACCORD_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run_session(session: str) -> str:
    """Run each `$ accord ...` of a session in this process and return what its terminal would show."""
    shown = []
    for line in re.findall(r"^\$ (.*)$", session, flags=re.MULTILINE):
        name, *arguments = shlex.split(line)
        assert name == "accord"
        written = io.BytesIO()
        with redirect_stdout(io.TextIOWrapper(written, encoding="utf-8")) as terminal, redirect_stderr(terminal):
            run(arguments)
            terminal.flush()
        shown.append(f"$ {line}\n{written.getvalue().decode()}")
    return "".join(shown)


def shows(session: str, shown: str) -> bool:
    """Tell whether a session is what is shown; a line of `…` alone stands for any lines."""
    parts = settled(session).split(ELIDED)
    return re.fullmatch("(?:.*\n)*?".join(map(re.escape, parts)), settled(shown)) is not None


@pytest.mark.slow
@pytest.mark.parametrize("name", TOLD)
def test_every_session_of_a_page_shows_what_it_showed(name: str, home: Path) -> None:
    for session in re.findall(r"```console\n(.*?)```", (ROOT / name).read_text(encoding="utf-8"), flags=re.DOTALL):
        shown = run_session(session)
        assert shows(session, shown), shown


def test_an_elision_stands_for_lines_and_for_nothing_else() -> None:
    assert shows("$ a\n…\nend\n", "$ a\nb\nc\nend\n")
    assert shows("$ a\n…\nend\n", "$ a\nend\n")
    assert not shows("$ a\n…\nend\n", "$ a\nb\nthe end\n")
    assert not shows("$ a\nend\n", "$ a\nb\nend\n")


@pytest.mark.slow
def test_the_python_of_the_readme_decides(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, flags=re.DOTALL)
    exec(compile(example, "README.md", "exec"), {})
    assert capsys.readouterr().out == "go_with_caution\n"


def test_the_readme_is_read_in_one_sitting() -> None:
    assert len(README.splitlines()) <= 200


def test_the_team_file_of_the_page_on_patterns_is_a_team(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", PATTERNS, flags=re.DOTALL)
    path = tmp_path / "example.yaml"
    path.write_text(example)

    assert load_team(str(path)).sequence == ("researcher", "board")


def test_the_readme_names_every_command() -> None:
    for command in COMMANDS:
        assert f"accord {command}" in README


def test_each_file_of_a_command_is_in_the_list_of_commands() -> None:
    files = {path.stem.removesuffix("_command") for path in (ROOT / "graph" / "cli").glob("*_command.py")}
    assert files == set(COMMANDS)


def test_the_page_of_the_record_has_every_stop_reason() -> None:
    named = re.findall(r"`([a-z_]+)(?::[^`]*)?`", (ROOT / "docs" / "record.md").read_text(encoding="utf-8"))
    assert not set(STOP_TABLE) - set(named)


def test_the_drawing_of_the_architecture_is_the_graph() -> None:
    drawn = CliRunner().invoke(accord, ["graph"]).output

    assert f"```mermaid\n{drawn}```" in (ROOT / "docs" / "architecture.md").read_text()


def test_the_page_on_the_architecture_names_every_part_of_policies() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    wings = {f"{path.parent.name}/" for path in (ROOT / "policies").glob("*/__init__.py")}
    files = {path.name for path in (ROOT / "policies").glob("*.py")} - {"__init__.py"}

    assert set(re.findall(r"^\| `(\w+/)` \|", page.partition("## Words")[0], flags=re.MULTILINE)) >= wings
    assert not [name for name in files if f"`{name}`" not in page]


def test_the_shipped_schema_is_the_schema() -> None:
    assert json.loads((ROOT / "graph" / "teams" / "team.schema.json").read_text()) == team_schema()


def test_links_of_the_documents_lead_somewhere() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for target in re.findall(r"\]\((?!https?://)([^)#]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
FOLDERS = "policies|nodes|graph|tests|benchmarks|docs"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = {re.sub(r"<\w+>", "*", name) for name in re.findall(rf"(?<![\w./])(?:{FOLDERS})/[\w./<>*-]*[\w/*>]", text)}
    named -= set(re.findall(r"^New file `(.+)`:$", text, flags=re.MULTILINE))
    linked = {name.partition("#")[0] for name in re.findall(r"\]\((?!https?:)([^)]+)\)", text)} - {""}
    dotted = re.findall(r"`((?:policies|nodes|graph)(?:\.\w+)+)`", text)
    assert not [name for name in named if not list(ROOT.glob(name))]
    assert not [name for name in dotted if not hasattr(import_module(name.rpartition(".")[0]), name.rpartition(".")[2])]
    assert not [name for name in linked if not (page.parent / name).exists()]


GLOSSARY = re.findall(
    r"^## (.+)\n(.+(?:\n.+)*)", (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8"), flags=re.MULTILINE
)


def test_the_glossary_defines_each_term_once_and_in_alphabetical_order() -> None:
    terms = [term for term, _ in GLOSSARY]
    assert terms == sorted(set(terms), key=str.casefold)


def test_the_glossary_has_the_words_of_the_pages_and_of_the_tools() -> None:
    assert {"board", "session", "look", "form", "MCP", "tool"} <= {term for term, _ in GLOSSARY}


def _anchor(term: str) -> str:
    return term.lower().replace(" ", "-")


@pytest.mark.parametrize(("term", "definition"), GLOSSARY, ids=lambda text: text[:20])
def test_a_term_has_one_or_two_sentences_and_links_the_terms_it_uses(term: str, definition: str) -> None:
    anchors = {_anchor(each) for each, _ in GLOSSARY}
    assert 1 <= len(re.findall(r"[.?](?=\s|$)", definition)) <= 2
    assert definition.endswith(".")
    assert set(re.findall(r"\]\(#([^)]+)\)", definition)) <= anchors - {_anchor(term)}
