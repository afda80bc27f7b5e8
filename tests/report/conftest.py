"""The runs of the reports, each made once a session of tests."""

from collections.abc import Callable

import pytest

from tests.report.stage import Told
from tests.report.works import EVERY

Telling = Callable[[str], Told]


@pytest.fixture(scope="session")
def story(tmp_path_factory: pytest.TempPathFactory) -> Telling:
    """Returns a story by its name."""
    known: dict[str, Told] = {}

    def tell(name: str) -> Told:
        if name not in known:
            known[name] = EVERY[name](tmp_path_factory.mktemp(name))
        return known[name]

    return tell
