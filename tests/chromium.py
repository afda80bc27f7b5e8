"""The distribution's Chromium, driven by Playwright: pages opened, asked, looked at, read out and printed.

    with open_browser() as browser, open_tab(browser, forced_colors="active") as tab:
        tab.open(page.as_uri(), 360, 800, "dark")
        assert not tab.barriers()

While a browser is open, its thread has a running event loop: nothing in it may call `asyncio.run`.
"""

import base64
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, sync_playwright

from tests.browsers import BROWSERS

FLAGS = ("--disable-gpu", "--disable-quic", "--disable-component-update", "--disable-sync")
SHOTS = "SHOTS"
"""The environment variable that names the folder of the pictures; without it they are not kept."""
Colour = tuple[int, int, int]
Scheme = Literal["light", "dark"]
Media = Literal["screen", "print"]
Barrier = tuple[str, str, list[str]]
"""What keeps people out: a rule of axe-core, how serious it is, and where."""

AXE = resources.files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")
BARRIERS = """() => axe.run(document).then(found => found.violations.map(
  each => [each.id, each.impact, each.nodes.map(node => node.html.slice(0, 120))]))"""
DRAWN = "new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))"
"""What follows a timeline of scrolling is there with the second frame."""
COLOURS = """async png => {
  const image = new Image(); image.src = 'data:image/png;base64,' + png; await image.decode();
  const drawn = new OffscreenCanvas(image.width, image.height).getContext('2d'); drawn.drawImage(image, 0, 0);
  const bytes = drawn.getImageData(0, 0, image.width, image.height).data, found = new Map();
  for (let at = 0; at < bytes.length; at += 4) {
    const colour = bytes[at] << 16 | bytes[at + 1] << 8 | bytes[at + 2];
    found.set(colour, (found.get(colour) ?? 0) + 1);
  }
  return [...found];
}"""


@dataclass(frozen=True, slots=True)
class Tab:
    """One page open in the browser, and what it has asked for and said since it was."""

    page: Page
    scripts: bool = True
    """Whether the page may run any; without them no promise is kept, and `ask` takes plain expressions alone."""
    asked: list[str] = field(default_factory=list)
    """The addresses that the page asked for, its own first, those that its policy refused among them."""
    said: list[str] = field(default_factory=list)
    """The lines of the console, what the browser refused among them; errors of scripts, and dialogs."""

    def __post_init__(self) -> None:
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("console", self._notes())
        self.page.on("pageerror", lambda error: self.said.append(f"failed: {error}"))
        self.page.on("dialog", self._dismisses())

    def open(self, url: str, width: int, height: int, scheme: Scheme = "light", media: Media = "screen") -> int:
        """Open a page in a window of that size and a colour scheme until all of it is drawn; return its status."""
        self.turn(width, height, scheme, media)
        answer = self.page.goto(url)
        self._wait()
        return answer.status if answer else 0

    def turn(self, width: int, height: int, scheme: Scheme = "light", media: Media = "screen") -> None:
        """Show what is open in a window of another size, or in another colour scheme."""
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.emulate_media(media=media, color_scheme=scheme)
        self._wait()

    def ask(self, expression: str) -> Any:
        """Return the value of an expression on the page, a promised one too; the tool may run one, the page may not."""
        return self.page.evaluate(expression)

    def barriers(self) -> list[Barrier]:
        """Return what axe-core finds on the page as it is now, whatever the page's own policy allows."""
        self.ask(AXE)
        return [(rule, impact, where) for rule, impact, where in self.ask(BARRIERS)]

    def colours(self) -> Counter[Colour]:
        """Return how many pixels of each colour are in the window."""
        with self.page.context.new_page() as scratch:
            found = scratch.evaluate(COLOURS, base64.b64encode(self.page.screenshot()).decode())
        return Counter({(colour >> 16, colour >> 8 & 255, colour & 255): count for colour, count in found})

    def printed(self) -> bytes:
        """Return the page as a PDF."""
        return self.page.pdf(prefer_css_page_size=True, print_background=False)

    def shoot(self, name: str) -> None:
        """Keep a picture of the whole page, where somebody wants to look at it."""
        if folder := os.environ.get(SHOTS):
            self.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)

    def _wait(self) -> None:
        if self.scripts:
            self.ask(DRAWN)

    def _notes(self) -> Callable[[ConsoleMessage], None]:
        def note(message: ConsoleMessage) -> None:
            line = f"{message.type}: {message.text}"
            if not line.startswith("verbose: "):  # advice for whoever writes pages
                self.said.append(line)

        return note

    def _dismisses(self) -> Callable[[Dialog], None]:
        def dismiss(dialog: Dialog) -> None:
            self.said.append(f"{dialog.type}: {dialog.message}")
            dialog.dismiss()

        return dismiss


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Start Chromium; it is ended with the context."""
    program = next(filter(None, map(shutil.which, BROWSERS)))
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=program, args=FLAGS) as browser:
        yield browser


@contextmanager
def open_tab(browser: Browser, scripts: bool = True, **options: Any) -> Iterator[Tab]:
    """Open a tab that shares nothing with others; `options` are those of Playwright's `new_context`."""
    with browser.new_context(java_script_enabled=scripts, **options) as context, context.new_page() as page:
        yield Tab(page, scripts)
