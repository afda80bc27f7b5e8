"""Refusals: what a person reads who wrote a condition wrong; CEL's own words are never among it."""

import pytest

from policies.conditions.condition import ConditionError, Scope, compile_condition
from policies.conditions.refusals import in_words

FACTS: list[tuple[str, str]] = [
    ("supply.suppliers < 2", "`supply` is unknown here, at character 1; facts are written `facts.supply.suppliers`"),
    ("fact.rate < 2", "`fact` is unknown here, at character 1; did you mean `facts.rate`?"),
    (".rate < 2", "`rate` is unknown here, at character 2; facts are written `facts.rate`, text in quotes: 'rate'"),
    (
        "facts.a == north",
        "`north` is unknown here, at character 12; facts are written `facts.north`, text in quotes: 'north'",
    ),
    ("facts.a == True", "`True` is unknown here, at character 12; did you mean `true`?"),
    ("facts.a == None", "`None` is unknown here, at character 12; did you mean `null`?"),
    ("output.a == 1", "`output` is unknown here, at character 1; this condition reads `facts`"),
    (
        "facts.lead-weeks > 3",
        '`weeks` is unknown here, at character 12; a name with a hyphen is written in brackets: `facts["lead-weeks"]`',
    ),
    ("len(facts.a) < 2", "`len` is not a function, at character 1; did you mean `size`?"),
    ("facts.a.startswith('n')", "`startswith` is not a function, at character 9; did you mean `startsWith`?"),
    ("size('a', 2) > 1", "`size` does not take what it is given, at character 1"),
    ("'a' < 2", "`<` cannot compare text with a number, at character 5; a number is written without quotes"),
    ("1 > 2 > 3", "`>` cannot compare a boolean with a number, at character 7"),
    ("1 + true > 2", "`+` does not take a number and a boolean, at character 3"),
    ("facts.a = 2", "`=` has no meaning in a condition, at character 9; write `==`"),
    ("facts.a => 2", "`=>` has no meaning in a condition, at character 9; write `>=`"),
    ("facts.a <> 2", "`<>` has no meaning in a condition, at character 9; write `!=`"),
    ("facts.a > $5", "`$` has no meaning in a condition, at character 11"),
    ("facts.a == 'north", "the text that begins at character 12 has no closing quote"),
    ("facts.a < 2 and facts.b > 1", "`and` has no meaning in a condition, at character 13; write `&&`"),
    ("not facts.a", "`not` has no meaning in a condition, at character 1; write `!`"),
    ("facts.a > > 1", "a value is expected at character 11, not `>`"),
    ("facts.a > 1,000", "`,` is not expected at character 12; a number is written without commas"),
    ("facts.a > 10 days", "`days` is not expected at character 14"),
    ("facts.a <", "a value is expected at character 10, where the condition ends"),
    ("facts.a\n  > ", "a value is expected at line 2, character 5, where the condition ends"),
    ("facts.a in [1, 2", "`]` is missing at character 17, where the condition ends"),
    ("facts.a ? 1", "`:` is missing at character 12, where the condition ends"),
    ("(facts.a < 2", "`)` is missing at character 13, where the condition ends"),
    ("(facts.a < 2 facts.b)", "`)` is missing at character 14, before `facts`"),
    ("if facts.a > 1", "`if` is a reserved word and names nothing, at character 1"),
    ("facts.a > 99999999999999999999", "a whole number is too large, at character 11"),
    ("has(facts)", "`has` takes one field, as in `has(facts.rate)`, at character 5"),
    ("facts.map(2, 3)", "`map` takes a name first, as in `all(x, x > 0)`, at character 11"),
    (" ", "it is empty; allowed: a comparison"),
]


@pytest.mark.parametrize(("text", "sentence"), FACTS)
def test_what_is_wrong_with_a_condition_is_said_in_plain_words(text: str, sentence: str) -> None:
    with pytest.raises(ConditionError) as caught:
        compile_condition(text)
    assert str(caught.value) == f"the condition cannot be read: {sentence}"


OTHERS: list[tuple[Scope, str, str]] = [
    ("vote", "gos > 2", "`gos` is unknown here, at character 1; did you mean `go`?"),
    ("vote", "budget > 2", "`budget` is unknown here, at character 1; allowed: go, caution, block, absent, team,"),
    (
        "vote",
        "facts.a > 2",
        "`facts` is unknown here, at character 1; a row reads the vote, not the facts; allowed: go,",
    ),
    ("output", "facts.a > 2", "`facts` is unknown here, at character 1; this condition reads `output`"),
    (
        "output",
        "margin.pct > 2",
        "`margin` is unknown here, at character 1; what a role returned is written `output.margin.pct`",
    ),
]


@pytest.mark.parametrize(("scope", "text", "sentence"), OTHERS)
def test_a_condition_over_something_else_is_told_what_it_may_read(scope: Scope, text: str, sentence: str) -> None:
    with pytest.raises(ConditionError) as caught:
        compile_condition(text, scope)
    assert str(caught.value).startswith(f"the condition cannot be read: {sentence}")


def test_a_message_that_is_not_known_is_passed_on_in_one_line() -> None:
    assert in_words("a", "no place\nat all", ["facts"]) == "no place"
    assert in_words("a", "ERROR: <input>:1:1: Syntax error: quite new", ["facts"]) == "quite new, at character 1"
    missing = in_words("(a b", "<input>:1:4: Syntax error: missing ')' at 'b'", ["facts"])
    assert missing == "`)` is missing at character 4, before `b`"
    assert in_words("b", "<input>:1:1: undeclared reference to 'a' (in", ["facts"]).startswith(
        "`a` is unknown here, at"
    )
