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
CONTROLS = """[...document.querySelectorAll('a, button, input:not([type=hidden]), select, textarea, summary')]
  .filter(each => !each.closest('.skip') && each.checkVisibility())"""
UNSEEN = f"""{CONTROLS}.filter(each => {{ const at = each.getBoundingClientRect();
    return !each.checkVisibility({{opacityProperty: true, visibilityProperty: true}}) || at.width < 8 || at.height < 8
      || at.left < -1 || (at.right > innerWidth + 1 && !each.closest('.scroll')); }}).map(each => each.outerHTML)"""
"""Controls that nobody can reach by looking."""


def faults(tab: Tab, url: str, name: str, status: int = 200) -> dict[tuple[int, Scheme], Any]:
    """Return what is wrong with a page by width and scheme: what sticks out, what keeps people out, what it said."""
    got = tab.open(url, WIDTHS[0], HEIGHT)
    found = looks(tab, name)
    said = [line for line in tab.said if not (status >= 400 and f"status of {status} (" in line)]
    found[WIDTHS[0], "light"] += [*([got] if got != status else ()), *said]
    return {place: wrong for place, wrong in found.items() if wrong}


def looks(tab: Tab, name: str) -> dict[tuple[int, Scheme], list[Any]]:
    """Return what is wrong with the page that is open, by width and scheme."""
    return {(width, scheme): _seen(tab, width, scheme, name) for width in WIDTHS for scheme in SCHEMES}


def _seen(tab: Tab, width: int, scheme: Scheme, name: str) -> list[Any]:
    tab.turn(width, HEIGHT, scheme)
    tab.shoot(f"{name}-{width}-{scheme}")
    return wrong(tab)


def wrong(tab: Tab) -> list[Any]:
    """Return what is wrong with the page that is open."""
    return [*out_of_reach(tab), *grave(tab)]


def out_of_reach(tab: Tab) -> list[Any]:
    """Return what sticks out of the window of the page that is open, and what cannot be reached by looking."""
    overflow = tab.ask(OVERFLOW)
    return [*([overflow] if overflow else ()), *tab.ask(BEYOND), *tab.ask(UNSEEN)]


def grave(tab: Tab) -> list[Barrier]:
    """Return what keeps people out of a page, of what is serious."""
    return [each for each in tab.barriers() if each[1] in GRAVE]
