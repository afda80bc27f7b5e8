"""A page as a tree, read with the parser of the standard library: nothing of it comes from what drew the page."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"meta", "link", "wbr", "br", "hr", "img", "input"})
SPACE = re.compile(r"\s+")


@dataclass
class Node:
    """An element: its tag, its attributes, and what is in it."""

    tag: str
    attrs: dict[str, str] = field(default_factory=dict)
    parts: list["Node | str"] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What is read of it, spaces folded."""
        return SPACE.sub(" ", "".join(self._texts())).strip()

    def _texts(self) -> Iterator[str]:
        for part in self.parts:
            yield from [part] if isinstance(part, str) else part._texts()

    @property
    def classes(self) -> set[str]:
        """The classes it has."""
        return set(self.attrs.get("class", "").split())

    def every(self) -> Iterator["Node"]:
        """Yield it and all elements below it."""
        yield self
        for part in self.parts:
            if isinstance(part, Node):
                yield from part.every()

    def all(self, tag: str, name: str | None = None) -> list["Node"]:
        """Return the elements of a tag, of a class where one is named."""
        return [each for each in self.every() if each.tag == tag and (name is None or name in each.classes)]

    def one(self, tag: str, name: str | None = None) -> "Node":
        """Return the only element of a tag and class."""
        (found,) = self.all(tag, name)
        return found

    def titled(self, id: str) -> "Node":
        """Return the section whose title has an id."""
        (found,) = [each for each in self.all("section") if each.attrs.get("aria-labelledby") == id]
        return found

    def has(self, id: str) -> bool:
        """Return whether there is such a section."""
        return any(each.attrs.get("aria-labelledby") == id for each in self.all("section"))

    def pairs(self) -> dict[str, str]:
        """Return what its lists of terms say."""
        divs = [each for each in self.every() if each.tag == "div" and each.all("dt")]
        return {each.one("dt").text: each.one("dd").text for each in divs if len(each.all("dt")) == 1}


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open = [Node("page")]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        node = Node(tag, {name: value or "" for name, value in attrs})
        self.open[-1].parts.append(node)
        if tag not in VOID:
            self.open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].parts.append(Node(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self.open[-1].parts.append(data)


def tree_of(page: str) -> Node:
    """Return a page as a tree; every element of it is closed."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    (root,) = reader.open
    return root
