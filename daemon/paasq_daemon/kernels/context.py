"""What kernels are given: rows, what is fixed for a run, and the call itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol, TypeAlias, TypeVar

from paasq_daemon.index.column import Column, Ints
from paasq_dsl.bound import Subquery
from paasq_dsl.source_text import Span
from paasq_dsl.types import Type
from paasq_dsl.values import Value


class RowSet(Protocol):
    """What an expression is evaluated over: so many rows, their columns by name, and some of them as rows again."""

    @property
    def length(self) -> int: ...
    def column(self, name: str) -> Column: ...
    def take(self, rows: Ints) -> RowSet: ...


class SnippetMode(StrEnum):
    """What is shown of a text that was matched."""

    PART = "part"
    MARKED = "marked part"
    PLACES = "places"  # of what was matched, start and end in characters, one pair behind the other


class SnippetFunction(Protocol):
    def __call__(self, rows: RowSet, text: Column, characters: int | None, shown: SnippetMode, /) -> Column:
        """Of the best part of each text, or with None of all of it."""
        ...


@dataclass(frozen=True)
class EvaluationContext:
    """What is fixed for one run. `literals` by the slot of a Constant, `parameters` as the client gave them.

    A parameter is str, int, float, bool, None, a list of these, datetime, date, timedelta or Duration.
    """

    literals: tuple[Value, ...]
    parameters: Mapping[str, Any]
    now_us: int
    traverse: Callable[[str, str, Column], Column]  # (collection, field, links) -> that field, null where none
    snippet: SnippetFunction
    subquery_results: Mapping[Subquery, Column] = field(
        default_factory=dict
    )  # by pipelines that have been run, in one row each


@dataclass(frozen=True, slots=True)
class KernelCall:
    """One application of a function: the type it was bound to (any, where that was not known) and its place."""

    type: Type
    span: Span
    rows: RowSet
    context: EvaluationContext


# (call, column of each argument) -> column. An argument has as many rows as `call.rows`, or one that stands for all.
Kernel: TypeAlias = "Callable[..., Column]"
AnyKernel = TypeVar("AnyKernel", bound=Kernel)
SCALAR_KERNELS: dict[str, Kernel] = {}


def scalar_kernel(name: str) -> Callable[[AnyKernel], AnyKernel]:
    """Registers the code of a function or an operator."""

    def register(function: AnyKernel) -> AnyKernel:
        SCALAR_KERNELS[name] = function
        return function

    return register
