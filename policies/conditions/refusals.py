"""Refusals: what CEL's checker says of a condition that it cannot read, in words for who wrote it."""

import re
from collections.abc import Callable, Mapping, Sequence

from policies.conditions.operators import COMPARISONS
from policies.language import phrase, say
from policies.nearest import nearest

FUNCTIONS = (
    *("size", "has", "all", "exists", "exists_one", "map", "filter", "contains", "startsWith", "endsWith", "matches"),
    *("int", "uint", "double", "string", "bool", "duration", "timestamp", "dyn", "type"),
)
"""Functions that people call in conditions."""

LITERALS = ("true", "false", "null")
OTHER_WORDS = {"len": "size", "length": "size", "any": "exists", "None": "null", "nil": "null", "undefined": "null"}
"""What other languages call it."""

OPERATORS = {"and": "&&", "or": "||", "not": "!", "is": "==", "=": "==", "&": "&&", "|": "||", "=>": ">=", "<>": "!="}
"""How an operator of another language is written here."""

QUOTES = ("'", '"')
END = "<EOF>"

PLACE = re.compile(r"<input>:(\d+):(\d+): (.*)")
"""Where in the text the checker found a problem, and which."""

_INPUT = r"Syntax error: (?:mismatched|extraneous|no viable alternative at) input '(.*?)'(?: expecting (.*))?$"
_KINDS: Sequence[tuple[str, str]] = (
    (r"int|uint|double", phrase("a number")),
    (r"string", phrase("text")),
    (r"bool", phrase("a boolean")),
    (r"null.*", phrase("null")),
    (r"list.*", phrase("a list")),
    (r"map.*", phrase("an object")),
    (r"dyn", phrase("a value of any kind")),
)


class Refused:
    """A condition that was refused: its text, where the checker found the problem, and which names it may read."""

    def __init__(self, text: str, line: int, column: int, known: Sequence[str]) -> None:
        self.text, self.known = text, known
        self.at = sum(len(each) + 1 for each in text.split("\n")[: line - 1]) + column - 1

    def place(self, at: int | None = None) -> str:
        """Return a place in the text in words; without `at`, where the checker found the problem."""
        return place_in(self.text, self.at if at is None else at)

    def start_of(self, name: str) -> int:
        """Return where a name begins: the checker points at a dot or a bracket behind it."""
        found = self.text.rfind(name, 0, self.at + len(name))
        return self.at if found < 0 else found

    @property
    def word_before(self) -> str:
        """The word right before the place; empty where none is."""
        found = re.search(r"(\w+)\s*$", self.text[: self.at])
        return found[1] if found else ""


def place_in(text: str, at: int) -> str:
    r"""Return a place in a condition in words, counted from 1.

    >>> place_in("a > b", 4), place_in("a >\n b", 5)
    ('at character 5', 'at line 2, character 2')
    """
    before = text[:at]
    column = at - before.rfind("\n")
    return (
        say("at line {before}, character {column}", before=before.count(chr(10)) + 1, column=column)
        if "\n" in text
        else say("at character {column}", column=column)
    )


def kind_in_words(kind: str) -> str:
    """Return what the checker calls a type, in words.

    >>> kind_in_words("list(int)"), kind_in_words("timestamp")
    ('a list', 'a timestamp')
    """
    return next((words for pattern, words in _KINDS if re.fullmatch(pattern, kind)), f"a {kind}")


def in_words(text: str, message: str, known: Sequence[str]) -> str:
    """Return the first problem in a message of the checker as a sentence; `known` are the variables there are.

    >>> in_words("supply.n < 2", "ERROR: <input>:1:7: undeclared reference to 'supply.n' (in container '')", ["facts"])
    '`supply` is unknown here, at character 1; facts are written `facts.supply.n`'
    """
    if not text.strip():
        return say("it is empty; allowed: a comparison")
    found = PLACE.search(message)
    if found is None:
        return message.splitlines()[0]
    refused, said = Refused(text, int(found[1]), int(found[2]), known), found[3].replace(" [INVALID_ARGUMENT]", "")
    for pattern, explain in _EXPLAINED.items():
        matched = re.match(pattern, said)
        if matched:
            return explain(refused, matched)
    return say("{said}, {place}", said=said.removeprefix("Syntax error: "), place=refused.place())


# --- names ------------------------------------------------------------------------------------------------------------


def _unknown(refused: Refused, matched: re.Match[str]) -> str:
    path = matched[1].removeprefix(".")
    head = path.partition(".")[0]
    at = refused.start_of(head)
    if "." not in path and refused.text[at + len(head) :].lstrip().startswith("("):
        return _function(head, refused.place(at))
    before = refused.text[:at]
    hint = _hyphenated(before, head) if re.search(r"\w-$", before) else _instead(path, head, refused.known)
    return say("`{name}` is unknown here, {place}; {hint}", name=head, place=refused.place(at), hint=hint)


def _function(name: str, place: str) -> str:
    if name in FUNCTIONS:
        return say("`{name}` does not take what it is given, {place}", name=name, place=place)
    meant = OTHER_WORDS.get(name) or nearest(name, FUNCTIONS)
    hint = say("did you mean `{meant}`?", meant=meant) if meant else say("allowed: {names}", names=", ".join(FUNCTIONS))
    return say("`{name}` is not a function, {place}; {hint}", name=name, place=place, hint=hint)


def _hyphenated(before: str, head: str) -> str:
    """Return how a name with a hyphen is written, which reads as a subtraction."""
    first = re.split(r"\W", before.removesuffix("-"))[-1]
    return say('a name with a hyphen is written in brackets: `facts["{first}-{head}"]`', first=first, head=head)


_WRITTEN: Mapping[tuple[bool, bool], str] = {
    (True, True): phrase("facts are written `{path}`"),
    (True, False): phrase("facts are written `{path}`, text in quotes: '{word}'"),
    (False, True): phrase("what a role returned is written `{path}`"),
    (False, False): phrase("what a role returned is written `{path}`, text in quotes: '{word}'"),
}
"""How a name is written, by whether it is of the facts and whether it is a path."""


def _instead(path: str, head: str, known: Sequence[str]) -> str:
    """Return what to write in place of an unknown name."""
    names = known if "." in path else (*known, *LITERALS)
    meant = OTHER_WORDS.get(head) or nearest(head, names)
    if meant:
        return say("did you mean `{meant}{path}`?", meant=meant, path=path.removeprefix(head))
    if len(known) > 1:
        listed = ", ".join(known)
        if head == "facts":
            return say("a row reads the vote, not the facts; allowed: {names}", names=listed)
        return say("allowed: {names}", names=listed)
    if head in ("facts", "output"):
        return say("this condition reads `{known}`", known=known[0])
    told = _WRITTEN[known[0] == "facts", "." in path]
    return say(told, path=".".join((known[0], path)), word=path)


# --- kinds of values --------------------------------------------------------------------------------------------------


def _mismatch(refused: Refused, matched: re.Match[str]) -> str:
    function = matched[1]
    kinds = [kind_in_words(each) for each in re.split(r", (?![^()]*\))", matched[2])]
    name = function.strip("_@")
    if function in COMPARISONS:
        hint = say("; a number is written without quotes") if {"text", "a number"} == {*kinds} else ""
        told = say(" with ").join(map(say, kinds))
        return say(
            "`{name}` cannot compare {kinds}, {place}{hint}", name=name, kinds=told, place=refused.place(), hint=hint
        )
    told = say(" and ").join(map(say, kinds))
    return say("`{name}` does not take {kinds}, {place}", name=name, kinds=told, place=refused.place())


# --- syntax -----------------------------------------------------------------------------------------------------------


def _token(refused: Refused, matched: re.Match[str]) -> str:
    token = matched[1].strip()
    if token[:1] in QUOTES:
        return say("the text that begins {place} has no closing quote", place=refused.place())
    if token in OPERATORS:
        return _another_operator(refused, token)
    return say("`{token}` has no meaning in a condition, {place}", token=token, place=refused.place())


def _another_operator(refused: Refused, token: str) -> str:
    return say(
        "`{token}` has no meaning in a condition, {place}; write `{ours}`",
        token=token,
        place=refused.place(),
        ours=OPERATORS[token],
    )


def _input(refused: Refused, matched: re.Match[str]) -> str:
    token, expected = matched[1], matched[2] or ""
    if token == END:
        return _end(refused, expected)
    if refused.word_before == "not":
        return say(
            "`not` has no meaning in a condition, {place}; write `!`", place=refused.place(refused.start_of("not"))
        )
    if token in OPERATORS:
        return _another_operator(refused, token)
    if token == ">" and refused.text[refused.at - 1] == "<":
        return say("`<>` has no meaning in a condition, {place}; write `!=`", place=refused.place(refused.at - 1))
    if not expected or "IDENTIFIER" in expected:
        return say("a value is expected {place}, not `{token}`", place=refused.place(), token=token)
    if expected != END:
        return say(
            "`{first}` is missing {place}, before `{token}`", first=_first(expected), place=refused.place(), token=token
        )
    hint = say("; a number is written without commas") if token == "," else ""
    return say("`{token}` is not expected {place}{hint}", token=token, place=refused.place(), hint=hint)


def _end(refused: Refused, expected: str) -> str:
    """Return what the condition lacks at its end."""
    if "IDENTIFIER" in expected:
        return say("a value is expected {place}, where the condition ends", place=refused.place())
    return say("`{first}` is missing {place}, where the condition ends", first=_first(expected), place=refused.place())


def _first(expected: str) -> str:
    return expected.strip("{}").partition(",")[0].strip("'")


def _missing(refused: Refused, matched: re.Match[str]) -> str:
    if matched[2] == END:
        return say("`{first}` is missing {place}, where the condition ends", first=matched[1], place=refused.place())
    return say(
        "`{first}` is missing {place}, before `{token}`", first=matched[1], place=refused.place(), token=matched[2]
    )


def _said(words: str) -> Callable[[Refused, re.Match[str]], str]:
    return lambda refused, matched: say(
        "{said}, {place}", said=say(words, **matched.groupdict()), place=refused.place()
    )


_EXPLAINED: Mapping[str, Callable[[Refused, re.Match[str]], str]] = {
    r"undeclared reference to '(.*?)' \(": _unknown,
    r"found no matching overload for '(.*?)' applied to '\((.*)\)'": _mismatch,
    r"Syntax error: token recognition error at: '(.*)'$": _token,
    _INPUT: _input,
    r"Syntax error: missing '(.*?)' at '(.*?)'": _missing,
    r"reserved identifier: (?P<name>\w+)": _said(phrase("`{name}` is a reserved word and names nothing")),
    r"invalid u?int literal": _said(phrase("a whole number is too large")),
    r"has\(\) argument must be a field selection": _said(phrase("`has` takes one field, as in `has(facts.rate)`")),
    r"(?P<name>\w+)\(\) variable name must be a simple identifier": _said(
        phrase("`{name}` takes a name first, as in `all(x, x > 0)`")
    ),
}
"""What the checker says, and who explains it."""
