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
    print_report(story(name).record)
    return re.sub(r" +$", "", capsys.readouterr().out, flags=re.MULTILINE)


SHOWN = {
    "plan": """\
Plan  5 of 5 steps done, in 3 waves.
planned by planner
├── wave 1
│   ├── ✓ 1 researcher *  Gather the numbers.
│   └── ✓ 2 analyst  Compare the offers.
├── wave 2
│   ├── ✓ 3 writer *  Write the report.  after 1, 2
│   └── ✓ 5 analyst  Draw the charts.  after 1
└── wave 3
    └── ✓ 4 reviewer *  Review the report.  after 3
Critical path: 1 → 3 → 4
""",
    "plan_failed": """\
├── wave 1
│   ├── ✓ 1 researcher *  Gather the numbers.
│   └── ✗ 2 analyst  Compare the offers.  failed: The model gave no answer in time
├── wave 2
│   ├── ◌ 3 writer *  Write the report.  after 1, 2  not run: what it waits for failed
""",
    "debate": """\
 debater    opening        reply 1       reply 2
 ─────────────────────────────────────────────────
 optimist   Ship now.      Ship now.     Ship now.
 sceptic    Wait a week.   → Ship now.   Ship now.

→ moved to another position
""",
    "hierarchy": """\
✓ 2 south  Ask.
├── All of it, in one text.
└── team in_parallel (parallel)
    └── Results  2 roles at once.
        ✓ inner_one
        └── inner_one worked.
        ✓ inner_two
        └── inner_two worked.

Missing: west, it was given no subtask
""",
    "nested": """\
        ✓ 1 north  Settle it.
        ├── Winner: optimist
        │   Verdict: Ship on Monday.
        │   Reasons:
        │   - The numbers hold.
        │   - Nobody could say why to wait.
        └── team in_debate (debate)
            ├── Positions  2 debaters, 3 rounds of positions.
""",
    "manager": """\
assigned by boss
✓ 1 coder  Code.
└── coder worked.
✓ 2 writer  Write.
└── writer worked.
✓ 3 coder  Test.
└── coder worked.
""",
    "workspace": """\
iteration 3: refinements
├── writer
│   ├── writer in iteration 3.
│   └── adds nothing
└── analyst
    ├── analyst in iteration 3.
    └── adds nothing

Ended early: nobody added anything.
""",
    "conversation": """\
  2 analyst
    Turn 2.
  3 writer
    Agreed.
    TASK_COMPLETE
""",
    "no_quorum": """\
 voter     vote      reason
 ────────────────────────────────────────────────────
 writer    approve   writer has a reason.
 analyst   reject    analyst has a reason.
 coder     absent    The model gave no answer in time

Tally: 1 approve, 1 reject, 0 abstain, 1 absent

Stopped: no_quorum at ballots
The ballots came to no decision.
""",
    "parallel": """\
✗ coder  absent: The model gave no answer in time
""",
    "parallel_stopped": """\
Answered in the stage that was not finished: writer
Stopped: llm_timeout at answers:analyst
The model gave no answer in time.
""",
    "plan_refused": """\
Stopped: invalid_plan:step_1:unknown_agent:nobody at plan:planner
The plan broke its contract, and no repair was left: step 1 names an agent that the team does not
have: nobody.
Offered: {"steps": [{"agent": "nobody", "task": "Look.", "dependencies": []}]}
""",
}
"""What stands in what is printed, line by line."""


@pytest.mark.parametrize("name", SHOWN)
def test_each_pattern_is_shown_in_its_own_way(name: str, story: Telling, capsys: Captured) -> None:
    assert SHOWN[name] in printed(name, story, capsys)


@pytest.mark.parametrize(
    ("name", "title"),
    [("plan", "Answer"), ("debate", "Answer"), ("pipeline", "Decision: go"), ("vote", "Decision: go_with_caution")],
)
def test_the_panel_is_titled_by_what_it_holds(name: str, title: str, story: Telling, capsys: Captured) -> None:
    (found,) = re.findall(r"^╭─+ (.+) ─+╮$", printed(name, story, capsys), flags=re.MULTILINE)
    assert found == title


def test_an_end_before_its_time_is_said_once(story: Telling, capsys: Captured) -> None:
    assert printed("debate", story, capsys).count("Ended early: nobody moved.") == 1
    assert "Ended early" not in printed("hostile_debate", story, capsys)


def test_the_rounds_look_as_they_did(story: Telling, capsys: Captured) -> None:
    shown = printed("go_with_caution", story, capsys)
    assert shown.splitlines()[1].split() == ["role", "round", "1"]
    assert "Conflicts: round 1: go_vs_caution" in shown
    assert "Decision: go_with_caution" in shown


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
    print_report(refused_record("t", "busy"))
    assert capsys.readouterr().out.startswith("Stopped: busy")
