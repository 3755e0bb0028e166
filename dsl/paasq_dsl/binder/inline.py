"""Functions that a text declares: their bodies are put in the place of each call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from paasq_dsl.bound import Apply, Bound, ColumnValue, Traverse
from paasq_dsl.types import Type

SIZE_MAX, DEPTH_MAX = 2_000, 60  # of a body with all that it calls put in: what walks expressions recurses


@dataclass(frozen=True, slots=True)
class InlineFunction:
    """The body's columns are the parameters."""

    name: str
    parameters: tuple[tuple[str, Type], ...]
    result: Type
    body: Bound
    doc: str = ""

    @property
    def usage(self) -> str:
        return f"{self.name}({', '.join(f'{name}: {type_}' for name, type_ in self.parameters)}): {self.result}"


def inlined(function: InlineFunction, arguments: Mapping[str, Bound]) -> Bound | None:
    """The body with the arguments in the place of its parameters; None where that would be too large."""
    sizes = {name: measure(argument) for name, argument in arguments.items()}
    uses = [part.name for part in parts(function.body) if isinstance(part, ColumnValue)]
    size, depth = measure(function.body)
    size += sum(sizes[name][0] for name in uses)
    depth += max((sizes[name][1] for name in uses), default=0)
    return None if size > SIZE_MAX or depth > DEPTH_MAX else _substituted(function.body, arguments)


def measure(expression: Bound) -> tuple[int, int]:
    """How many parts an expression has, and how deep they nest; found without recursion."""
    waiting, size, deepest = [(expression, 1)], 0, 0
    while waiting:
        part, depth = waiting.pop()
        size, deepest = size + 1, max(deepest, depth)
        waiting += [(child, depth + 1) for child in _children(part)]
    return size, deepest


def parts(expression: Bound) -> list[Bound]:
    """An expression and all that is in it, found without recursion."""
    found, at = [expression], 0
    while at < len(found):
        found += _children(found[at])
        at += 1
    return found


def _children(part: Bound) -> tuple[Bound, ...]:
    if isinstance(part, Apply):
        return part.arguments
    return (part.base,) if isinstance(part, Traverse) else ()


def _substituted(part: Bound, arguments: Mapping[str, Bound]) -> Bound:
    if isinstance(part, ColumnValue):
        return arguments[part.name]
    if isinstance(part, Apply):
        return replace(part, arguments=tuple(_substituted(a, arguments) for a in part.arguments))
    return replace(part, base=_substituted(part.base, arguments)) if isinstance(part, Traverse) else part
