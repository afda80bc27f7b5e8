"""Facts come from a file, from `--set` or from a team's own file: what is no fact is refused, what is one is kept."""

import json
import resource
from pathlib import Path
from typing import Any

import pytest

from tests.hostile.command import Captured, accord, process, refused
from tests.hostile.test_team_files import GOOD

pytestmark = pytest.mark.slow

MAX_KEPT = 2**53 - 1


def nested(depth: int) -> str:
    return '{"a":' * depth + "1" + "}" * depth


UNPLAIN = {
    "an integer beyond 53 bits": (f'{{"a": {MAX_KEPT + 1}}}', "`a` is an integer beyond ±(2^53-1)"),
    "an integer beyond 64 bits": ('{"a": -99999999999999999999}', "`a` is an integer beyond ±(2^53-1)"),
    "a number beyond doubles": ('{"a": {"b": 1e999}}', "`a.b` is inf; allowed: finite numbers"),
    "33 levels": (nested(33), "`a.a"),
    "a long text": (json.dumps({"a": "x" * 20_001}), "`a` has 20001 characters; allowed: at most 20000"),
    "a long list": (json.dumps({"a": [0] * 1_001}), "`a` has 1001 items; allowed: at most 1000"),
    "many keys": (json.dumps({f"k{n}": 0 for n in range(1_001)}), "the value has 1001 keys; allowed: at most 1000"),
    "a NUL": (r'{"a": "\u0000"}', "`a` has a NUL character or a lone surrogate"),
    "a NUL in a key": (r'{"b": {"\u0000": 1}}', "`b` has a NUL character or a lone surrogate"),
    "half a character": (r'{"a": "\ud83d"}', "`a` has a NUL character or a lone surrogate"),
    "halves in the wrong order": (r'{"a": "\ude00\ud83d"}', "`a` has a NUL character or a lone surrogate"),
    "a list": ("[1]", "is a list; allowed: an object of facts, for example"),
    "null": ("null", "is empty; allowed: an object of facts, for example"),
    "a word": ('"facts"', "is text; allowed: an object of facts, for example"),
}
# The text, and the beginning of what is said of it after the file's name.
BAD: dict[str, dict[str, tuple[str | bytes, str]]] = {
    "facts.json": {
        **UNPLAIN,
        "empty": ("", "cannot be read as JSON: it is empty"),
        "a key twice": ('{"a": 1, "a": 2}', "the key `a` is there twice; keep one"),
        "an inner key twice": ('{"a": {"b": 1, "b": 1}}', "the key `b` is there twice; keep one"),
        "many parts": (json.dumps({"a": [[0] * 900] * 30}), "the value has more than 20000 parts"),
        "NaN": ('{"a": NaN}', "`NaN` is not JSON; allowed: finite numbers"),
        "infinity": ('{"a": [-Infinity]}', "`-Infinity` is not JSON; allowed: finite numbers"),
        "5,000 digits": (f'{{"a": {"7" * 5_000}}}', "has a number too long or is nested too deep"),
        "100,000 levels": ("[" * 100_000, "has a number too long or is nested too deep"),
        "50,000 levels": (nested(50_000), "has more than 262144 bytes"),
        "something after it": ('{"a": 1} {"b": 2}', "cannot be read as JSON: nothing more is expected at character 10"),
        "an open brace": ('{"a": 1', "cannot be read as JSON: a comma or a closing bracket is expected at character 8"),
        "a comma too many": ('{"a": 1,}', "cannot be read as JSON: "),
        "YAML": ("a: 1", "cannot be read as JSON: a value is expected at character 1, not `a`"),
        "a control character": (
            '{"a": "\x1b"}',
            "cannot be read as JSON: a line break or another control",
        ),
        "not UTF-8": (b'{"a": "\xff"}', "is not UTF-8 at byte 7"),
        "UTF-16": ('{"a": 1}'.encode("utf-16"), "is not UTF-8 at byte 0"),
    },
    "facts.yaml": {
        **UNPLAIN,
        "empty": ("", "is empty; allowed: an object of facts, for example"),
        "a key twice": ("a: 1\na: 2", "the key `a` is there twice; keep one"),
        "a number for a key": ("1: a", "a key is not text; put it in quotes"),
        "NaN": ("a: .nan", "`a` is nan; allowed: finite numbers"),
        "infinity": ("a: [1, -.inf]", "`a[1]` is -inf; allowed: finite numbers"),
        "5,000 digits": (f"a: {'7' * 5_000}", "'7777"),
        "9,000 hexadecimal digits": (f"a: 0x{'F' * 9_000}", "`a` is an integer beyond ±(2^53-1)"),
        "41 levels": (nested(41), "is nested deeper than 40 levels"),
        "100,000 levels": ("[" * 100_000, "is nested deeper than 40 levels"),
        "an anchor": ("a: &x 1", "the anchor `&x` is not allowed; write the value out"),
        "a tag": ("a: !!binary aGk=", "the tag `tag:yaml.org,2002:binary` is not allowed; write a plain value"),
        "two documents": ("a: 1\n---\nb: 2", "cannot be read as YAML: but found another document"),
        "an open brace": ('{"a": 1', "cannot be read as YAML: "),
        "a picture": (b"\x89PNG\r\n\x1a\n", "is not UTF-8 at byte 0"),
    },
}
CASES = [pytest.param(path, *case, id=f"{path} {name}") for path, cases in BAD.items() for name, case in cases.items()]


@pytest.mark.parametrize(("path", "text", "sentence"), CASES)
def test_a_bad_file_of_facts_is_refused_with_one_sentence(
    path: str, text: str | bytes, sentence: str, accord_home: Path, capsys: Captured
) -> None:
    Path(path).write_bytes(text if isinstance(text, bytes) else text.encode())

    (said,) = refused(capsys, "run", "--facts", path)

    where, _, what = said.partition(": ")
    assert where.split(":")[0] == path
    assert what.startswith(sentence)
    assert len(said) < 400
    assert not accord_home.exists()


# What json.dumps and other tools write, read back as the same values.
KEPT: list[Any] = [
    {"emoji": "\U0001f600 \u00e9 \u2028", "\U0001f600": "k"},
    {"numbers": [0, -1, 1.5, 1e300, 5e-324, -0.0, 100000.0, MAX_KEPT, -MAX_KEPT]},
    {"words": ["no", "on", "12:30:45", "1.10", "~", "null", "", " ", "# a", "a: b", "<<", "=", ".nan", "0x1F"]},
    {"escapes": '\\ " / \b \f \n \r \t \u007f', "empty": [{}, []]},
    {"deep": json.loads(nested(30))},
]


@pytest.mark.parametrize("indent", [None, 2, "\t"])
@pytest.mark.parametrize("is_ascii", [True, False])
@pytest.mark.parametrize("facts", KEPT, ids=lambda facts: next(iter(facts)))
def test_json_is_read_as_json_whatever_tool_wrote_it(
    facts: dict[str, Any], is_ascii: bool, indent: int | str | None, accord_home: Path, capsys: Captured
) -> None:
    team = GOOD.replace("facts: {rate: 0.5}\n", "")
    Path("team.yaml").write_text(team)
    Path("facts.json").write_text(json.dumps(facts | {"rate": 0.5}, indent=indent, ensure_ascii=is_ascii), "utf-8")
    Path("same.yaml").write_text(f"{team}facts: {json.dumps(facts | {'rate': 0.5}, ensure_ascii=True)}\n")

    from_file = accord(capsys, "run", "team.yaml", "--facts", "facts.json", "--thread", "t", "--json")
    again = accord(capsys, "run", "same.yaml", "--thread", "t", "--json")

    assert (from_file.code, again.code) == (0, 0), from_file
    assert json.loads(again.out)["hashes"] == json.loads(from_file.out)["hashes"]


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("nowhere.json", "nowhere.json: cannot be read: No such file or directory"),
        (".", ".: cannot be read: Is a directory"),
        ("", ".: cannot be read: Is a directory"),
        ("team.yaml/facts.json", "team.yaml/facts.json: cannot be read: Not a directory"),
        ("f" * 5_000, f"{'f' * 5_000}: cannot be read: File name too long"),
    ],
)
def test_a_file_of_facts_that_cannot_be_read_is_named(
    path: str, sentence: str, accord_home: Path, capsys: Captured
) -> None:
    Path("team.yaml").write_text(GOOD)

    assert refused(capsys, "run", "team.yaml", "--facts", path) == [sentence]


@pytest.mark.parametrize(
    ("name", "text", "source"),
    [("gone", None, "gone.json"), ("NaN", '{"a": NaN}', "NaN.json"), ("a list", "[]", "a list.json")],
)
def test_a_teams_own_bad_file_of_facts_stops_the_run_and_once_mended_it_goes_on(
    name: str, text: str | None, source: str, accord_home: Path, capsys: Captured
) -> None:
    Path("team.yaml").write_text(GOOD.replace("facts: {rate: 0.5}", f"facts: [{{file: {name}.json}}]"))
    if text is not None:
        Path(f"{name}.json").write_text(text)

    stopped = accord(capsys, "run", "team.yaml", "--thread", "t", "--json")
    Path(f"{name}.json").write_text('{"rate": 0.5}')
    resumed = accord(capsys, "resume", "t", "--json")

    record = json.loads(stopped.out)
    assert (stopped.code, record["stop_reason"]) == (3, f"facts_unavailable:{source}")
    assert (record["phase"], record["resumable"], record["usage"]["calls"]) == ("facts", True, 0)
    assert (resumed.code, json.loads(resumed.out)["final_decision"]) == (0, "go")


@pytest.mark.parametrize("text", ['{"rate": NaN}', "[]"])
def test_resume_refuses_bad_facts_and_leaves_the_thread_alone(text: str, accord_home: Path, capsys: Captured) -> None:
    Path("team.yaml").write_text(GOOD.replace("facts: {rate: 0.5}\n", ""))
    before = accord(capsys, "run", "team.yaml", "--thread", "t", "--json")
    Path("facts.json").write_text(text)

    (said,) = refused(capsys, "resume", "t", "--facts", "facts.json")

    assert said.startswith("facts.json: ")
    assert accord(capsys, "show", "t", "--json").out == before.out


@pytest.mark.slow
@pytest.mark.needs("file_size_limit")
@pytest.mark.parametrize("arguments", [["run", "/dev/zero"], ["run", "--facts", "/dev/zero"]])
def test_a_file_without_end_is_refused_within_little_memory(arguments: list[str], tmp_path: Path) -> None:
    gigabytes = 2 * 1024**3

    done = process(tmp_path, *arguments, before=lambda: resource.setrlimit(resource.RLIMIT_AS, (gigabytes, gigabytes)))

    assert (done.code, done.out) == (2, "")
    assert done.sentences[0].startswith("/dev/zero: has more than 262144 bytes")


def test_a_setting_changes_one_fact_of_the_file_that_a_team_names(accord_home: Path, capsys: Captured) -> None:
    Path("facts.json").write_text('{"rate": 0.5, "region": "EU"}')
    Path("team.yaml").write_text(GOOD.replace("facts: {rate: 0.5}", "facts: [{file: facts.json}]"))

    one = accord(capsys, "run", "team.yaml", "--json")
    other = accord(capsys, "run", "team.yaml", "--set", "facts.rate=2.0", "--json")

    assert ('"stance": "go"' in one.out, '"stance": "block"' in other.out) == (True, True)
    assert json.loads(other.out)["hashes"]["facts"] != json.loads(one.out)["hashes"]["facts"]
