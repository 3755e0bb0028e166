"""What a function takes and gives, and how arguments fit it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from paasq_dsl.types import ANY, FLOAT, NULL, ORDERED_KINDS, STRING_KINDS, TEXT, Kind, Type, list_of


class FunctionKind(StrEnum):
    SCALAR = "scalar"  # a value for each row
    AGGREGATE = "aggregate"  # a value for a group of rows


@dataclass(frozen=True, slots=True)
class Signature:
    """Types of arguments and of the result, written `text, int -> text`.

    Words: the kinds; `string` (keyword, text or link), `number` (int or float), `ordered`, `any`, `T` (the same at each
    place), `[T]`. A `?` behind a type: may be left out; `...` behind the last: any number of it.
    """

    parameters: tuple[str, ...]
    result: str
    optional: int
    variadic: bool

    def __str__(self) -> str:
        return f"{', '.join(self.parameters)} -> {self.result}"


@dataclass(frozen=True, slots=True)
class Function:
    """An entry of the library: what the binder, hover, completion and the manual know of it. Kernels give it its code."""

    name: str
    signatures: tuple[Signature, ...]
    doc: str
    example: str
    kind: FunctionKind = FunctionKind.SCALAR

    @property
    def usage(self) -> str:
        return "; ".join(f"{self.name}({', '.join(s.parameters)}) -> {s.result}" for s in self.signatures)


def signature(text: str) -> Signature:
    left, result = text.split("->")
    words = [w.strip() for w in left.split(",") if w.strip()]
    variadic = bool(words) and words[-1].endswith("...")
    optional = sum(w.endswith("?") for w in words)
    return Signature(tuple(w.removesuffix("...").removesuffix("?") for w in words), result.strip(), optional, variadic)


def function(name: str, signatures: str, doc: str, example: str, kind: FunctionKind = FunctionKind.SCALAR) -> Function:
    """`signatures` parted by `;`."""
    return Function(name, tuple(signature(s) for s in signatures.split(";")), doc, example, kind)


def resolve(candidate: Signature, arguments: Sequence[Type]) -> Type | None:
    """The type of the result where the arguments fit, else None."""
    count = len(candidate.parameters)
    least = count - candidate.optional - (1 if candidate.variadic else 0)
    if len(arguments) < least or (len(arguments) > count and not candidate.variadic):
        return None
    names: dict[str, Type] = {}
    for i, argument in enumerate(arguments):
        if not _fits(candidate.parameters[min(i, count - 1)], argument, names):
            return None
    return _result(candidate.result, names)


def unify(left: Type, right: Type) -> Type | None:
    """The one type that both are values of, or None."""
    if left == right or right.kind in {Kind.NULL, Kind.ANY}:
        return left
    if left.kind in {Kind.NULL, Kind.ANY}:
        return right
    kinds = {left.kind, right.kind}
    if kinds == {Kind.INT, Kind.FLOAT}:
        return FLOAT
    if kinds <= STRING_KINDS:
        return TEXT
    if left.kind is right.kind is Kind.LIST:
        assert left.item is not None
        assert right.item is not None
        item = unify(left.item, right.item)
        return None if item is None else list_of(item)
    return left if left.kind is right.kind else None


def _fits(pattern: str, argument: Type, names: dict[str, Type]) -> bool:
    if argument.kind in {Kind.ANY, Kind.NULL}:
        return True
    if pattern.startswith("["):
        return argument.kind is Kind.LIST and argument.item is not None and _fits(pattern[1:-1], argument.item, names)
    if pattern == "T":
        known = unify(names.get("T", NULL), argument)
        names["T"] = known or argument
        return known is not None
    match pattern:
        case "any":
            return True
        case "string":
            return argument.kind in STRING_KINDS
        case "number":
            return argument.kind in {Kind.INT, Kind.FLOAT}
        case "ordered":
            names["ordered"] = argument
            return argument.kind in ORDERED_KINDS
        case "float":
            return argument.kind in {Kind.INT, Kind.FLOAT}
        case "keyword" | "text":
            return argument.kind in STRING_KINDS
        case _:
            return str(argument.kind) == pattern


def _result(pattern: str, names: dict[str, Type]) -> Type:
    if pattern.startswith("["):
        return list_of(_result(pattern[1:-1], names))
    if pattern in {"T", "ordered"}:
        return names.get(pattern, ANY)
    return Type(Kind(pattern))
