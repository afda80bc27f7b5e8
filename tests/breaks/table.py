"""The table of deliberate breaks."""

from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Break:
    """A break: what is promised, the file, what stands there once, and what is put in its place."""

    promise: str
    file: str
    old: str
    new: str

    def made_in(self, text: str) -> str:
        """Return the file's text with the break."""
        return text.replace(self.old, self.new)

    def lines(self) -> range:
        """Return the numbers of the lines that the break changes, in the file as it is."""
        before, _, _ = (ROOT / self.file).read_text(encoding="utf-8").partition(self.old)
        first = before.count("\n") + 1
        return range(first, first + max(self.old.strip("\n").count("\n") + 1, 1))


FILES = sorted(Path(__file__).parent.glob("*.yaml"))
BREAKS = [Break(**row) for file in FILES for row in YAML(typ="safe").load(file)]
