"""What a page draws, as a tree that shares nothing with what draws it: read by the parser of the standard library."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = ("area", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr")


@dataclass
class Element:
    """An element of a page, with what is within it: other elements, and text."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    within: list["Element | str"] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All text within, its spaces as a browser shows them."""
        return " ".join("".join(self._texts()).split())

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()

    def _texts(self) -> Iterator[str]:
        for each in self.within:
            yield from [each] if isinstance(each, str) else each._texts()
        if self.tag in ("p", "li", "td", "th", "dt", "dd", "h1", "h2", "h3", "summary", "option", "time"):
            yield " "

    def all(self, tag: str | None = None, **wanted: str) -> list["Element"]:
        """Return the elements within of a tag, with these attributes; `_` in a name is `-`."""
        found = [each for each in self._elements() if tag in (None, each.tag)]
        named = {name.rstrip("_").replace("_", "-"): value for name, value in wanted.items()}
        return [each for each in found if named.items() <= each.attributes.items()]

    def one(self, tag: str | None = None, **wanted: str) -> "Element":
        """Return the one such element."""
        (found,) = self.all(tag, **wanted)
        return found

    def of_class(self, name: str) -> list["Element"]:
        return [each for each in self._elements() if name in each.classes]

    def _elements(self) -> Iterator["Element"]:
        for each in self.within:
            if isinstance(each, Element):
                yield each
                yield from each._elements()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.root = Element("")
        self.open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].within.append(made)
        if tag not in VOID:
            self.open.append(made)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open[-1].within.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open[-1].tag == tag, f"</{tag}> closes <{self.open[-1].tag}>"
            self.open.pop()

    def handle_data(self, data: str) -> None:
        self.open[-1].within.append(data)


def drawn(text: str) -> Element:
    """Return the tree of a page; whatever is opened must be closed."""
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert len(reader.open) == 1, [each.tag for each in reader.open]
    return reader.root
