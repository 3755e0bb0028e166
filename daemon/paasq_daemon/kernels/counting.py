"""Facets: the values of a column by how often they stand there."""

from __future__ import annotations

from paasq_daemon.index.column import Column
from paasq_dsl.values import Value


def value_counts(column: Column, top: int | None) -> list[tuple[Value, int]]:
    raise NotImplementedError
