"""A visitor of the board: what a browser does, without a script: it keeps cookies, follows redirects, sends forms."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import httpx

from tests.service.process import PATIENCE_SECONDS


@dataclass
class Form:
    """A form of a page: where it is sent, and its fields with what they have."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class Page(HTMLParser):
    """A page as it is read: its title, its language, its text, its links and its forms."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.language, self.title, self.text = "", "", ""
        self.tags: list[tuple[str, Mapping[str, str | None]]] = []
        self.forms: list[Form] = []
        self._within = ""
        self.feed(text)

    @property
    def links(self) -> list[str]:
        """Where its links lead."""
        return [values["href"] or "" for tag, values in self.tags if tag == "a" and "href" in values]

    def form(self, action: str) -> Form:
        """The one form that is sent to this path."""
        (found,) = (each for each in self.forms if each.action == action)
        return found

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        values = dict(attrs)
        self.tags.append((tag, values))
        self._within = tag
        if tag == "html":
            self.language = values.get("lang") or ""
        if tag == "form":
            self.forms.append(Form(values.get("action") or "", (values.get("method") or "get").lower()))
        if tag in ("input", "textarea", "select", "button") and values.get("name") and self.forms:
            self.forms[-1].fields[str(values["name"])] = values.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        """Note that text is not within it any longer."""
        self._within = ""

    def handle_data(self, data: str) -> None:
        """Note text."""
        if self._within == "title":
            self.title += data
        else:
            self.text += data


class Visitor:
    """Somebody with a browser of their own at one service."""

    def __init__(self, url: str, client: httpx.Client) -> None:
        self.url, self._client = url, client
        self.page = Page("")

    @property
    def cookies(self) -> httpx.Cookies:
        """The cookies of the browser."""
        return self._client.cookies

    def get(self, path: str, **headers: str) -> httpx.Response:
        """Open an address, and follow where it leads; the page is the visitor's from then on."""
        answer = self._client.get(path, headers=named(headers), follow_redirects=True)
        self.page = Page(answer.text)
        return answer

    def send(self, path: str, fields: Mapping[str, str] | None = None, **options: Any) -> httpx.Response:
        """Send the form of the page that goes to a path, filled in; what comes then is not followed."""
        form = self.page.form(path)
        assert form.method == "post"
        return self.post(path, {**form.fields, **(fields or {})}, **options)

    def post(self, path: str, fields: Mapping[str, str], **headers: str) -> httpx.Response:
        """Send fields as a page of this service does."""
        return self._client.post(path, data=dict(fields), headers={"origin": self.url, **named(headers)})

    def log_in(self, token: str, following: str = "/board") -> httpx.Response:
        """Log in, as from the page that one wanted to see."""
        self.get(f"/board/login?next={following}")
        answer = self.send("/board/login", {"token": token})
        assert answer.status_code == 303, answer.text
        return answer


def named(headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers as they are sent, from the names of arguments."""
    return {name.replace("_", "-"): value for name, value in headers.items()}


@contextmanager
def visitor(url: str) -> Iterator[Visitor]:
    """Open a browser without cookies."""
    with httpx.Client(base_url=url, timeout=PATIENCE_SECONDS) as client:
        yield Visitor(url, client)


def attributes_of(cookie: str) -> tuple[str, str, set[str]]:
    """Return the name, the value and the attributes of a Set-Cookie header, in lower case."""
    pair, *rest = cookie.split(";")
    name, _, value = pair.partition("=")
    return name, value, {each.strip().lower() for each in rest}


def place_of(url: str) -> str:
    """Return the host and port of an address."""
    return urlsplit(url).netloc
