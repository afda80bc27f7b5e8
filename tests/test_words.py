"""What a person reads is plain English: a few idioms of another language appear only where they are right.

`ALLOWED` is the list of what is left, each phrase with the reason why it is right. Read are the documents, the team and
policy files, the prompts, the templates, and every text in the code, docstrings included; comments, examples of
docstrings and names in the code are not.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.test_house import ROOT, tracked_files

READ = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "docs/", "policies/", "nodes/", "graph/", "tests/errors/cases/")
PROSE = {".md", ".yaml", ".html", ".txt"}
WORDS = {
    "is no": r"\b(?:is|are|was|were) no\b",
    "beside": r"\bbeside\b",
    "stands": r"\b(?:stands?|stood)\b",
    "tells": r"\b(?:tells?|told)\b",
    "goes on": r"\b(?:go|goes|went|gone) on\b",
    "held against": r"\b(?:hold|holds|held) (?:\w+ )?against\b",
    "comes to": r"\b(?:comes?|came) to\b",
    "other than": r"\bother (?!than\b)\w+ than\b",
    "nobody not": r"\bnobody\b[^.;:]*\bnot\b",
}

ALLOWED = {
    r"there (?:is|are|was|were) no": "says that something does not exist",
    r"(?:tells?|told)(?: [\w`]+){0,5} apart": "to tell two things apart is to see how they differ",
    r"tells?(?: [\w`]+){0,7} from\b|told from\b": "to tell one thing from another is to see how they differ",
    r"(?:no row can|rows can|nobody can) tell\b": "to see how two things differ",
    r"stands? for": "means, or counts as",
    r"as (?:things|it) stands?": "in its present state",
    r"stands? in (?:the|its) way": "hinders",
    r"customers (?:are|were)(?: not)? told": "people inform people, in a shipped team",
    r"support was (?:not )?told": "people inform people, in a shipped team",
    r"tell (?:the teams|support)": "people inform people, in a shipped team",
    r"nobody did, or not with": "the second half has a subject of its own",
}
"""What is left, and why it is right."""

PYTHON = re.compile(r"^```python\n.*?^```$", re.DOTALL | re.MULTILINE)
FLAGS = re.IGNORECASE
FOUND = {name: re.compile(pattern, FLAGS) for name, pattern in WORDS.items()}
RIGHT = {phrase: re.compile(rf"\b(?:{phrase})", FLAGS) for phrase in ALLOWED}


def texts_of_code(source: str) -> Iterator[tuple[int, str]]:
    """Yield each text of a Python file that has a space, with its line; without the examples of docstrings."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.lineno, re.sub(r"^\s*(?:>>>|\.\.\. ).*$", "", node.value, flags=re.MULTILINE)


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the texts of a file, each with the line where it begins: of prose, its paragraphs without Python."""
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        yield from texts_of_code(source)
        return
    source = PYTHON.sub(lambda found: "\n" * found[0].count("\n"), source)
    for found in re.finditer(r"(?:.*\S.*\n?)+", source):
        yield source.count("\n", 0, found.start()) + 1, re.sub(r"\{[{%].*?[}%]\}|<[^>]*>", "", found[0])


def wrong(text: str) -> list[str]:
    """Return the names of the words that a text has where none of the allowed phrases covers them."""
    plain = " ".join(text.split())
    spans = [found.span() for phrase in RIGHT.values() for found in phrase.finditer(plain)]
    return [
        name
        for name, word in FOUND.items()
        for found in word.finditer(plain)
        if not any(start <= found.start() < end or found.start() <= start < found.end() for start, end in spans)
    ]


def read_files() -> list[Path]:
    named = [(path, path.relative_to(ROOT).as_posix()) for path in tracked_files()]
    return [path for path, name in named if name.startswith(READ) and path.suffix in {*PROSE, ".py"}]


def test_no_text_has_a_word_that_we_do_not_say() -> None:
    files = read_files()
    assert len(files) > 300
    assert [
        f"{path.relative_to(ROOT)}:{line}: {', '.join(names)}"
        for path in files
        for line, text in texts(path)
        for names in [wrong(text)]
        if names
    ] == []


def test_every_phrase_that_is_allowed_is_there() -> None:
    read = " ".join(" ".join(text.split()) for path in read_files() for _, text in texts(path))
    assert [phrase for phrase, found in RIGHT.items() if not found.search(read)] == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("The file is no team.", ["is no"]),
        ("There is no team.", []),
        ("A file beside it.", ["beside"]),
        ("What stands there.", ["stands"]),
        ("None stands for `otherwise`.", []),
        ("As the record tells.", ["tells"]),
        ("No row can tell the two apart.", []),
        ("The thread goes\n    on.", ["goes on"]),
        ("An answer held against its contract.", ["held against"]),
        ("The team came to a decision.", ["comes to"]),
        ("Other patterns than rounds.", ["other than"]),
        ("Patterns other than rounds.", []),
        ("It lets nobody speak who is not listed.", ["nobody not"]),
    ],
)
def test_a_word_is_found_where_it_is_wrong(text: str, names: list[str]) -> None:
    assert wrong(text) == names


def test_examples_and_names_in_the_code_are_not_read() -> None:
    code = 'told = "stands"\n\n\ndef f() -> None:\n    """Say it.\n\n    >>> tell(1)\n    """\n'
    assert [names for _, text in texts_of_code(code) for names in [wrong(text)] if names] == []
