"""Columns from Python values and back."""

from __future__ import annotations

from collections.abc import Sequence

from paasq_daemon.index.column import Column
from paasq_dsl.types import Type
from paasq_dsl.values import Value


def from_values(type_: Type, values: Sequence[Value]) -> Column:
    raise NotImplementedError


def constant(type_: Type, value: Value, length: int) -> Column:
    raise NotImplementedError


def null_column(type_: Type, length: int) -> Column:
    raise NotImplementedError


def concatenate(type_: Type, columns: Sequence[Column]) -> Column:
    raise NotImplementedError


def to_values(column: Column) -> list[Value]:
    raise NotImplementedError
