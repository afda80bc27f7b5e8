"""Forms as a browser without scripts fills and sends them: what is not typed stays, lines end as HTML says.

Read from the page alone, by the rules of HTML, so that what the board forgets to write is missing here, too.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode, urlsplit

import httpx

from tests.service.process import PATIENCE_SECONDS

Attributes = dict[str, str]


@dataclass
class Control:
    """A field of a form: its attributes, and what it has or offers."""

    tag: str
    attributes: Attributes
    text: str = ""
    options: list[tuple[str, bool]] = field(default_factory=list)

    @property
    def value(self) -> str:
        """What is sent of it where nobody changes it."""
        if self.tag == "select":
            return next((value for value, is_chosen in self.options if is_chosen), self.options[0][0])
        return self.text.removeprefix("\n") if self.tag == "textarea" else self.attributes.get("value", "on")


@dataclass
class Form:
    """A form, and its controls in order."""

    attributes: Attributes
    controls: list[Control] = field(default_factory=list)

    def named(self, name: str) -> list[Control]:
        return [each for each in self.controls if each.attributes.get("name") == name]

    def offered(self, name: str) -> list[str]:
        """What may be chosen: the values of radio buttons or options of one name."""
        found = self.named(name)
        return [value for value, _ in found[0].options] if found and found[0].tag == "select" else _values(found)

    def typed(self, name: str) -> str:
        """What a text field has."""
        (found,) = self.named(name)
        return found.value

    def chosen(self, name: str) -> list[str]:
        """Which of its radio buttons are chosen."""
        return _values([each for each in self.named(name) if "checked" in each.attributes])

    def sent(self, button: str | None, **typed: str) -> str:
        """What a browser sends, urlencoded, with the button of a value pressed, or the first."""
        pairs: list[tuple[str, str]] = []
        pressed = next(
            each for each in self.controls if each.tag == "button" and button in (None, each.attributes.get("value"))
        )
        for each in self.controls:
            name, kind = each.attributes.get("name"), each.attributes.get("type", "text")
            if name is None or (each.tag == "button" and each is not pressed):
                continue
            if kind == "radio":
                if each.value == typed.get(name, next(iter(self.chosen(name)), None)):
                    pairs.append((name, each.value))
                continue
            if kind == "hidden" or each.tag == "button":
                assert name not in typed, "nobody types into what is not shown"
            pairs.append((name, typed.get(name, each.value)))
        assert {*typed} <= {name for name, _ in pairs}, "what is typed has a field, and what is chosen is offered"
        return urlencode([(name, value.replace("\r\n", "\n").replace("\n", "\r\n")) for name, value in pairs])


def _values(controls: list[Control]) -> list[str]:
    return [each.value for each in controls]


class Page(HTMLParser):
    """A page: its text, its forms, what its elements with an id hold, and its links."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.source, self.words = text, ""
        self.forms: list[Form] = []
        self.held: dict[str, str] = {}
        self.links: list[str] = []
        self.times: list[str] = []
        self.alerts: list[str] = []
        self.language = ""
        self._open: list[tuple[str, Attributes]] = []
        self.feed(text)

    @property
    def form(self) -> Form:
        """The form in which somebody answers."""
        (found,) = (each for each in self.forms if "answer" in each.attributes.get("class", "").split())
        return found

    @property
    def said(self) -> str:
        """Its text, on one line."""
        return " ".join(self.words.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._begin(tag, {name: value or "" for name, value in attrs})

    def _begin(self, tag: str, values: Attributes) -> None:
        if tag == "html":
            self.language = values["lang"]
        if tag == "a":
            self.links.append(values["href"])
        if tag == "time":
            self.times.append(values["datetime"])
        self._note(tag, values)
        if values.get("role") == "alert":
            self.alerts.append("")
        if tag not in ("input", "meta", "link", "br", "wbr", "hr"):
            self._open.append((tag, values))

    def _note(self, tag: str, values: Attributes) -> None:
        """Note what belongs to a form."""
        if tag == "form":
            self.forms.append(Form(values))
        elif tag in ("input", "select", "textarea", "button") and self.forms:
            self.forms[-1].controls.append(Control(tag, values))
        elif tag == "option":
            self.forms[-1].controls[-1].options.append((values["value"], "selected" in values))

    def handle_endtag(self, tag: str) -> None:
        if tag in [name for name, _ in self._open]:
            while self._open.pop()[0] != tag:
                pass

    def handle_data(self, data: str) -> None:
        self.words += data
        if self._open and self._open[-1][0] == "textarea":
            self.forms[-1].controls[-1].text += data
        for _, values in self._open:
            if "id" in values:
                self.held[values["id"]] = self.held.get(values["id"], "") + data
        if any(values.get("role") == "alert" for _, values in self._open):
            self.alerts[-1] += data


class Reader:
    """Somebody at the board, with cookies of their own, and perhaps a session."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        address = urlsplit(str(client.base_url))
        self.origin = f"{address.scheme}://{address.netloc}"

    def open(self, path: str, status: int = 200) -> Page:
        answer = self.client.get(path)
        assert answer.status_code == status, (answer.status_code, Page(answer.text).said)
        return Page(answer.text)

    def press(self, page: Page, button: str | None = None, **typed: str) -> httpx.Response:
        """Send the form of a page; what it leads to is not followed."""
        return self.post(page.form.attributes["action"], page.form.sent(button, **typed))

    def post(self, path: str, body: str) -> httpx.Response:
        headers = {"origin": self.origin, "content-type": "application/x-www-form-urlencoded"}
        return self.client.post(path, content=body, headers=headers)

    def log_in(self, token: str) -> None:
        page = self.open("/board/login")
        (form,) = (each for each in page.forms if each.attributes["action"] == "/board/login")
        answer = self.post("/board/login", form.sent(None, token=token))
        assert answer.status_code == 303, answer.text


@contextmanager
def reader_at(url: str, token: str | None = None, **headers: str) -> Iterator[Reader]:
    """Open a browser at a service."""
    with httpx.Client(base_url=url, timeout=PATIENCE_SECONDS, headers=headers) as client:
        reader = Reader(client)
        if token is not None:
            reader.log_in(token)
        yield reader
