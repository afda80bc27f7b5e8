"""Draws the pictures of the README, of a decision's page by day and by night: `python -m tests.report.pictures`."""

import tempfile
from pathlib import Path

from graph.report.html.page import page_of
from graph.teams.loader import Changes, load_team
from graph.teams.voicing import voiced
from tests.chromium import Scheme, open_browser, open_tab
from tests.harness import run, settings_at
from tests.report.stage import told
from tests.runs.stage import state_of

DOCS = Path(__file__).parents[2] / "docs"
SCHEMES: tuple[Scheme, ...] = ("light", "dark")
WIDTH, HEIGHT, SCALE = 1000, 780, 0.8


def draw(folder: Path) -> dict[str, bytes]:
    """Return the top of the page of the README's first decision, in each scheme."""
    settings = settings_at(folder)
    changes = Changes(None, None, ("facts.risk_signals.chargeback_alerts=9",))
    record = run(voiced(load_team("checkout_launch", changes), settings), settings, "launch-1")
    page = folder / "page.html"
    page.write_text(page_of(told("launch-1", record, state_of(settings, "launch-1")).dossier), encoding="utf-8")

    found: dict[str, bytes] = {}
    with open_browser() as browser, open_tab(browser, device_scale_factor=SCALE) as tab:
        for scheme in SCHEMES:
            tab.open(page.as_uri(), WIDTH, HEIGHT, scheme)
            found[scheme] = tab.page.screenshot()
    return found


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        for scheme, picture in draw(Path(name)).items():
            (DOCS / f"page-{scheme}.png").write_bytes(picture)
