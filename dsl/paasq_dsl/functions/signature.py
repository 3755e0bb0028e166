"""What a function takes and gives, and how arguments fit it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from paasq_dsl.types import ANY, FLOAT, KEYWORD, NULL, ORDERED_KINDS, STRING_KINDS, TEXT, Type, TypeKind, list_of

NULL_PROPAGATES = "Null where an argument is null."
NULLS_IGNORED = "Nulls are left out."
_ONE_TYPE = frozenset({"int", "float", "bool", "time", "duration", "text", "keyword", "vector", "bytes"})


class FunctionKind(StrEnum):
    """What rows a function looks at, which decides where it may be called."""

    SCALAR = "scalar"  # a value for each row
    AGGREGATE = "aggregate"  # a value for a group of rows, or for each of them the one of its group
    WINDOW = "window"  # a value for each row, computed from the rows around it


@dataclass(frozen=True, slots=True)
class Signature:
    """Types of arguments and of the result, written `text, int -> text`.

    Words: the kinds; `string` (keyword, text or link), `number` (int or float), `ordered`, `any`, `T` (the same at each
    place), `[T]`, `zone` (the name of a time zone). A `?` after a type: may be left out; `...` after the last: any number
    of it; `...` after another: all up to there, once or several times.
    """

    parameters: tuple[str, ...]
    result: str

    def expected_types(self, count: int) -> tuple[str, ...] | None:
        """The word for each of `count` arguments; None where it can't be so many."""
        words = tuple(p.rstrip("?.") for p in self.parameters)
        repeated = next((i for i, p in enumerate(self.parameters) if p.endswith("...")), None)
        if repeated is None:
            least = sum(not p.endswith("?") for p in self.parameters)
            return words[:count] if least <= count <= len(words) else None
        if repeated == len(words) - 1:
            return words[:-1] + words[-1:] * (count - repeated) if count >= repeated else None
        group, rest = words[: repeated + 1], words[repeated + 1 :]
        times, left = divmod(count, len(group))
        return group * times + rest[:left] if times and left <= len(rest) else None


@dataclass(frozen=True, slots=True)
class Function:
    """An entry of the library: what the binder, hover, completion and the manual know of it. Kernels give it its code.

    `null_handling` is the rule for null arguments. `constant_arguments` of an aggregate or a window function: the positions
    of arguments with one value for all rows, where the others have one for each. `depends_on_run`: its value depends on the run,
    as the current time does.
    """

    name: str
    signatures: tuple[Signature, ...]
    doc: str
    example: str
    kind: FunctionKind = FunctionKind.SCALAR
    null_handling: str = NULL_PROPAGATES
    constant_arguments: frozenset[int] = frozenset()
    depends_on_run: bool = False

    @property
    def usage(self) -> str:
        """All signatures as one line, such as `abs(number) -> number`, separated by `;`."""
        return "; ".join(f"{self.name}({', '.join(s.parameters)}) -> {s.result}" for s in self.signatures)


def parse_signatures(text: str) -> tuple[Signature, ...]:
    """Of a text with one or several, separated by `;`."""
    return tuple(_signature(part) for part in text.split(";"))


def function(
    name: str,
    signature_text: str,
    doc: str,
    example: str,
    *,
    nulls: str = NULL_PROPAGATES,
    depends_on_run: bool = False,
) -> Function:
    """A scalar function, its signatures parsed from `signature_text`. Raises ValueError where that has no `->`."""
    return Function(
        name, parse_signatures(signature_text), doc, example, null_handling=nulls, depends_on_run=depends_on_run
    )


def parameter_type(word: str) -> Type:
    """The type that a word of a signature asks; any where several fit."""
    if word.startswith("["):
        return list_of(parameter_type(word[1:-1]))
    if word == "zone":
        return KEYWORD
    return Type(TypeKind(word)) if word in _ONE_TYPE else ANY


def infer_result_type(candidate: Signature, arguments: Sequence[Type]) -> Type | None:
    """The type of the result where the arguments fit, else None."""
    asked = candidate.expected_types(len(arguments))
    names: dict[str, Type] = {}
    if asked is None or not all(_fits(word, given, names) for word, given in zip(asked, arguments, strict=True)):
        return None
    return _result(candidate.result, names)


def closest_overloads(candidates: Sequence[Signature], arguments: Sequence[Type]) -> tuple[Signature, ...]:
    """Those that the most arguments fit, counted from the first to the first that does not fit; all where none fits any."""
    fitting = [_fitting(candidate, arguments) for candidate in candidates]
    return tuple(c for c, count in zip(candidates, fitting, strict=True) if count == max(fitting))


def _fitting(candidate: Signature, arguments: Sequence[Type]) -> int:
    words = candidate.expected_types(len(arguments)) or tuple(p.rstrip("?.") for p in candidate.parameters)
    names: dict[str, Type] = {}
    fits = [_fits(word, given, names) for word, given in zip(words, arguments, strict=False)]
    return (*fits, False).index(False)


def unify(left: Type, right: Type) -> Type | None:
    """The one type that both are values of, or None."""
    if left == right or right.kind in {TypeKind.NULL, TypeKind.ANY}:
        return left
    if left.kind in {TypeKind.NULL, TypeKind.ANY}:
        return right
    kinds = {left.kind, right.kind}
    if kinds == {TypeKind.INT, TypeKind.FLOAT}:
        return FLOAT
    if kinds <= STRING_KINDS:
        return TEXT
    if left.kind is right.kind is TypeKind.LIST:
        assert left.item is not None
        assert right.item is not None
        item = unify(left.item, right.item)
        return None if item is None else list_of(item)
    return left if left.kind is right.kind else None


def is_assignable(wanted: Type, given: Type) -> bool:
    """Can a field of one type hold values of the other? An int is a float, one kind of string another."""
    if wanted.kind is TypeKind.VECTOR:
        return given.kind in {TypeKind.VECTOR, TypeKind.ANY, TypeKind.NULL} or (
            given.kind is TypeKind.LIST and is_assignable(FLOAT, given.item or given)
        )
    if wanted.kind is TypeKind.LINK and given.kind is TypeKind.LINK:
        return wanted.name == given.name
    together = unify(wanted, given)
    if together is None:
        return False
    if wanted.kind is TypeKind.LIST and given.kind is TypeKind.LIST:
        return is_assignable(wanted.item or wanted, given.item or given)
    return together == wanted or {wanted.kind, given.kind} <= STRING_KINDS or wanted.kind is TypeKind.ANY


def _signature(text: str) -> Signature:
    left, result = text.split("->")
    return Signature(tuple(w.strip() for w in left.split(",") if w.strip()), result.strip())


def _fits(pattern: str, argument: Type, names: dict[str, Type]) -> bool:
    if argument.kind in {TypeKind.ANY, TypeKind.NULL}:
        return True
    if pattern.startswith("["):
        return (
            argument.kind is TypeKind.LIST and argument.item is not None and _fits(pattern[1:-1], argument.item, names)
        )
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
            return argument.kind in {TypeKind.INT, TypeKind.FLOAT}
        case "ordered":
            names["ordered"] = argument
            return argument.kind in ORDERED_KINDS
        case "float":
            return argument.kind in {TypeKind.INT, TypeKind.FLOAT}
        case "keyword" | "text" | "zone":
            return argument.kind in STRING_KINDS
        case "vector":
            item = argument.item
            return argument.kind is TypeKind.VECTOR or (item is not None and _fits("number", item, names))
        case _:
            return str(argument.kind) == pattern


def _result(pattern: str, names: dict[str, Type]) -> Type:
    if pattern.startswith("["):
        return list_of(_result(pattern[1:-1], names))
    if pattern in {"T", "ordered"}:
        return names.get(pattern, ANY)
    return Type(TypeKind(pattern))
