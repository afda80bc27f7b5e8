"""Operators of conditions: what the checker lets each take, and the functions of ours that some become before they run.

The checker of CEL knows no mixed arithmetic, and its runtime no `%` of decimal numbers. So the operators are declared
anew, with a mixed form for each pure one. What runs in the end has numbers of one kind: `policies.conditions.numbers`.
"""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cel_expr_python import cel

from policies.language import phrase
from policies.plain import MAX_INTEGER

ARITHMETIC = ("_+_", "_-_", "_*_", "_/_", "_%_")
ORDERS = ("_<_", "_<=_", "_>_", "_>=_")
EQUALITIES = ("_==_", "_!=_")
COMPARISONS = (*ORDERS, *EQUALITIES)
ADD = "_+_"
INDEX = "_[_]"
IN = "@in"
CHOICE = "_?_:_"

PLUS = "@plus"
MINUS = "@minus"
TIMES = "@times"
DIVIDE = "@divide"
REMAINDER = "@remainder"
WHOLE = "@whole"
"""Functions of ours. No condition can name them, since a name in CEL has no `@`."""

BECOMES: Mapping[str, str] = dict(zip(ARITHMETIC, (PLUS, MINUS, TIMES, DIVIDE, REMAINDER), strict=True))
"""The function that each operator becomes where its numbers are decimal: none of them gives one without end."""

Form = tuple[tuple[str, ...], str]
"""The types that an operator takes, and the one it gives; `~A` is any one type."""

_MIXED = (("int", "double"), ("double", "int"))
_DECIMAL = (("double", "double"), *_MIXED)
"""Before the forms for whole numbers: of what has no type, the checker takes the first form that fits."""

_ORDERED = ("int", "uint", "string", "bool", "bytes", "timestamp", "duration")
_TIME: Mapping[str, Sequence[Form]] = {
    "_+_": (
        (("timestamp", "duration"), "timestamp"),
        (("duration", "timestamp"), "timestamp"),
        (("duration", "duration"), "duration"),
    ),
    "_-_": (
        (("timestamp", "timestamp"), "duration"),
        (("timestamp", "duration"), "timestamp"),
        (("duration", "duration"), "duration"),
    ),
}


def _forms(is_json: bool) -> Iterator[tuple[str, list[Form]]]:
    """Yield each operator with the forms it is declared in; `is_json`: what is in brackets has no type either."""
    if is_json:
        yield INDEX, [(("dyn", "dyn"), "dyn")]
    for name in ARITHMETIC:
        joined = ("string", "bytes", "list<~A>") if name == ADD else ()
        same = [((kind, kind), kind) for kind in ("int", "uint", *joined)]
        yield name, [*((types, "double") for types in _DECIMAL), *same, *_TIME.get(name, ())]
    for name in ORDERS:
        yield name, [(types, "bool") for types in (*_DECIMAL, *((kind, kind) for kind in _ORDERED))]
    for name in EQUALITIES:
        yield name, [(types, "bool") for types in (("~A", "~A"), *_MIXED)]
    found = (("~A", "list<~A>"), ("~A", "map<~A,~B>"), ("int", "list<double>"), ("double", "list<int>"))
    yield IN, [(types, "bool") for types in found]
    yield CHOICE, [(("bool", "~A", "~A"), "~A"), *((("bool", *types), "double") for types in _MIXED)]


def _type(written: str) -> dict[str, Any]:
    head, _, inner = written.removesuffix(">").partition("<")
    if head.startswith("~"):
        return {"type_name": head[1:], "is_type_param": True}
    return {"type_name": head, **({"params": [_type(each) for each in inner.split(",")]} if inner else {})}


def _declared(name: str, forms: Sequence[Form]) -> dict[str, Any]:
    overloads = [
        {"id": f"{name} {' '.join(types)}", "args": [_type(each) for each in types], "return": _type(gives)}
        for types, gives in forms
    ]
    return {"name": name, "overloads": overloads}


def build_checker(variables: Mapping[str, Any], is_json: bool) -> Any:
    """Return the environment that checks conditions over these variables, in which whole and decimal numbers mix.

    `is_json`: the variable is a JSON value, of which `facts["a"]` says no more than `facts.a`.
    """
    operators = [_declared(name, forms) for name, forms in _forms(is_json)]
    left_out = [{"name": operator["name"]} for operator in operators]
    config = {"name": "accord", "stdlib": {"exclude_functions": left_out}, "functions": operators}
    return cel.NewEnv(config=cel.NewEnvConfigFromYaml(json.dumps(config)), variables=dict(variables))


def build_runtime(variables: Mapping[str, Any]) -> Any:
    """Return the environment that evaluates conditions over these variables; it has the functions of ours."""
    double, types = cel.Type.DOUBLE, cel.Type
    acts = ((TIMES, _product), (DIVIDE, _quotient), (REMAINDER, _rest))
    pairs = [_function(name, [((double, double), double)], act) for name, act in acts]
    pairs += [
        _function(name, forms, act)
        for name, forms, act in ((PLUS, _sums(), _sum), (MINUS, _differences(), _difference))
    ]
    plain = (double, types.STRING, types.BOOL, types.NULL, types.List(types.DYN), types.Map(types.STRING, types.DYN))
    wholes = [cel.Overload(f"{WHOLE} {kind.name()}", types.DYN, [kind], impl=_whole) for kind in plain]
    return cel.NewEnv(variables=dict(variables), functions=[*pairs, cel.FunctionDecl(WHOLE, wholes)])


def _function(name: str, forms: Sequence[tuple[tuple[Any, ...], Any]], act: Any) -> Any:
    overloads = [
        cel.Overload(f"{name} {' '.join(kind.name() for kind in takes)}", gives, list(takes), impl=act)
        for takes, gives in forms
    ]
    return cel.FunctionDecl(name, overloads)


def _sums() -> list[tuple[tuple[Any, ...], Any]]:
    """Return what `+` takes where nobody knows beforehand that it adds numbers, and what it gives."""
    joined = (cel.Type.DOUBLE, cel.Type.STRING, cel.Type.BYTES, cel.Type.List(cel.Type.DYN))
    return [*(((kind, kind), kind) for kind in joined), *_time_forms(ADD)]


def _differences() -> list[tuple[tuple[Any, ...], Any]]:
    return [((cel.Type.DOUBLE, cel.Type.DOUBLE), cel.Type.DOUBLE), *_time_forms("_-_")]


def _time_forms(operator: str) -> list[tuple[tuple[Any, ...], Any]]:
    named = {"timestamp": cel.Type.TIMESTAMP, "duration": cel.Type.DURATION}
    return [(tuple(named[each] for each in takes), named[gives]) for takes, gives in _TIME[operator]]


def _sum(left: Any, right: Any) -> Any:
    return _finite(left + right)


def _difference(left: Any, right: Any) -> Any:
    return _finite(left - right)


def _product(left: float, right: float) -> float:
    return float(_finite(left * right))


def _quotient(left: float, right: float) -> float:
    if right == 0:
        raise ArithmeticError(phrase("division by zero"))
    return float(_finite(left / right))


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        raise ArithmeticError(phrase("a number too large"))
    return value


def _rest(left: float, right: float) -> float:
    if right == 0:
        raise ArithmeticError(phrase("remainder of a division by zero"))
    return math.fmod(left, right)


def _whole(value: Any) -> Any:
    """Return a decimal number without a fraction as a whole one, anything else as it is."""
    is_whole = isinstance(value, float) and value.is_integer() and abs(value) <= MAX_INTEGER
    return int(value) if is_whole else value


def as_written(message: str) -> str:
    """Return a message of the runtime with the operators that people write, not the functions they became.

    >>> as_written("UNKNOWN: No matching overloads found : @divide(string, double)")
    'No matching overloads found : _/_(string, double)'
    """
    for written, ours in BECOMES.items():
        message = message.replace(ours, written)
    return message.removeprefix("UNKNOWN: ")
