"""A wrong command, flag, path, limit or thread is refused with a sentence, before or without touching a thread."""

import json
from pathlib import Path

import pytest

from graph.teams.loader import shipped_teams
from tests.hostile.command import Captured, accord, process, refused
from tests.hostile.test_team_files import GOOD

pytestmark = pytest.mark.slow

LIMITS = "max_rounds, max_messages, max_seconds, max_tokens, max_cost_usd, max_recoveries, min_go_votes"
TEAMS = ", ".join(shipped_teams())
ALLOWED = "allowed: 1 to 128 of A-Z a-z 0-9 _ . : @ -"


@pytest.fixture
def team(accord_home: Path) -> str:
    Path("team.yaml").write_text(GOOD)
    return "team.yaml"


COMMANDS: list[tuple[list[str], str]] = [
    (["fly"], "`accord` has no command `fly`; `accord --help` lists the commands"),
    (["audit", "launch"], "`accord audit` has no command `launch`; allowed: export, verify"),
    (["halt", "--by", "ops\nof acme", "--because", "So."], "--by: is 'ops\\nof acme'; allowed: a name in one line"),
    (["run", "--fast"], "`accord run` has no option `--fast`; did you mean `--facts`?"),
    (["--fast"], "`accord` has no option `--fast`; `accord --help` lists the options"),
    (["run", "a", "b"], "`accord run` does not take `b`; see `accord run --help`"),
    (["resume"], "`accord resume` needs THREAD; see `accord resume --help`"),
    (["batch"], "`accord batch` needs CASES.jsonl; see `accord batch --help`"),
    (["run", "--goal"], "`--goal` needs a value"),
    (["run", "--voice", "oracle"], "--voice is 'oracle'; allowed: "),
    (["list", "--limit", "0"], "--limit is 0; allowed: a whole number from 1 to 10000"),
    (["list", "--limit", "-1"], "--limit is -1; allowed: a whole number from 1 to 10000"),
    (["list", "--limit", "many"], "--limit is 'many'; allowed: a whole number from 1 to 10000"),
    (["list", "--limit", "9" * 5_000], "--limit is '999"),
    (["batch", "x", "--concurrency", "0"], "--concurrency is 0; allowed: a whole number from 1 to 1000"),
    (["batch", "x", "--concurrency", "1e3"], "--concurrency is '1e3'; allowed: a whole number from 1 to 1000"),
    (["batch", "nowhere.jsonl"], "nowhere.jsonl: cannot be read: No such file or directory"),
    (["batch", "."], ".: cannot be read: Is a directory"),
    (["run", "atlantis"], f"there is no team `atlantis`; allowed: {TEAMS}, or the path of a team file"),
    (["graph", "atlantis"], f"there is no team `atlantis`; allowed: {TEAMS}, or the path of a team file"),
    (["run", "nowhere.yaml"], "nowhere.yaml: cannot be read: No such file or directory"),
    (["run", "."], ".: cannot be read: Is a directory"),
    (["run", ""], "there is no team ``; allowed: "),
    (["run", "team" * 2_000], "there is no team `teamteam"),
    (["run", "team" * 2_000 + ".yaml"], "teamteam"),
    (["run", "--goal", ""], "the goal of this run: `goal` is ''; allowed: at least 1 character"),
    (["run", "--goal", "x" * 4_001], "the goal of this run: `goal` is 'xxx"),
    (["run", "--goal", "\udcff"], r"the goal of this run: `goal` is '\udcff'; allowed: text"),
]


@pytest.mark.parametrize(("arguments", "sentence"), COMMANDS, ids=[" ".join(each)[:40] for each, _ in COMMANDS])
def test_a_wrong_command_line_is_refused_with_one_sentence(
    arguments: list[str], sentence: str, accord_home: Path, capsys: Captured
) -> None:
    (said,) = refused(capsys, *arguments)

    assert said.startswith(sentence)
    assert not accord_home.exists()


THREADS = [
    "",
    " ",
    ".",
    "-x",
    "a b",
    "a/b",
    "../a",
    "a\n",
    "a\\b",
    "%",
    "é",
    "a" * 129,
    "\x1b[31m",
    "a;b",
    "a%2Eb",
]


@pytest.mark.parametrize("thread", THREADS)
@pytest.mark.parametrize("command", ["run", "resume", "show"])
def test_a_thread_id_that_is_not_allowed_is_refused(
    command: str, thread: str, accord_home: Path, capsys: Captured
) -> None:
    done = accord(capsys, "run", "--thread", thread) if command == "run" else accord(capsys, command, "--", thread)

    said = done.err.splitlines()[-1]
    assert (done.code, done.out) == (2, "")
    assert said.startswith("accord: the thread id ")
    assert said.endswith(ALLOWED)
    assert accord(capsys, "list").out == "No threads yet; `accord run` starts one.\n"


SETTINGS: list[tuple[str, str]] = [
    ("goal", "--set goal: is not a setting; allowed: path=value or path+=value"),
    ("", "--set : is not a setting; allowed: path=value or path+=value"),
    ("=5", "--set =5: is not a setting; allowed: path=value or path+=value"),
    ("a..b=1", "--set a..b=1: is not a setting; allowed: path=value or path+=value"),
    (".goal=1", "--set .goal=1: is not a setting; allowed: path=value or path+=value"),
    ("goal.=1", "--set goal.=1: is not a setting; allowed: path=value or path+=value"),
    ("mood=1", "--set mood=1: `mood` is an unknown key; allowed: name, title, goal, "),
    ("budget.speed=1", f"--set budget.speed=1: `budget.speed` is an unknown key; allowed: {LIMITS}"),
    ("goal+=more", "--set goal+=more: `goal` is not a list, so nothing can be appended"),
    ("budget+=1", "--set budget+=1: `budget` is not a list, so nothing can be appended"),
    ("goal.x=1", "--set goal.x=1: `goal` is 'Decide.', which has no fields"),
    (
        "sequence+=legal",
        "--set sequence+=legal: `sequence.1` is 'legal', which is not a role of this team; allowed: risk",
    ),
    (
        "budget.max_rounds=many",
        "--set budget.max_rounds=many: `budget.max_rounds` is 'many'; allowed: a whole number",
    ),
    ("budget.max_rounds=", "--set budget.max_rounds=: `budget.max_rounds` is None; allowed: a whole number"),
    ("budget.max_seconds=.nan", "--set budget.max_seconds=.nan: `budget.max_seconds` is nan; allowed: at most"),
    ("max_repairs=-1", "--set max_repairs=-1: `max_repairs` is -1; allowed: at least 0"),
    ("facts.rate=.inf", "--set facts.rate=.inf: `facts` cannot be used: `rate` is inf; allowed: finite numbers"),
    ("goal=&a x", "--set goal=&a x:1: the anchor `&a` is not allowed; write the value out"),
    ("goal=!!str x", "--set goal=!!str x:1: the tag `tag:yaml.org,2002:str` is not allowed; write a plain value"),
    ("goal={a: 1", "--set goal={a: 1:1: cannot be read as YAML: "),
    ("goal={a: 1, a: 2}", "--set goal={a: 1, a: 2}:1: the key `a` is there twice; keep one"),
]


@pytest.mark.parametrize(("setting", "sentence"), SETTINGS)
def test_a_setting_that_leads_nowhere_is_refused(setting: str, sentence: str, team: str, capsys: Captured) -> None:
    (said,) = refused(capsys, "run", team, "--set", setting)

    assert said.startswith(sentence)


def test_all_wrong_settings_are_told_at_once(team: str, capsys: Captured) -> None:
    wrong = ["goal", "=1", "goal+=x", "goal.x=1"]

    sentences = refused(capsys, "run", team, *(part for each in wrong for part in ("--set", each)))

    assert [said.partition(":")[0] for said in sentences] == [f"--set {each}" for each in wrong]


BUDGETS: list[tuple[str, str]] = [
    ("max_rounds", "--budget max_rounds: is not a limit; allowed: LIMIT=VALUE, for example max_rounds=5"),
    ("speed=1", f"budget.speed is not a limit; allowed: {LIMITS}"),
    ("=1", f"budget. is not a limit; allowed: {LIMITS}"),
    ("max_rounds=-1", "budget.max_rounds is -1; "),
    ("max_rounds=0", "budget.max_rounds is 0; "),
    ("max_rounds=1.5", "budget.max_rounds is 1.5; "),
    ("max_rounds=many", "budget.max_rounds is 'many'; "),
    ("max_rounds=", "budget.max_rounds is None; "),
    ("max_rounds=true", "budget.max_rounds is True; "),
    ("max_rounds=[5]", "budget.max_rounds is [5]; "),
    ("max_rounds=1001", "budget.max_rounds is 1001; "),
    ("max_seconds=.nan", "budget.max_seconds is nan; "),
    ("max_seconds=nan", "budget.max_seconds is 'nan'; "),
    ("max_seconds=.inf", "budget.max_seconds is inf; "),
    ("max_seconds=-1", "budget.max_seconds is -1; "),
    ("max_tokens=99999999999999999999", "budget.max_tokens is 99999999999999999999; "),
    ("max_cost_usd=.inf", "budget.max_cost_usd is inf; "),
    (f"max_rounds=0x{'F' * 9_000}", "budget.max_rounds is an int too large to be written; "),
    (f"max_rounds={'9' * 5_000}", "--budget max_rounds=999"),
    ("max_rounds=&a 5", "--budget max_rounds=&a 5:1: the anchor `&a` is not allowed; write the value out"),
]


@pytest.mark.parametrize(("budget", "sentence"), BUDGETS, ids=[each[:40] for each, _ in BUDGETS])
def test_a_wrong_limit_is_refused_and_the_thread_is_as_before(
    budget: str, sentence: str, team: str, capsys: Captured
) -> None:
    never = ("--set", "policy=classic", "--set", "budget.min_go_votes=2")
    stopped = accord(capsys, "run", team, *never, "--thread", "t", "--json")

    done = accord(capsys, "resume", "t", "--budget", budget)

    assert json.loads(stopped.out)["stop_reason"] == "max_rounds_reached"
    assert (done.code, done.out) == (2, "")
    assert done.err.splitlines()[-1].startswith(f"accord: {sentence}")
    assert accord(capsys, "show", "t", "--json").out == stopped.out


@pytest.mark.parametrize("command", ["show", "resume"])
def test_a_thread_that_is_not_there_is_named(command: str, accord_home: Path, capsys: Captured) -> None:
    done = accord(capsys, command, "gone")

    where = accord_home / "accord.sqlite"
    assert (done.code, done.out) == (2, "")
    assert done.err.splitlines()[-1] == (
        f"accord: there is no thread `gone` in {where}; `accord list` shows those there are"
    )
    assert accord(capsys, "list").out == "No threads yet; `accord run` starts one.\n"


PROCESSES: list[tuple[list[str | bytes], str]] = [
    (["run", "--thread", b"\xff"], rf"the thread id '\udcff' is not allowed; {ALLOWED}"),
    (["run", b"\xff.yaml"], r"\udcff.yaml: cannot be read: No such file or directory"),
    (["run", "--set", b"goal=\xff"], r"--set goal=\udcff: is not UTF-8 at byte 0"),
    (["resume", "t", "--budget", b"max_rounds=\xff"], r"--budget max_rounds=\udcff: is not UTF-8 at byte 0"),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [PROCESSES[0], *(pytest.param(*each, marks=pytest.mark.system) for each in PROCESSES[1:])],
)
def test_a_process_refuses_it_too_also_bytes_that_are_no_text(
    arguments: list[str | bytes], sentence: str, tmp_path: Path
) -> None:
    done = process(tmp_path, *arguments)

    assert (done.code, done.out, len(done.sentences)) == (2, "", 1)
    assert done.sentences[0].startswith(sentence)
    assert not list(tmp_path.iterdir())
