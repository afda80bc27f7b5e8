"""A bad team file is refused before anything starts: exit code 2, and a sentence a problem that says where and what."""

from pathlib import Path
from typing import Any

import pytest

from tests.hostile.command import Captured, accord, process, refused

GOOD = """\
name: small
title: A small team
goal: Decide.
sequence: [risk]
budget: {min_go_votes: 1}
facts: {rate: 0.5}
roles:
  risk:
    title: Risk
    mandate: Judge.
    checks:
      - {when: facts.rate > 1.0, stance: block, summary: Too high., actions: [Stop.]}
    otherwise: {stance: go, summary: Fine., actions: [Go on.]}
"""
LINES = GOOD.splitlines()
FIELDS = "name, title, goal, language, facts, derive, requires, sequence, roles, policy"
LIMITS = "max_rounds, max_messages, max_seconds, max_tokens, max_cost_usd, max_recoveries, min_go_votes"
NAME_FORM = (
    "allowed: a lower-case letter, then lower-case letters, digits and `_`, at most 40 characters; "
    "other letters go into `title`"
)


def changed(line: int, text: str) -> str:
    """Return the good file with another text on one line."""
    return "\n".join([*LINES[: line - 1], text, *LINES[line:]]) + "\n"


def added(text: str) -> str:
    """Return the good file with lines 14 and on added."""
    return f"{GOOD}{text}\n"


def check(when: str) -> str:
    return changed(12, f"      - {{when: '{when}', stance: go, summary: s, actions: [a]}}")


# The file, the line and what the sentence says after it.
FILES: dict[str, tuple[str, int, str]] = {
    "an unknown key": (added("mood: 1"), 14, f"`mood` is an unknown key; allowed: {FIELDS}"),
    "an unknown limit": (
        changed(5, "budget: {speed: 9}"),
        5,
        f"`budget.speed` is an unknown key; allowed: {LIMITS}",
    ),
    "an unknown key of a role": (
        changed(10, "    mandate: Judge.\n    mood: 1"),
        11,
        "`roles.risk.mood` is an unknown key; allowed: title, mandate, enabled, voice, people, model, temperature",
    ),
    "an unknown key of a check": (
        changed(12, "      - {when: 'true', if: 1, stance: go, summary: s, actions: [a]}"),
        12,
        "`roles.risk.checks.0.if` is an unknown key; allowed: stance, summary, actions, reply, when",
    ),
    "an unknown key of otherwise": (
        changed(13, "    otherwise: {else: 1, stance: go, summary: s, actions: [a]}"),
        13,
        "`roles.risk.otherwise.else` is an unknown key; allowed: stance, summary, actions",
    ),
    "an unknown key of a price": (
        added("prices: {m: {prompt: 1, completion: 1, image: 1}}"),
        14,
        "`prices.m.image` is an unknown key; allowed: prompt, completion",
    ),
    "an unknown key of the brief": (
        added("brief: {tone: dry}"),
        14,
        "`brief.tone` is an unknown key; allowed: voice, model",
    ),
    "a missing field": (changed(3, "max_repairs: 0"), 1, "`goal` is missing"),
    "a role without mandate": (changed(10, "    enabled: true"), 8, "`roles.risk.mandate` is missing"),
    "an unknown role": (
        changed(4, "sequence: [risk, legal]"),
        4,
        "`sequence.1` is 'legal', which is not a role of this team; allowed: risk",
    ),
    "a role twice": (
        changed(4, "sequence: [risk, risk]"),
        4,
        "`sequence.1` is 'risk' again; a role speaks once a round",
    ),
    "an empty sequence": (
        changed(4, "sequence: []"),
        4,
        "`sequence` is []; allowed: at least 1 item",
    ),
    "a name with capitals": (changed(1, "name: Small"), 1, f"`name` is 'Small'; {NAME_FORM}"),
    "a name too long": (changed(1, f"name: {'a' * 41}"), 1, f"`name` is '{'a' * 41}'; {NAME_FORM}"),
    "a wrong type": (changed(2, "title: 5"), 2, "`title` is 5; allowed: text"),
    "a list for text": (changed(3, "goal: [a]"), 3, "`goal` is ['a']; allowed: text"),
    "text for a number": (
        changed(5, "budget: {max_rounds: three}"),
        5,
        "`budget.max_rounds` is 'three'; allowed: a whole number",
    ),
    "a number too low": (
        changed(5, "budget: {max_rounds: 0}"),
        5,
        "`budget.max_rounds` is 0; allowed: at least 1",
    ),
    "a negative time": (
        changed(5, "budget: {max_seconds: -1}"),
        5,
        "`budget.max_seconds` is -1; allowed: more than 0",
    ),
    "a number that no checkpoint holds": (
        changed(5, "budget: {max_tokens: 99999999999999999999}"),
        5,
        "`budget.max_tokens` is 99999999999999999999; allowed: at most 9007199254740991",
    ),
    "votes that no checkpoint holds": (
        changed(5, "budget: {min_go_votes: 99999999999999999999}"),
        5,
        "`budget.min_go_votes` is 99999999999999999999; allowed: at most 1000",
    ),
    "an infinite cost": (
        added("prices: {m: {prompt: .inf, completion: 1}}"),
        14,
        "`prices.m.prompt` is inf; allowed: at most 1000000000",
    ),
    "a number that Python cannot write": (
        changed(5, f"budget: {{max_rounds: 0x{'F' * 9_000}}}"),
        5,
        "`budget.max_rounds` is an int too large to be written; allowed: at most 1000",
    ),
    "an unknown stance": (
        changed(13, "    otherwise: {stance: maybe, summary: s, actions: [a]}"),
        13,
        "`roles.risk.otherwise.stance` is 'maybe'; allowed: 'go', 'caution' or 'block'",
    ),
    "an unknown voice": (
        changed(10, "    mandate: m\n    voice: oracle"),
        11,
        "`roles.risk.voice` is 'oracle'; allowed: 'model', 'rules', 'human' or 'own:NAME'",
    ),
    "checks without otherwise": (
        changed(13, ""),
        8,
        "`roles.risk` has checks but no `otherwise`: its position when no check holds",
    ),
    "a source of facts of no kind": (
        changed(6, "facts: [{fil: f.json}]"),
        6,
        "`facts.0` is not a source of facts; allowed: a mapping with one of the keys `inline`, `file`, `http`, `sql`",
    ),
    "a tenant twice": (
        changed(10, "    mandate: m\n    tenants: [acme, globex, acme]"),
        11,
        "`roles.risk.tenants` is ['acme', 'globex', 'acme']: it has 'acme' twice; name each tenant once",
    ),
    "a tenant with capitals": (
        changed(10, "    mandate: m\n    tenants: [Acme]"),
        11,
        "`roles.risk.tenants.0` is 'Acme'; allowed: 1 to 64 of a-z 0-9 _ . @ -, the first one a letter or a digit",
    ),
    "NaN in facts": (
        changed(6, "facts: {rate: .nan}"),
        6,
        "`facts` cannot be used: `rate` is nan; allowed: finite numbers",
    ),
    "infinity in facts": (
        changed(6, "facts: {a: {b: -.inf}}"),
        6,
        "`facts` cannot be used: `a.b` is -inf; allowed: finite numbers",
    ),
    "a huge integer in facts": (
        changed(6, "facts: {a: 9007199254740992}"),
        6,
        "`facts` cannot be used: `a` is an integer beyond ±(2^53-1)",
    ),
    "facts as a number": (changed(6, "facts: 1"), 6, "`facts` is 1; allowed: a mapping"),
    "a condition that compares numbers with text": (
        check('facts.rate > "1" && 1 == "a"'),
        12,
        "`==` cannot compare a number with text, at character 23",
    ),
    "a condition that is a number": (check("1 + 1"), 12, "the condition gives a number; allowed: a comparison, which"),
    "a condition that is text": (check('"true"'), 12, "the condition gives text; allowed: a comparison, which"),
    "a condition that does not end": (
        check("facts.rate >"),
        12,
        "the condition cannot be read: a value is expected",
    ),
    "a condition over the unknown": (
        check("rate > 1"),
        12,
        "`rate` is unknown here, at character 1; facts are",
    ),
    "a condition that is empty": (check(""), 12, "`roles.risk.checks.0.when` is ''"),
    "a condition too long": (
        check(f"facts.{'a' * 1_000} > 1"),
        12,
        "the condition has 1010 characters; allowed: at most 1000",
    ),
    "a YAML 1.1 number of base 60": (changed(2, "title: 1.10"), 2, "`title` is 1.1; allowed: text"),
    "a truth value for text": (changed(3, "goal: true"), 3, "`goal` is True; allowed: text"),
    "text for a truth value": (
        changed(10, "    mandate: m\n    enabled: no"),
        11,
        "`roles.risk.enabled` is 'no'; allowed: true or false",
    ),
    "a lone surrogate": (changed(3, r'goal: "a\ud800"'), 3, r"`goal` is 'a\ud800'; allowed: text"),
    "a NUL": (changed(3, r'goal: "a\0b"'), 3, r"`goal` is 'a\x00b': it has a NUL character"),
    "a NUL in a file's name": (
        changed(6, r'facts: [{file: "a\0b"}]'),
        6,
        r"`facts.0.file` is 'a\x00b': it has a NUL character",
    ),
    "a surrogate in a file's name": (changed(6, r'facts: [{file: "a\ud800"}]'), 6, r"`facts.0.file` is 'a\ud800'"),
}
FILES |= {
    f"a role named {name}": (
        changed(4, f"sequence: [{name}]").replace("  risk:", f"  {name}:"),
        8,
        f"`roles.{name}` is a reserved name; reserved: ",
    )
    for name in ("convene", "align", "human", "finalize", "stop", "end", "brief", "goal", "trace", "history")
}
FILES |= {
    f"a role named {name!r}": (
        changed(4, f"sequence: ['{name}']").replace("  risk:", f"  '{name}':"),
        8,
        f"`roles.{name}` is '{name}'; {NAME_FORM}",
    )
    for name in ("__start__", "__end__", "Risk", "0risk", "risk-1", "a" * 41, "r\u0456sk")
}


@pytest.mark.parametrize("name", FILES)
def test_a_bad_team_file_is_refused_with_file_line_field_and_value(
    name: str, accord_home: Path, capsys: Captured
) -> None:
    text, line, sentence = FILES[name]
    Path("bad.yaml").write_text(text, encoding="utf-8")

    sentences = refused(capsys, "run", "bad.yaml")

    assert [said for said in sentences if said.startswith(f"bad.yaml:{line}: ") and sentence in said], sentences
    assert not accord_home.exists()


# What is no team file at all, or more YAML than is allowed, and the whole sentence.
TEXTS: dict[str, tuple[str | bytes, str]] = {
    "empty": ("", "x.yaml:1: the team is empty; allowed: a mapping of the team's fields"),
    "comments alone": ("# nothing\n", "x.yaml:1: the team is empty; allowed: a mapping of the team's fields"),
    "a list": ("- a\n", "x.yaml:1: the team is a list; allowed: a mapping of the team's fields"),
    "a word": ("team", "x.yaml:1: the team is text; allowed: a mapping of the team's fields"),
    "a key twice": (changed(3, "name: other"), "x.yaml:3: the key `name` is there twice; keep one"),
    "an inner key twice": (changed(6, "facts: {a: 1, a: 1}"), "x.yaml:6: the key `a` is there twice; keep one"),
    "an anchor": (changed(2, "title: &t A title"), "x.yaml:2: the anchor `&t` is not allowed; write the value out"),
    "a tag": (
        changed(2, "title: !!python/object/apply:os.system [ls]"),
        "x.yaml:2: the tag `tag:yaml.org,2002:python/object/apply:os.system` is not allowed; write a plain value",
    ),
    "a local tag": (changed(2, "title: !secret t"), "x.yaml:2: the tag `!secret` is not allowed; write a plain value"),
    "a merge key": (
        changed(2, "<<: {title: t}"),
        "x.yaml:2: cannot be read as YAML: could not determine a constructor",
    ),
    "a key that is a number": (changed(2, "1: a"), "x.yaml:2: a key is not text; put it in quotes"),
    "a key that is a list": (changed(2, "? [a]\n: b"), "x.yaml:2: a key is not text; put it in quotes"),
    "a key that is null": (changed(2, "~: a"), "x.yaml:2: a key is not text; put it in quotes"),
    "two documents": (f"{GOOD}---\n{GOOD}", "x.yaml:14: cannot be read as YAML: but found another document"),
    "a tab": (
        changed(10, "\tmandate: m"),
        "x.yaml:10: cannot be read as YAML: the line is indented with a tab",
    ),
    "an open bracket": (added("prices: {"), "x.yaml:15: cannot be read as YAML"),
    "YAML 1.1": ("%YAML 1.1\n---\n" + GOOD, "x.yaml:2: the directive `%YAML` is not allowed; this is read as YAML 1.2"),
    "YAML 1.3": ("%YAML 1.3\n---\n" + GOOD, "x.yaml: cannot be read as YAML: version minor part can only be 2 or 1"),
    "too many digits": (changed(6, f"facts: {{a: {'1' * 5_000}}}"), "x.yaml:6: '1111"),
    "digits that are none": (
        changed(6, "facts: {a: 0x_}"),
        "x.yaml:6: '0x_' is not a number that can be read; put text in quotes",
    ),
    "a control character": (
        changed(2, "title: a\x1b[31m"),
        "x.yaml: cannot be read as YAML: unacceptable character #x001b",
    ),
    "not UTF-8": (b"name: \xff\n", "x.yaml: is not UTF-8 at byte 6"),
    "UTF-16": (GOOD.encode("utf-16"), "x.yaml: is not UTF-8 at byte 0"),
    "binary": (bytes(range(9)) * 9, "x.yaml: cannot be read as YAML: unacceptable character #x0000"),
    "too large": (f"{GOOD}# {'x' * 256 * 1024}", "x.yaml: has more than 262144 bytes"),
    "41 lists deep": ("[" * 41 + "]" * 41, "x.yaml:1: is nested deeper than 40 levels"),
    "41 mappings deep": ("{a: " * 41 + "1" + "}" * 41, "x.yaml:1: is nested deeper than 40 levels"),
    "200,000 lists deep": ("[" * 200_000, "x.yaml:1: is nested deeper than 40 levels"),
    "1,000 dashes deep": ("- " * 1_000 + "a", "x.yaml:1: is nested deeper than 40 levels"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_what_is_no_team_file_is_refused_with_one_sentence(name: str, accord_home: Path, capsys: Captured) -> None:
    text, sentence = TEXTS[name]
    Path("x.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())

    (said,) = refused(capsys, "run", "x.yaml")

    assert said.startswith(sentence)
    assert len(said) < 400
    assert not accord_home.exists()


def test_an_alias_bomb_is_refused_before_it_is_unfolded(accord_home: Path, capsys: Captured) -> None:
    levels = [f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 12)]
    Path("bomb.yaml").write_text("\n".join(["l0: &l0 [lol]", *levels]))

    sentences = refused(capsys, "run", "bomb.yaml")

    assert sentences[0] == "bomb.yaml:1: the anchor `&l0` is not allowed; write the value out"
    assert "bomb.yaml:12: the alias `*l10` is not allowed; write the value out" in sentences
    assert len(sentences) == 12 + 11 * 9


def test_all_problems_are_told_at_once(accord_home: Path, capsys: Captured) -> None:
    text = (
        GOOD.replace("title: A small team", "mood: 1")
        .replace("[risk]", "[risk, legal]")
        .replace("stance: go", "stance: yes")
    )
    Path("bad.yaml").write_text(text.replace("facts.rate > 1.0", "rate"))

    sentences = refused(capsys, "run", "bad.yaml")

    assert sorted(said.partition(" is ")[0] for said in sentences) == [
        "bad.yaml:12: `roles.risk.checks.0.when`",
        "bad.yaml:13: `roles.risk.otherwise.stance`",
        "bad.yaml:1: `title`",
        "bad.yaml:2: `mood`",
        "bad.yaml:4: `sequence.1`",
    ]


def test_two_keys_that_stand_twice_and_a_wrong_key_are_told_at_once(accord_home: Path, capsys: Captured) -> None:
    Path("bad.yaml").write_text(added("name: a\ntitle: b\n1: c"))

    assert refused(capsys, "run", "bad.yaml") == [
        "bad.yaml:14: the key `name` is there twice; keep one",
        "bad.yaml:15: the key `title` is there twice; keep one",
        "bad.yaml:16: a key is not text; put it in quotes",
    ]


WORDS = [
    *[("no", "no"), ("on", "on"), ("y", "y"), ("12:30:45", "12:30:45"), ("2026-03-02", "2026-03-02"), ("1.10", 1.1)],
    *[("010", 10), ("0o17", 15), ("1e5", 100000.0), ("~", None), ('"\\ud83d\\ude00"', "\U0001f600")],
]


@pytest.mark.parametrize(("word", "kept"), WORDS)
def test_words_of_yaml_1_1_mean_what_yaml_1_2_says(word: str, kept: Any, accord_home: Path, capsys: Captured) -> None:
    condition = f"has(facts.word) && facts.word == {'null' if kept is None else repr(kept)}"
    text = changed(6, f"facts: {{word: {word}, rate: 0.5}}").replace("facts.rate > 1.0", f'"{condition}"')
    Path("good.yaml").write_text(text, encoding="utf-8")

    done = accord(capsys, "run", "good.yaml", "--json")

    assert (done.code, '"stance": "block"' in done.out) == (4, True), done


@pytest.mark.parametrize("command", [["graph"], ["run", "--json"], ["run", "--voice", "rules", "--thread", "t"]])
def test_every_command_that_takes_a_team_file_refuses_a_bad_one(
    command: list[str], accord_home: Path, capsys: Captured
) -> None:
    Path("bad.yaml").write_text(added("mood: 1"))

    (said,) = refused(capsys, *command, "bad.yaml")

    assert said.startswith("bad.yaml:14: `mood` is an unknown key; allowed: ")


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "200,000 lists deep",
        *(pytest.param(name, marks=pytest.mark.system) for name in ("an anchor", "binary", "empty")),
    ],
)
def test_a_process_refuses_it_the_same_way(name: str, tmp_path: Path) -> None:
    text, sentence = TEXTS[name]
    (tmp_path / "x.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())

    done = process(tmp_path, "run", "x.yaml")

    assert (done.code, done.out, len(done.sentences)) == (2, "", 1)
    assert done.sentences[0].startswith(sentence)
    assert [path.name for path in tmp_path.iterdir()] == ["x.yaml"]
