"""Bound expressions over rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from paasq_daemon.index.column import Column, Mask
from paasq_dsl.bound import Bound
from paasq_dsl.values import Value


class Rows(Protocol):
    """What an expression is evaluated over: so many rows, and their columns by name."""

    @property
    def length(self) -> int: ...
    def column(self, name: str) -> Column: ...


@dataclass(frozen=True)
class RunValues:
    """What is fixed for one run. `literals` by the slot of a Constant, `parameters` as the client gave them."""

    literals: tuple[Value, ...]
    parameters: Mapping[str, Any]
    now_us: int
    traverse: Callable[[str, str, Column], Column]  # (collection, field, links) -> that field, null where none
    snippet: Callable[[Rows, Column, int], Column]  # (rows, text, characters) -> text


def evaluate(expression: Bound, rows: Rows, run: RunValues) -> Column:
    raise NotImplementedError


def evaluate_mask(expression: Bound, rows: Rows, run: RunValues) -> Mask:
    raise NotImplementedError


def scalar(expression: Bound, run: RunValues) -> Value:
    raise NotImplementedError


def columns_of(expression: Bound) -> frozenset[str]:
    raise NotImplementedError


def is_scalar(expression: Bound) -> bool:
    raise NotImplementedError
