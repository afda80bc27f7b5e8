"""Whether people can use a page, whoever they are and whatever they hold in their hands."""

from typing import Any

from tests.chromium import Barrier, Scheme, Tab

WIDTHS = (320, 360, 1280)
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
HEIGHT = 800
GRAVE = ("serious", "critical")

OVERFLOW = "document.documentElement.scrollWidth - innerWidth"
BEYOND = """[...document.querySelectorAll('body *')].filter(each => !each.closest('.scroll, .unseen, .skip, svg *')
  && each.getBoundingClientRect().right > innerWidth + 1).map(each => each.outerHTML.slice(0, 120))"""
UNSEEN = """[...document.querySelectorAll('a, button, input:not([type=hidden]), select, textarea, summary')]
  .filter(each => !each.matches('.skip') && !each.closest('details:not([open]) > :not(summary), [hidden]'))
  .filter(each => { const at = each.getBoundingClientRect();
    return !each.checkVisibility({opacityProperty: true, visibilityProperty: true}) || at.width < 8 || at.height < 8
      || at.left < -1 || at.right > innerWidth + 1; }).map(each => each.outerHTML.slice(0, 120))"""
"""Controls that nobody can reach by looking."""


def faults(tab: Tab, url: str, name: str, status: int = 200) -> dict[tuple[int, Scheme], Any]:
    """Return what is wrong with a page by width and scheme: what sticks out, what keeps people out, what it said."""
    found = {}
    for width in WIDTHS:
        for scheme in SCHEMES:
            got = tab.open(url, width, HEIGHT, scheme)
            tab.shoot(f"{name}-{width}-{scheme}")
            said = [line for line in tab.said if not (status >= 400 and f"status of {status} (" in line)]
            tab.said.clear()
            found[width, scheme] = [*([got] if got != status else ()), *wrong(tab), *said]
    return {place: wrong for place, wrong in found.items() if wrong}


def wrong(tab: Tab) -> list[Any]:
    """Return what is wrong with the page that is open."""
    overflow = tab.ask(OVERFLOW)
    return [*([overflow] if overflow else ()), *tab.ask(BEYOND), *tab.ask(UNSEEN), *grave(tab)]


def grave(tab: Tab) -> list[Barrier]:
    """Return what keeps people out of a page, of what is serious."""
    return [each for each in tab.barriers() if each[1] in GRAVE]
