"""The page and the Markdown of each pattern: the graph of a plan, its marks, and what stands beside it in words."""

import re

import pytest

from tests.report.conftest import Telling
from tests.report.test_markdown import shown
from tests.report.test_page import Reader
from tests.report.works import WORKS

pytestmark = pytest.mark.slow


def classes_of(name: str, tag: str, story: Telling) -> list[list[str]]:
    reader = Reader(story(name).page)
    return [(attributes.get("class") or "").split() for found, attributes in reader.tags if found == tag]


def nodes_of(name: str, story: Telling) -> list[set[str]]:
    return [{*classes[1:]} for classes in classes_of(name, "g", story) if classes[:1] == ["node"]]


def edges_of(name: str, kind: str, story: Telling) -> int:
    paths = [attributes for tag, attributes in Reader(story(name).page).tags if tag == "path"]
    return sum((path["d"] or "").count("M") for path in paths if path.get("class") == kind)


def test_a_plan_is_a_graph_with_a_node_a_step_and_a_line_a_dependency(story: Telling) -> None:
    assert nodes_of("plan", story) == [
        *({"go", "done", "critical"}, {"go", "done"}),
        *({"go", "done", "critical"}, {"go", "done", "critical"}, {"go", "done"}),
    ]
    assert (edges_of("plan", "edge", story), edges_of("plan", "edge critical", story)) == (2, 2)


def test_failed_steps_and_those_that_wait_for_them_are_marked(story: Telling) -> None:
    states = [node & {"done", "failed", "blocked", "open"} for node in nodes_of("plan_failed", story)]
    assert states == [{"done"}, {"failed"}, {"blocked"}, {"blocked"}, {"done"}] * 2


def test_a_graph_is_named_and_told_in_words(story: Telling) -> None:
    reader = Reader(story("plan").page)
    (drawn,) = [attributes for tag, attributes in reader.tags if tag == "svg" and attributes.get("class") == "plan"]
    assert drawn["role"] == "img"
    ids = {attributes["id"]: tag for tag, attributes in reader.tags if "id" in attributes}
    assert ids[drawn["aria-labelledby"]] == "title"
    assert ids[drawn["aria-describedby"]] == "desc"
    text = "".join(reader.text)
    assert "Plan as a graph" in text
    assert "Step 3, The writer, done, on the critical path: Write the report." in text


def test_a_long_plan_is_small_on_screen_and_its_graph_is_not_printed(story: Telling) -> None:
    boxes = [{*classes} for classes in classes_of("plan_long", "div", story)]
    assert {"scroll", "graph", "long"} in boxes
    assert {"scroll", "list"} in boxes
    assert len(nodes_of("plan_long", story)) == 200
    assert {"scroll", "list"} not in [{*classes} for classes in classes_of("plan", "div", story)]


def test_a_debater_that_moved_is_marked_in_words_too(story: Telling) -> None:
    assert len(re.findall(r"</span> moved</span>", story("debate").page)) == 1
    assert story("debate").markdown.count("→ moved: Ship now.") == 1


def test_each_section_has_a_heading_in_the_order_of_the_work(story: Telling) -> None:
    headings = re.findall(r"<h2 [^>]*>([^<]+)</h2>", story("debate").page)
    assert headings == [
        *("Goal", "Answer", "Positions", "Verdict", "Cost and usage", "Facts", "Timeline", "Record"),
    ]
    assert "Stances" in re.findall(r"<h2 [^>]*>([^<]+)</h2>", story("vote").page)


def test_a_team_within_is_set_apart(story: Telling) -> None:
    assert len([classes for classes in classes_of("nested", "div", story) if classes == ["within"]]) == 2
    lines = story("nested").markdown.splitlines()
    assert [line for line in lines if line.startswith("> > A debate")] == ["> > A debate (debate)"]
    assert "> A hierarchy (hierarchy)" in lines


def test_a_team_within_is_called_by_its_title(story: Telling) -> None:
    each = story("market_entry")
    for text in ("".join(Reader(each.page).text), each.markdown.replace("\\_", "_")):
        assert not re.search("market_team|licence_team|launch_team", text.partition("Timeline")[0])


def part_of(text: str, begin: str, end: str) -> str:
    return text.partition(begin)[2].partition(end)[0]


def test_the_lists_in_an_answer_are_lists_wherever_it_is_told(story: Telling) -> None:
    each = story("support_backlog")
    page = part_of(each.page, ">Assignments</h2>", "</section>")
    assert re.findall(r"<li><bdi[^>]*>(.*?)</bdi></li>", page)[:2] == [
        "Release the fix this week",
        "Close the login tickets with one answer after that",
    ]
    assert not re.search(r"^- ", page, flags=re.MULTILINE)
    markdown = part_of(each.markdown, "## Assignments", "\n## ")
    assert "> - Release the fix this week" in markdown
    assert "\\- " not in markdown


def test_what_a_team_within_said_is_not_said_again_above_it(story: Telling) -> None:
    each = story("market_entry")
    for text in (
        part_of(each.page, ">Assignments</h2>", "</section>"),
        part_of(each.markdown, "## Assignments", "## "),
    ):
        for said in ("The market grows fast.", "There is time for the licence", "More shops have signed"):
            assert text.count(said) == 1, said
        assert text.count("Train the shops in February") == 1


def test_what_only_the_answer_of_a_team_within_says_is_kept(story: Telling) -> None:
    each = story("hierarchy")
    assert part_of(each.page, ">Assignments</h2>", "</section>").count("All of it, in one text.") == 2
    assert part_of(each.markdown, "## Assignments", "\n## ").count("All of it, in one text.") == 2


def test_ballots_are_chips_with_their_word(story: Telling) -> None:
    chips = [classes for classes in classes_of("no_quorum", "span", story) if classes[:1] == ["chip"]]
    assert chips == [["chip", tone] for tone in ("go", "block", "caution", "absent", "go", "block", "absent")]
    assert "| The analyst | ⛔ reject | analyst has a reason. |" in story("no_quorum").markdown


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("plan", "| **3** | 2 | ✅ done | The writer | Write the report. | 1, 2 |"),
        (
            "plan_failed",
            "| 2 | 1 | ✗ failed: The model gave no answer in time | The analyst | Compare the offers. |   |",
        ),
        ("debate", "| The sceptic | Wait a week. | → moved: Ship now. | Ship now. |"),
        ("hierarchy", "◌ Missing: The west, it was given no subtask."),
        ("messages", "| `m1` | The writer | The analyst | question, high, no answer yet | From writer. |"),
        ("workspace", "Adds: point 1"),
        ("conversation", "**2** The analyst"),
        ("parallel", "✗ The coder: absent (The model gave no answer in time)"),
    ],
)
def test_the_markdown_says_the_same(name: str, line: str, story: Telling) -> None:
    assert line in story(name).markdown.splitlines()


@pytest.mark.parametrize("name", WORKS)
def test_the_answer_is_read_whole_on_the_page(name: str, story: Telling) -> None:
    answer, page = story(name).dossier["brief"], "".join(Reader(story(name).page).text)
    assert (answer is None) == (story(name).record["status"] != "ok")
    for line in (answer or "").splitlines():
        assert re.sub(r"^\s*([-*+•]|\d+[.)])\s+", "", line).strip() in page


def test_a_hostile_cell_is_shown_as_it_was(story: Telling) -> None:
    (line,) = [line for line in story("hostile_orchestrator").markdown.splitlines() if line.startswith("| **1** |")]
    assert "<script>alert(1)</script><img src=x onerror=alert(2)>" in shown(line.split(" | ")[4])


@pytest.mark.parametrize(
    ("name", "said", "most"),
    [
        ("market_entry", r"3 (of 3 )?subtasks answered", 1),
        ("support_backlog", r"4 (of 4 )?subtasks answered", 1),
        ("workspace", "6 notes in 3 iterations", 1),
        ("change_freeze", "5 ballots: 3 approve, 1 reject, 1 abstain", 1),
        ("conversation_endless", "2 turns by 2 roles", 1),
        ("messages", r"2 stages in order", 2),
    ],
)
def test_what_was_done_is_said_once_unless_sections_follow(name: str, said: str, most: int, story: Telling) -> None:
    page = story(name).page.partition("<body>")[2]
    for text in ("".join(Reader(f"<body>{page.removesuffix('</html>')}").text), story(name).markdown):
        assert len(re.findall(said, text)) == most


def test_the_power_of_a_role_is_explained_in_the_same_words(story: Telling) -> None:
    means = "How often the role's own stance changes the outcome, over all votes that the others could cast; "
    for text in ("".join(Reader(story("vote").page).text), story("vote").markdown):
        assert f"{means}guards are left out." in text
