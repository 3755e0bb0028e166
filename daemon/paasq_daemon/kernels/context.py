"""What a kernel is given: the rows, the values fixed for one execution, and the call itself."""

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
    """The rows an expression is evaluated over: their number, their columns by name, and a selection of them as a RowSet."""

    @property
    def length(self) -> int:
        """The number of rows."""
        ...

    def column(self, name: str) -> Column:
        """The column of this name, `length` rows. Raises KeyError where there is none."""
        ...

    def take(self, rows: Ints) -> RowSet:
        """The rows at these positions (int64), in this order."""
        ...


class SnippetMode(StrEnum):
    """What is returned of a text that matched: the best part, that part with the matches marked, or the matches' positions."""

    PART = "part"
    MARKED = "marked part"
    PLACES = "places"  # start and end of each match in characters, alternating


class SnippetFunction(Protocol):
    """What extracts snippets: supplied by the operators, which know the last match or near stage."""

    def __call__(self, rows: RowSet, text: Column, characters: int | None, shown: SnippetMode, /) -> Column:
        """The best part of each text in at most `characters` characters, or all of it where that is None; null where
        the text is.
        """
        ...


@dataclass(frozen=True)
class EvaluationContext:
    """What is fixed for one execution. `literals` by the slot of a Constant, `parameters` as the client gave them,
    `now_us` in microseconds since 1970 UTC, `subquery_results` one row each.

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
    """One call of a function: the type it was bound to (any where the binder did not know it) and its span for errors."""

    type: Type
    span: Span
    rows: RowSet
    context: EvaluationContext


# (call, column of each argument) -> column. An argument has as many rows as `call.rows`, or one that is broadcast.
Kernel: TypeAlias = "Callable[..., Column]"
AnyKernel = TypeVar("AnyKernel", bound=Kernel)
SCALAR_KERNELS: dict[str, Kernel] = {}


def scalar_kernel(name: str) -> Callable[[AnyKernel], AnyKernel]:
    """Registers a kernel under the name of its function or operator."""

    def register(function: AnyKernel) -> AnyKernel:
        SCALAR_KERNELS[name] = function
        return function

    return register
