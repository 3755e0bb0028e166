"""Bound writes. What a where of theirs chooses is a query."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from paasq_dsl.bound.expressions import BoundExpression, NamedExpression
from paasq_dsl.bound.query import BoundQuery
from paasq_dsl.catalog import Collection
from paasq_dsl.source_text import DUMMY_SPAN, Span


@dataclass(frozen=True, slots=True)
class BoundExpect:
    """`state` is absent or present, or `condition` holds of the record before the write."""

    state: str | None
    condition: BoundExpression | None


@dataclass(frozen=True, slots=True)
class BoundPut:
    """Of `records`, or of the rows of `query`. `expect` must hold of each record before it is put, or none is."""

    collection: Collection
    records: tuple[tuple[NamedExpression, ...], ...]
    expect: BoundExpect | None
    query: BoundQuery | None = None
    span: Span = field(default=DUMMY_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class BoundPatch:
    """Of the record with key `key`, or of all rows of `query`. `upsert`: a missing record is put."""

    collection: Collection
    key: str | None
    query: BoundQuery | None
    assignments: tuple[NamedExpression, ...]
    expect: BoundExpect | None
    upsert: bool = False
    span: Span = field(default=DUMMY_SPAN, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class BoundDelete:
    """Deletes the record with key `key`, or all rows of `query`; exactly one of the two is set. `expect` must hold
    of each."""

    collection: Collection
    key: str | None
    query: BoundQuery | None
    expect: BoundExpect | None
    span: Span = field(default=DUMMY_SPAN, compare=False, repr=False)


BoundWrite: TypeAlias = BoundPut | BoundPatch | BoundDelete


@dataclass(frozen=True, slots=True)
class BoundTransaction:
    """Writes that are applied together, in order, or not at all."""

    writes: tuple[BoundWrite, ...]
    span: Span = field(default=DUMMY_SPAN, compare=False, repr=False)
