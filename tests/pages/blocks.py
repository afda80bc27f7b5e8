"""The blocks of a page that change the tree: new files whole, and edits as a diff without line numbers."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

NEW_FILE = re.compile(r"^New file `([^`]+)`:\n\n```\w+\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)
DIFF = re.compile(r"^```diff\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Edit:
    """Lines of a file, and what they become."""

    file: str
    old: str
    new: str

    def apply(self, root: Path) -> None:
        """Change the file; the lines must be there exactly once."""
        path = root / self.file
        text = path.read_text(encoding="utf-8")
        assert text.count(self.old) == 1, f"{self.file} has not exactly once:\n{self.old}"
        path.write_text(text.replace(self.old, self.new), encoding="utf-8")


def new_files(page: str) -> dict[str, str]:
    """Return the new files of a page, by path."""
    return dict(NEW_FILE.findall(page))


def edits(page: str) -> Iterator[Edit]:
    """Yield the edits of a page, in order."""
    for block in DIFF.findall(page):
        for part in block.split("--- ")[1:]:
            file, *lines = part.splitlines()
            old = [line[1:] for line in lines if line[:1] != "+"]
            new = [line[1:] for line in lines if line[:1] != "-"]
            yield Edit(file, "".join(f"{line}\n" for line in old), "".join(f"{line}\n" for line in new))


def apply_page(page: str, root: Path) -> None:
    """Make all changes of a page in a tree."""
    for name, text in new_files(page).items():
        assert not (root / name).exists(), name
        (root / name).write_text(text, encoding="utf-8")
    for edit in edits(page):
        edit.apply(root)
