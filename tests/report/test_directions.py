"""Each character of Unicode that turns the direction of text is written out, on the page and in Markdown."""

from pathlib import Path

import pytest

from tests.report.stage import FACTS, Told, stances, tell
from tests.report.test_markdown import PARSER
from tests.report.test_page import Reader

pytestmark = pytest.mark.slow

# From the property Bidi_Control in PropList.txt of Unicode.
BIDI_CONTROL = {
    "arabic letter mark": 0x061C,
    "left-to-right mark": 0x200E,
    "right-to-left mark": 0x200F,
    "left-to-right embedding": 0x202A,
    "right-to-left embedding": 0x202B,
    "pop directional formatting": 0x202C,
    "left-to-right override": 0x202D,
    "right-to-left override": 0x202E,
    "left-to-right isolate": 0x2066,
    "right-to-left isolate": 0x2067,
    "first strong isolate": 0x2068,
    "pop directional isolate": 0x2069,
}
PLACES = ("goal", "brief", "summary", "action", "fact", "key")


@pytest.fixture(scope="module")
def turned(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """A run in which every text of people and of models holds all twelve, each after its own word."""

    def text(place: str) -> str:
        return " ".join(f"{place}{number:04X}{chr(number)}fdp.exe" for number in BIDI_CONTROL.values())

    home: Path = tmp_path_factory.mktemp("turned")
    speech = stances(risk_analyst="caution")
    return tell(
        home,
        lambda question: {**speech(question), "summary": text("summary"), "actions": [text("action")]},
        "policy=launch",
        goal=text("goal"),
        brief=text("brief"),
        facts={**FACTS, "note": text("fact"), text("key"): 1},
    )


def read(medium: str, told: Told) -> str:
    """What a reader sees of the page or of the Markdown."""
    if medium == "page":
        return "".join(Reader(told.page).text)
    tokens = [part for token in PARSER.parse(told.markdown) for part in token.children or []]
    return "\n".join(token.content for token in tokens)


@pytest.mark.parametrize("medium", ["page", "markdown"])
@pytest.mark.parametrize("number", BIDI_CONTROL.values(), ids=[*BIDI_CONTROL])
def test_a_direction_is_seen_and_never_obeyed(number: int, medium: str, turned: Told) -> None:
    source = {"page": turned.page, "markdown": turned.markdown}[medium]
    assert chr(number) not in source
    assert f"&#{number};" not in source
    assert f"&#x{number:x};" not in source.lower()
    for place in PLACES:
        assert f"{place}{number:04X}\\u{number:04x}fdp.exe" in read(medium, turned), place
