"""The sentences that the program says, found in its source, and the catalogues that have them in other languages."""

import ast
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

from graph.languages.catalogue import FOLDER

ROOT = Path(__file__).parents[2]

KEYWORDS = {"say": None, "phrase": None, "say_count": (1, 2)}
SHIPPED_POLICY = re.compile(r"(title|because): ([^{}\n]+?)\}?$", re.MULTILINE)
"""What people read of a shipped policy: how it decides, and the reason of a row, which ends its line."""


def extract_policy(file: IO[bytes], *_: Any, **_options: Any) -> Iterator[tuple[int, str, str, list[str]]]:
    """The sentences of a shipped policy, as Babel wants them."""
    for found in SHIPPED_POLICY.finditer(file.read().decode()):
        yield 1, "phrase", found[2], []


METHODS: Any = [
    ("shipped/*.yaml", extract_policy),
    ("**.py", "tests.languages.catalogues:said_in_python"),
    ("**/templates/**.html", "jinja2.ext:babel_extract"),
]

PARTS = {
    "policies": ["policies"],
    "nodes": ["nodes"],
    "report": ["graph/report"],
    "board": ["graph/web/board"],
    "commands": ["graph"],
}
"""Each catalogue and the folders whose sentences it has; a sentence of several is in the first of them."""

HEADER = """msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: {forms}\\n"

"""

PLURALS = {"fr": "nplurals=2; plural=(n > 1);"}

Sentence = str | tuple[str, str]


def said_in_python(
    file: IO[bytes], keywords: Collection[str], comment_tags: Any, options: Any
) -> Iterator[tuple[int, str, Sequence[str], list[str]]]:
    """The sentences that a source file says, those within an f-string too, which Babel does not look into."""
    for call in ast.walk(ast.parse(file.read())):
        name = _called(call.func) if isinstance(call, ast.Call) else None
        if isinstance(call, ast.Call) and name is not None and name in keywords:
            given = call.args[:2] if KEYWORDS[name] else call.args[:1]
            words = [each.value for each in given if isinstance(each, ast.Constant) and isinstance(each.value, str)]
            if len(words) == len(given) > 0:
                yield call.lineno, name, words, []


def _called(function: ast.expr) -> str | None:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else None


def languages() -> list[str]:
    """The languages that have a catalogue."""
    return sorted(each.name for each in FOLDER.iterdir() if each.is_dir() and not each.name.startswith("__"))


def said_in(folder: str) -> Iterator[Sentence]:
    """The sentences that the files of a folder say."""
    for _, _, found, _, _ in extract_from_dir(ROOT / folder, METHODS, keywords=KEYWORDS):
        yield found if isinstance(found, str) else (found[0], found[1])


def sentences() -> dict[str, list[Sentence]]:
    """The sentences of each catalogue, sorted."""
    known: set[Sentence] = set()
    found = {}
    for part, folders in PARTS.items():
        mine = {each for folder in folders for each in said_in(folder)} - known
        known |= mine
        found[part] = sorted(mine, key=lambda each: each if isinstance(each, str) else each[0])
    return found


def file_of(language: str, part: str) -> Path:
    return FOLDER / language / f"{part}.po"


def read_catalogue(path: Path) -> Catalog:
    with path.open("rb") as opened:
        return read_po(opened)


def translations(language: str) -> dict[Sentence, Any]:
    """What the catalogues of a language have, by the English; a sentence in two of them is an error."""
    found: dict[Sentence, Any] = {}
    for part in PARTS:
        for message in read_catalogue(file_of(language, part)) if file_of(language, part).exists() else ():
            if message.id:
                english: Sentence = message.id if isinstance(message.id, str) else (message.id[0], message.id[1])
                found[english] = message.string
    return found


def write_catalogues(language: str) -> list[Sentence]:
    """Write the catalogues of a language anew: what is said now, with what was translated; return what lacks words."""
    before, lacking = translations(language), []
    for part, found in sentences().items():
        _write(language, part, found, before)
        lacking += [each for each in found if not any(before.get(each, ""))]
    return lacking


def _write(language: str, part: str, found: Iterable[Sentence], before: Mapping[Sentence, Any]) -> None:
    catalogue = Catalog()  # without a locale, for which Babel knows a form more than `PLURALS` declares
    for english in found:
        empty: Any = "" if isinstance(english, str) else ("", "")
        catalogue.add(english, before.get(english, empty))
    path = file_of(language, part)
    path.parent.mkdir(exist_ok=True)
    with path.open("wb") as opened:
        opened.write(HEADER.replace("{forms}", PLURALS[language]).encode())
        write_po(opened, catalogue, width=120, no_location=True, omit_header=True, sort_output=True)
