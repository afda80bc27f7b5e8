"""What was changed in the database is not explained on the board, and its record is not said to be verified."""

from pathlib import Path

import pytest

from tests.assurance.test_changed_threads import DATABASE, placed, rewrite_kept
from tests.board.tree import tree_of
from tests.service.process import serving
from tests.service.stories import begun

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def test_a_thread_that_was_changed_is_not_explained(tmp_path: Path) -> None:
    with serving(tmp_path) as served, served.client() as client:
        thread = begun(client, "checkout_launch")
        before = tree_of(client.get(f"/board/runs/{thread}/why").text)
    rewrite_kept(tmp_path / DATABASE, placed("case", "team", "policy", "rules", 2, "then", value="no_go"))

    with serving(tmp_path) as served, served.client() as client:
        told = client.get(f"/v1/runs/{thread}/why").json()
        page, run = (tree_of(client.get(f"/board/runs/{thread}{end}").text) for end in ("/why", ""))
        verified = client.get(f"/v1/runs/{thread}/audit/verify").json()

    assert before.titled("record").all("b")[0].text == "Verified"
    assert page.one("h1").text == run.one("h1").text == "Changed"
    assert page.titled("missing").one("p").text == f"{told['message'][0].upper()}{told['message'][1:]}.".replace(
        "`", ""
    )
    assert not any(page.has(each) for each in ("why", "policy", "flips", "guards", "power"))
    assert not any(run.has(each) for each in ("why", "flips"))
    note = page.titled("record").one("p", "note")
    assert "block" in note.classes
    assert verified["broken"]["message"] in note.text
    assert "Verified" not in page.text + run.text
