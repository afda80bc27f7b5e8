"""The page: whole, self-contained, legible, and everything in it only text."""

import re
import subprocess
import sys
import zipfile
from html.parser import HTMLParser
from itertools import product
from pathlib import Path

import pytest

from graph.report.html.page import FOLDER, page_of
from tests.obeyed import OBEYED
from tests.report.conftest import Telling
from tests.report.stage import HOSTILE
from tests.report.test_dossier import unbegun
from tests.report.works import EVERY, WORKS

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
VOID = {"meta", "br", "img", "link", "input", "hr", "wbr"}
LOADING = {"src", "srcset", "href", "xlink:href", "data", "action", "formaction", "poster", "background", "style"}
ALLOWED = {
    *("html", "head", "meta", "title", "style", "body", "header", "main", "section", "article", "footer"),
    *(
        "h1",
        "h2",
        "h3",
        "p",
        "ul",
        "ol",
        "li",
        "dl",
        "dt",
        "dd",
        "div",
        "span",
        "b",
        "small",
        "code",
        "pre",
        "bdi",
        "wbr",
        "details",
        "summary",
    ),
    *("table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "time"),
    *("svg", "defs", "pattern", "path", "rect", "circle", "text", "g", "desc"),
}
TONES = ("go", "caution", "block", "human", "open", "stopped", "done")
HOSTILES = ["hostile", "hostile_world", *(name for name in WORKS if name.startswith("hostile"))]


class Reader(HTMLParser):
    """Reads a page, and fails where a tag is closed that is not open."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.comments: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] != ["style"]:
            self.text.append(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    def values(self, name: str) -> list[str | None]:
        return [attrs[name] for _, attrs in self.tags if name in attrs]


@pytest.mark.parametrize("name", EVERY)
def test_every_tag_is_closed_and_known(name: str, story: Telling) -> None:
    reader = Reader(story(name).page)
    assert reader.open == []
    assert {tag for tag, _ in reader.tags} <= ALLOWED
    assert reader.comments == []


@pytest.mark.parametrize("name", EVERY)
def test_nothing_is_loaded_and_nothing_runs(name: str, story: Telling) -> None:
    reader = Reader(story(name).page)
    for tag, attributes in reader.tags:
        assert not LOADING & attributes.keys(), (tag, attributes)
        assert not [key for key in attributes if key.startswith("on")]
    assert not re.search(r"url\((?!#hatch-\d+\))|@import|@font-face", story(name).page)


@pytest.mark.parametrize("name", EVERY)
def test_the_page_forbids_itself_everything_but_its_own_style(name: str, story: Telling) -> None:
    (policy,) = [
        attrs["content"]
        for _, attrs in Reader(story(name).page).tags
        if attrs.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy == "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


@pytest.mark.parametrize("name", EVERY)
def test_the_page_can_be_read_without_eyes(name: str, story: Telling) -> None:
    reader = Reader(story(name).page)
    assert [attrs.get("lang") for tag, attrs in reader.tags if tag == "html"] == ["en"]
    assert [tag for tag, _ in reader.tags if tag == "h1"] == ["h1"]
    assert all(attrs.get("scope") in ("row", "col") for tag, attrs in reader.tags if tag == "th")
    drawn = [attrs for tag, attrs in reader.tags if tag == "svg" and attrs.get("role") == "img"]
    assert all(attrs.get("aria-label") or attrs.get("aria-labelledby") for attrs in drawn)
    ids = reader.values("id")
    assert len(ids) == len(set(ids))
    assert {*reader.values("aria-labelledby"), *reader.values("aria-describedby")} <= {*ids}


@pytest.mark.parametrize("name", ["hostile_raw", *HOSTILES])
def test_a_hostile_text_is_shown_as_it_is(name: str, story: Telling) -> None:
    shown = "".join(Reader(story(name).page).text)
    assert "<script>alert(1)</script><img src=x onerror=alert(2)>" in shown
    assert "\"'><svg/onload=alert(4)> {{ 7 * 7 }} {% raw %} {# note #}" in shown.replace('\\"', '"')


@pytest.mark.parametrize("name", HOSTILES)
def test_no_hostile_character_reaches_the_page(name: str, story: Telling) -> None:
    assert OBEYED.search(HOSTILE)
    assert OBEYED.findall(story(name).page) == []


def test_a_long_word_is_kept_whole(story: Telling) -> None:
    assert "X" * (4_000 - len(HOSTILE)) in story("hostile").page


def test_what_cannot_be_said_twice_is_not_left_out(story: Telling) -> None:
    shown = "".join(Reader(story("go_with_caution").page).text)
    for heading in (
        *("Goal", "Brief", "Why", "Stances", "Conflicts", "Flags", "Dissent", "Guards", "What would have changed it"),
        *("Power of roles", "Timeline", "Cost and usage", "Facts", "Record", "Versions", "SHA-256"),
    ):
        assert heading in shown


def test_a_thread_that_has_not_begun_has_a_page_of_its_own() -> None:
    reader = Reader(unbegun().page)
    assert reader.open == []
    assert "Not begun" in "".join(reader.text)


def test_a_word_that_the_dossier_lacks_is_an_error_and_no_gap(story: Telling) -> None:
    dossier = {key: value for key, value in story("go").dossier.items() if key != "powers"}
    with pytest.raises(Exception, match="powers"):
        page_of(dossier)


def colours(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6})", block))


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("place", [0, 1], ids=["light", "dark"])
def test_every_colour_of_text_stands_out_from_its_ground(place: int) -> None:
    found = colours(re.findall(r":root \{(.*?)\}", (FOLDER / "palette.css").read_text(), flags=re.DOTALL)[place])
    for text, ground in product((*TONES, "ink", "quiet"), ("paper", "raised")):
        assert contrast(found[text], found[ground]) >= 4.5, (text, ground)


def test_the_style_holds_nothing_that_ends_it() -> None:
    style = (FOLDER / "page.css").read_text()
    assert not re.search(r"</|\{\{|\{%|\{#", style)


@pytest.mark.slow
def test_the_files_of_the_page_are_in_the_wheel(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)]
    subprocess.run(command, capture_output=True, check=True)
    (built,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(built).namelist())
    assert {f"graph/report/html/templates/{path.name}" for path in FOLDER.iterdir()} <= names


ORDER = (
    *("Why", "Guards", "What would have changed it", "Stances", "Dissent", "Brief"),
    *("Power of roles", "Cost and usage", "Facts", "Timeline", "Record"),
)


def test_why_comes_before_who_said_what_and_the_brief_after_it(story: Telling) -> None:
    each = story("capped")
    titles = {
        "page": re.findall(r"<h2[^>]*>(.*?)</h2>", each.page),
        "markdown": re.findall(r"^## (.*)$", each.markdown, flags=re.MULTILINE),
    }
    for medium, found in titles.items():
        assert [title for title in found if title in ORDER] == [*ORDER], medium


def outside_the_record(page: str) -> str:
    """What a reader reads before the section that holds the hashes and the names of the roles."""
    return "".join(
        Reader(page.partition('<section class="part" aria-labelledby="record">')[0] + "</main></body></html>").text
    )


@pytest.mark.parametrize("name", ["go", "capped", "timeout", "refused", "many_rounds", "crowd"])
def test_a_reader_meets_titles_and_no_names_of_roles(name: str, story: Telling) -> None:
    each = story(name)
    roles = {row["role"]: row["title"] for block in each.dossier["matrix"] for row in block["rows"]}
    assert len(roles) >= 3
    for text in (outside_the_record(each.page), each.markdown.partition("## Record")[0].replace("\\_", "_")):
        # What a role wrote itself stays as it wrote it.
        ours = re.sub(r'\w+ says so\.|"agent": "\w+"', "", text)
        assert not [role for role in roles if re.search(rf"\b{role}\b", ours)]
        assert not [title for title in roles.values() if title not in ours]


def test_every_word_of_every_round_is_folded_below_the_stances(story: Telling) -> None:
    page = (
        story("no_go").page.partition('<section class="part" aria-labelledby="stances">')[2].partition("</section>")[0]
    )
    folds = re.findall(r"<details><summary>(.*?)</summary>(.*?)</details>", page, flags=re.DOTALL)
    rounds = story("no_go").record["history"]
    assert [title for title, _ in folds] == [f"Round {entry['round']}: what each role said" for entry in rounds]
    for (_, words), entry in zip(folds, rounds, strict=True):
        text = "".join(Reader(f"<div>{words}</div>").text)
        assert all(said["summary"] in text and said["actions"][0] in text for said in entry["contributions"])


def test_facts_timeline_and_hashes_are_folded(story: Telling) -> None:
    sections = dict(
        re.findall(r'<section class="part" aria-labelledby="(\w+)">(.*?)</section>', story("go").page, flags=re.DOTALL)
    )
    for name, inside in {"facts": "<table", "timeline": "<ol", "record": "<table"}.items():
        assert inside not in sections[name].partition("<details>")[0], name
        assert inside in sections[name], name
    assert 'class="guard' not in "".join(re.findall(r"<details>.*?</details>", story("capped").page, flags=re.DOTALL))


def test_a_decision_says_that_nobody_signed_it_yet(story: Telling) -> None:
    for name, is_decided in {"go": True, "many_rounds": False, "debate": False}.items():
        each = story(name)
        assert (
            ("the team; nobody has signed it" in each.page)
            == ("the team; nobody has signed it" in each.markdown)
            == is_decided
        ), name


def test_a_conflict_that_comes_again_is_said_once(story: Telling) -> None:
    each = story("many_rounds")
    assert each.markdown.count("- Rounds 1–8: ") == 1
    assert "".join(Reader(each.page).text).count("Rounds 1–8") == 1
