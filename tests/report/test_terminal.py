"""A record at a terminal: what that of each pattern looks like, and that nothing in it is obeyed."""

import re

import pytest

from graph.record import refused_record
from graph.report.terminal.report import print_report
from tests.obeyed import OBEYED
from tests.report.conftest import Telling
from tests.report.stage import HOSTILE
from tests.report.works import EVERY, WORKS

pytestmark = pytest.mark.slow

Captured = pytest.CaptureFixture[str]
HOSTILES = [name for name in WORKS if name.startswith("hostile")]


def printed(name: str, story: Telling, capsys: Captured) -> str:
    """What the terminal shows, the spaces at the ends of lines left out."""
    capsys.readouterr()
    print_report(story(name).record, story(name).state)
    return re.sub(r" +$", "", capsys.readouterr().out, flags=re.MULTILINE)


SHOWN = {
    "plan": """\
Plan  5 of 5 steps done, in 3 waves.
planned by The planner
├── wave 1
│   ├── ✓ 1 The researcher *  Gather the numbers.
│   └── ✓ 2 The analyst  Compare the offers.
├── wave 2
│   ├── ✓ 3 The writer *  Write the report.  after 1, 2
│   └── ✓ 5 The analyst  Draw the charts.  after 1
└── wave 3
    └── ✓ 4 The reviewer *  Review the report.  after 3
Critical path: 1 → 3 → 4
""",
    "plan_failed": """\
├── wave 1
│   ├── ✓ 1 The researcher *  Gather the numbers.
│   └── ✗ 2 The analyst  Compare the offers.  failed: The model gave no answer in time
├── wave 2
│   ├── ◌ 3 The writer *  Write the report.  after 1, 2  not run: what it waits for failed
""",
    "debate": """\
 debater        opening        reply 1       reply 2
 ─────────────────────────────────────────────────────
 The optimist   Ship now.      Ship now.     Ship now.
 The sceptic    Wait a week.   → Ship now.   Ship now.

→ moved to another position
""",
    "hierarchy": """\
✓ 2 The south  Ask.
├── All of it, in one text.
└── team in_parallel (parallel)
    └── Results  2 roles at once.
        ✓ The inner_one
        └── inner_one worked.
        ✓ The inner_two
        └── inner_two worked.

Missing: The west, it was given no subtask
""",
    "nested": """\
        ✓ 1 The north  Settle it.
        ├── Winner: optimist
        │   Verdict: Ship on Monday.
        │   Reasons:
        │   - The numbers hold.
        │   - Nobody could say why to wait.
        └── team in_debate (debate)
            ├── Positions  2 debaters, 3 rounds of positions.
""",
    "manager": """\
assigned by The boss
✓ 1 The coder  Code.
└── coder worked.
✓ 2 The writer  Write.
└── writer worked.
✓ 3 The coder  Test.
└── coder worked.
""",
    "workspace": """\
iteration 3: refinements
├── The writer
│   ├── writer in iteration 3.
│   └── adds nothing
└── The analyst
    ├── analyst in iteration 3.
    └── adds nothing

Ended early: nobody added anything.
""",
    "conversation": """\
  2 The analyst
    Turn 2.
  3 The writer
    Agreed.
    TASK_COMPLETE
""",
    "no_quorum": """\
 voter         vote      reason
 ────────────────────────────────────────────────────────
 The writer    approve   writer has a reason.
 The analyst   reject    analyst has a reason.
 The coder     absent    The model gave no answer in time

Tally: 1 approve, 1 reject, 0 abstain, 1 absent
""",
    "parallel": """\
✗ The coder  absent: The model gave no answer in time
""",
    "parallel_stopped": """\
Stopped: llm_timeout at answers, The analyst
The model gave no answer in time.

""",
    "plan_refused": """\
Stopped: invalid_plan:step_1:unknown_agent:nobody at plan, The planner
The plan broke its contract, and no repair was left: step 1 names an agent that the team does not
have: nobody.
Offered: {"steps": [{"agent": "nobody", "task": "Look.", "dependencies": []}]}
""",
}
"""What stands in what is printed, line by line."""


@pytest.mark.parametrize("name", SHOWN)
def test_each_pattern_is_shown_in_its_own_way(name: str, story: Telling, capsys: Captured) -> None:
    assert SHOWN[name] in printed(name, story, capsys)


@pytest.mark.parametrize("name", ["plan", "debate"])
def test_an_answer_stands_in_a_panel_of_that_title(name: str, story: Telling, capsys: Captured) -> None:
    assert re.findall(r"^╭─+ (.+) ─+╮$", printed(name, story, capsys), flags=re.MULTILINE) == ["Answer"]


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("pipeline", ["Decision: Go", "3 stages in order.", ""]),
        (
            "vote",
            [
                "Decision: Go with caution",
                "3 ballots: 2 approve, 1 abstain.",
            ],
        ),
        (
            "capped",
            [
                "Decision: No go",
                "3 roles in round 1: 3 go.",
                "Row 4 decides: enough go votes and no caution (go = 3, caution = 0, block = 0, block_streak = 0,",
                "min_go_votes = 2).",
                "The vote alone gave go; the guard payment failures allowed no more than no go.",
                "Guard payment failures: risk_signals.failed_payment_rate = 0.034; it trips while at least 0.03,",
                "exceeded by 0.004 (13.3% of the limit).",
            ],
        ),
        ("no_go", ["Decision: No go", "3 roles in round 1: 1 go, 2 block."]),
    ],
)
def test_a_decision_comes_first_and_then_why_in_the_words_of_code(
    name: str, lines: list[str], story: Telling, capsys: Captured
) -> None:
    assert printed(name, story, capsys).splitlines()[: len(lines)] == lines


def test_an_end_before_its_time_is_said_once(story: Telling, capsys: Captured) -> None:
    assert printed("debate", story, capsys).count("Ended early: nobody moved.") == 1
    assert "Ended early" not in printed("hostile_debate", story, capsys)


def test_each_role_is_shown_with_its_last_reason_and_each_round_with_its_end(story: Telling, capsys: Captured) -> None:
    shown = printed("many_rounds", story, capsys)
    record = story("many_rounds").record
    for said in record["history"][-1]["contributions"]:
        assert said["summary"][:40] in shown
    ends = re.findall(r"^Round (\d+): (.+?)(?:,|$)", shown, flags=re.MULTILINE)
    assert [int(number) for number, _ in ends] == [entry["round"] for entry in record["history"]]


def test_full_has_what_every_role_said_in_every_round(story: Telling, capsys: Captured) -> None:
    each = story("many_rounds")
    capsys.readouterr()
    print_report(each.record, each.state, is_full=True)
    shown = " ".join(capsys.readouterr().out.split())
    for entry in each.record["history"]:
        assert f"Round {entry['round']} role stance reason" in shown
        for said in entry["contributions"]:
            assert f"{said['stance']} ({said['confidence']:.2f})" in shown


@pytest.mark.parametrize(
    ("brief", "named"),
    [
        ("The decision is a clear go.", "go"),
        ("Decision: go_with_caution, so start small.", "go with caution"),
        ("Our decision: **No-Go**.", None),
        ("They go on, and decide with caution.", None),
        ("The decision was easy to go along with.", None),
    ],
)
def test_a_brief_that_names_another_decision_is_flagged(
    brief: str, named: str | None, story: Telling, capsys: Captured
) -> None:
    each = story("no_go")
    capsys.readouterr()
    print_report({**each.record, "answer": f"Decision: no_go\n\n{brief}"}, each.state)
    warned = re.findall(r"The brief names another decision: (.+?)\. What counts", capsys.readouterr().out)
    assert warned == ([named] if named else [])


def test_a_reader_is_told_what_to_type_next(story: Telling, capsys: Captured) -> None:
    assert printed("go", story, capsys).endswith("Next: accord why t · accord show t --html FILE\n")
    assert printed("plan", story, capsys).endswith("Next: accord show t --html FILE\n")
    assert printed("timeout", story, capsys).endswith("Resume it with: accord resume t\n")


@pytest.mark.parametrize("name", EVERY)
def test_nothing_that_is_shown_is_obeyed(name: str, story: Telling, capsys: Captured) -> None:
    assert OBEYED.search(HOSTILE)
    assert OBEYED.findall(printed(name, story, capsys)) == []


@pytest.mark.parametrize("name", HOSTILES)
def test_a_hostile_text_is_shown_as_it_is(name: str, story: Telling, capsys: Captured) -> None:
    together = re.sub(r"[\s│├└─]+", " ", printed(name, story, capsys))
    assert "<script>alert(1)</script><img src=x onerror=alert(2)> [x](javascript:alert(3))" in together


@pytest.mark.parametrize("name", EVERY)
def test_no_line_is_wider_than_the_console(name: str, story: Telling, capsys: Captured) -> None:
    assert max(len(line) for line in printed(name, story, capsys).splitlines()) <= 100


def test_a_refused_attempt_is_a_line_and_no_crash(capsys: Captured) -> None:
    print_report(refused_record("t", "busy"), {})
    assert capsys.readouterr().out.startswith("Stopped: busy")
