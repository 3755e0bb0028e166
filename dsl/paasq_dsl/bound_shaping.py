"""Bound stages that shape rows: which there are, in what number, and with which columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from paasq_dsl.bound import Bound, BoundStage, Schema
from paasq_dsl.catalog import Collection
from paasq_dsl.types import Type


@dataclass(frozen=True, slots=True)
class DropStage:
    names: tuple[str, ...]
    schema: Schema


@dataclass(frozen=True, slots=True)
class RenameStage:
    names: tuple[tuple[str, str], ...]  # (new, old), all renamed at once
    schema: Schema


@dataclass(frozen=True, slots=True)
class SkipStage:
    count: Bound
    schema: Schema


@dataclass(frozen=True, slots=True)
class DistinctStage:
    """The first row of each group of rows that have equal keys."""

    keys: tuple[Bound, ...]
    schema: Schema


@dataclass(frozen=True, slots=True)
class ExpandStage:
    column: str
    name: str
    schema: Schema


@dataclass(frozen=True, slots=True)
class SampleStage:
    """So many rows, in their order, chosen by `seed`, or by the store's sequence number where there is none."""

    count: Bound
    seed: Bound | None
    schema: Schema


@dataclass(frozen=True, slots=True)
class UnionStage:
    """The rows that come in, whose columns are `before`, then those of each pipeline."""

    before: tuple[str, ...]
    pipelines: tuple[tuple[BoundStage, ...], ...]
    schema: Schema


@dataclass(frozen=True, slots=True)
class LookupStage:
    """Fields of the records of `collection` whose `field` equals `value`, both as `type`, as columns `name.field`."""

    collection: Collection
    field: str
    value: Bound
    type: Type
    many: bool
    name: str
    schema: Schema


ShapingStage: TypeAlias = (
    DropStage | RenameStage | SkipStage | DistinctStage | ExpandStage | SampleStage | UnionStage | LookupStage
)
