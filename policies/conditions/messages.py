"""What the CEL runtime says of a checked condition: read as a tree, and written back with changes.

The runtime hands out a `cel.expr.CheckedExpr` inside a `google.protobuf.Any`, and no package that is installed has the
descriptor. The messages that are needed are declared here, under a package name of our own; what is not declared
survives the way there and back. No other file imports `google.protobuf`.
"""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, message, message_factory

from policies.conditions.tree import (
    Applied,
    Changes,
    Constant,
    Entries,
    Field,
    Listing,
    Loop,
    Name,
    Tree,
    TreeNode,
    Type,
)

_MESSAGES: Mapping[str, str] = {
    "Expr": (
        "id:2:int64 const_expr:3:Constant ident_expr:4:Ident select_expr:5:Select call_expr:6:Call "
        "list_expr:7:CreateList struct_expr:8:CreateStruct comprehension_expr:9:Comprehension"
    ),
    "Constant": (
        "null_value:1:int64 bool_value:2:bool int64_value:3:int64 uint64_value:4:uint64 double_value:5:double "
        "string_value:6:string bytes_value:7:bytes"
    ),
    "Ident": "name:1:string",
    "Select": "operand:1:Expr field:2:string test_only:3:bool",
    "Call": "target:1:Expr function:2:string args:3:Expr*",
    "CreateList": "elements:1:Expr*",
    "CreateStruct": "entries:2:Entry*",
    "Entry": "id:1:int64 field_key:2:string map_key:3:Expr value:4:Expr",
    "Comprehension": (
        "iter_var:1:string iter_range:2:Expr accu_init:4:Expr loop_condition:5:Expr loop_step:6:Expr "
        "result:7:Expr iter_var2:8:string"
    ),
    "Type": "dyn:1:Nothing primitive:3:int64 list_type:6:Nothing map_type:7:Nothing",
    "Nothing": "",
    "TypeOf": "key:1:int64 value:2:Type",
    "PositionOf": "key:1:int64 value:2:int64",
    "SourceInfo": "positions:4:PositionOf*",
    "CheckedExpr": "type_map:3:TypeOf* expr:4:Expr source_info:5:SourceInfo",
}
"""The fields of each message: name, number and type; `*` means repeated. A protobuf map is a repeated pair."""

_KIND = ("Expr", "Constant", "Type")
"""Messages in which a single field is set, besides the id."""

_PRIMITIVES: Mapping[int, Type] = {1: "bool", 2: "int", 3: "uint", 4: "double", 5: "string", 6: "bytes"}


class TooDeepError(ValueError):
    """The tree is nested deeper than a message may be."""


def read_tree(serialized: bytes) -> Tree:
    """Return the tree in a serialized checked expression.

    Raises:
        TooDeepError: it is nested deeper than protobuf reads.
    """
    checked = _parsed(serialized)[1]
    types = {pair.key: _type(pair.value) for pair in checked.type_map}
    return Tree(_node(checked.expr), types, {pair.key: pair.value for pair in checked.source_info.positions})


def changed(serialized: bytes, changes: Changes) -> bytes:
    """Return the serialized expression with the changes made; its types are not checked again."""
    if not (changes.decimals or changes.functions or changes.wrapped):
        return serialized
    envelope, checked = _parsed(serialized)
    spare = max(pair.key for pair in checked.source_info.positions)
    inside_out = reversed(_expressions(checked.expr))  # what is wrapped is copied, with its own changes made
    for number, expr in enumerate(inside_out, 1):
        if expr.id in changes.decimals:
            expr.const_expr.double_value = expr.const_expr.int64_value
        elif expr.id in changes.functions:
            expr.call_expr.function = changes.functions[expr.id]
        elif expr.id in changes.wrapped:
            _wrap(expr.call_expr.args[0], changes.wrapped[expr.id], spare + number)
    envelope.value = checked.SerializeToString()
    return bytes(envelope.SerializeToString())


def _wrap(expr: Any, function: str, spare: int) -> None:
    """Put a call of `function` around the expression."""
    inner = _messages()["Expr"]()
    inner.CopyFrom(expr)
    expr.Clear()
    expr.id = spare
    expr.call_expr.function = function
    expr.call_expr.args.append(inner)


def _expressions(expr: Any) -> list[Any]:
    """Return the expression and all within it."""
    found = [expr]
    for each in found:
        found.extend(_within(each))
    return found


def _within(expr: Any) -> Iterator[Any]:
    kind = expr.WhichOneof("kind")
    for descriptor, value in getattr(expr, kind).ListFields():
        if descriptor.name == "entries":
            yield from (part for entry in value for name, part in entry.ListFields() if name.message_type is not None)
        elif descriptor.message_type is not None and kind != "const_expr":
            yield from value if descriptor.is_repeated else (value,)


def _node(expr: Any) -> TreeNode:
    kind: str = expr.WhichOneof("kind")
    said = getattr(expr, kind)
    match kind:
        case "const_expr":
            return _constant(expr.id, said)
        case "ident_expr":
            return Name(expr.id, said.name)
        case "select_expr":
            return Field(expr.id, _node(said.operand), said.field, said.test_only)
        case "call_expr":
            before = (said.target,) if said.HasField("target") else ()
            return Applied(expr.id, said.function, tuple(map(_node, (*before, *said.args))))
        case "list_expr":
            return Listing(expr.id, tuple(map(_node, said.elements)))
        case "struct_expr":
            return Entries(expr.id, tuple(map(_key, said.entries)), tuple(_node(entry.value) for entry in said.entries))
    return _loop(expr.id, said)


def _key(entry: Any) -> TreeNode:
    return _node(entry.map_key) if entry.HasField("map_key") else Constant(entry.id, entry.field_key)


def _constant(id_: int, said: Any) -> Constant:
    kind = said.WhichOneof("kind")
    value = None if kind == "null_value" else getattr(said, kind)
    return Constant(id_, value, kind == "uint64_value")


def _loop(id_: int, said: Any) -> Loop:
    steps = tuple(map(_node, (said.accu_init, said.loop_condition, said.loop_step, said.result)))
    variables = tuple(filter(None, (said.iter_var, said.iter_var2)))
    return Loop(id_, variables, _node(said.iter_range), steps)


def _type(said: Any) -> Type:
    kind = said.WhichOneof("kind")
    if kind == "primitive":
        return _PRIMITIVES[said.primitive]
    known: Mapping[str | None, Type] = {"dyn": "dyn", "list_type": "list", "map_type": "map"}
    return known.get(kind, "other")


def _parsed(serialized: bytes) -> tuple[Any, Any]:
    """Return the envelope and the checked expression in it."""
    envelope, checked = any_pb2.Any(), _messages()["CheckedExpr"]()
    envelope.ParseFromString(serialized)
    try:
        checked.ParseFromString(envelope.value)
    except message.DecodeError:
        raise TooDeepError("nested deeper than a message may be") from None
    return envelope, checked


@cache
def _messages() -> Mapping[str, Any]:
    """Return the class of each declared message by its name."""
    file = descriptor_pb2.FileDescriptorProto(name="accord_cel.proto", package="accord_cel", syntax="proto3")
    for name, fields in _MESSAGES.items():
        declared = file.message_type.add(name=name)
        if name in _KIND:
            declared.oneof_decl.add(name="kind")
        for field in fields.split():
            _declare(declared, field)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {
        name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"accord_cel.{name}")) for name in _MESSAGES
    }


def _declare(declared: Any, field: str) -> None:
    proto = descriptor_pb2.FieldDescriptorProto
    name, number, kind = field.removesuffix("*").split(":")
    label = proto.LABEL_REPEATED if field.endswith("*") else proto.LABEL_OPTIONAL
    added = declared.field.add(name=name, number=int(number), label=label)
    if kind in _MESSAGES:
        added.type, added.type_name = proto.TYPE_MESSAGE, f".accord_cel.{kind}"
    else:
        added.type = getattr(proto, f"TYPE_{kind.upper()}")
    if declared.name in _KIND and name != "id":
        added.oneof_index = 0
