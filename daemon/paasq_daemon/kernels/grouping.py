"""Rows to groups, and aggregates over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from paasq_daemon.index.column import Column, Ints
from paasq_dsl.values import Value


@dataclass(frozen=True, slots=True)
class Groups:
    """Rows by group. `codes` int64, a group for each row; `representatives` int64, the first row of each (-1: it has none).

    Groups are numbered in ascending order of their key values, nulls last.
    """

    codes: Ints
    count: int
    representatives: Ints


def group(keys: Sequence[Column], length: int) -> Groups:
    raise NotImplementedError


def aggregate(name: str, arguments: Sequence[Column], groups: Groups, extra: Sequence[Value]) -> Column:
    raise NotImplementedError
