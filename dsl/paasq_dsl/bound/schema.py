"""The columns of a bound plan: what each stage hands to the next, and what every stage is."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from paasq_dsl.catalog import Collection
from paasq_dsl.object_paths import ancestor_paths, is_descendant_path, nested_types
from paasq_dsl.types import Type


@dataclass(frozen=True, slots=True)
class ColumnOrigin:
    """A field of a collection, whose values a column has: as they are, or for a list's field its items."""

    collection: str
    field: str


@dataclass(frozen=True, slots=True)
class ColumnInfo:
    """A column after a stage. A hidden one can be named but is not part of an answer unless selected. `origin` is None where
    the column was computed. `object_path` is the path of the object that it is a member of: the two begin alike, and an answer
    shows the members of one together."""

    name: str
    type: Type
    hidden: bool = False
    origin: ColumnOrigin | None = field(
        default=None, compare=False, repr=False
    )  # for people who type, not for the plan
    object_path: str | None = None

    def is_member_of(self, path: str) -> bool:
        """Is it a member of the object at `path`, or of one in it?"""
        return (
            self.object_path is not None
            and is_descendant_path(self.name, path)
            and is_descendant_path(f"{path}.", self.object_path)
        )


@dataclass(frozen=True)
class Schema:
    """The columns after a stage. `collection` is set while rows are records of one, `is_open` after a broken stage:
    then any name may be a column. `has_scores` once rows have a score, `may_repeat_records` once a record may have several."""

    columns: tuple[ColumnInfo, ...]
    collection: Collection | None = None
    is_open: bool = False
    has_scores: bool = False
    may_repeat_records: bool = False

    @property
    def columns_by_name(self) -> Mapping[str, ColumnInfo]:
        """All columns, hidden ones too, in order. Built at each access."""
        return {c.name: c for c in self.columns}

    @cached_property
    def visible_columns(self) -> tuple[ColumnInfo, ...]:
        """The columns that an answer shows, in order."""
        return tuple(c for c in self.columns if not c.hidden)

    @cached_property
    def result_types(self) -> Mapping[str, Type]:
        """What an answer has: the visible columns, an object as one."""
        return nested_types((c.name, c.type, c.object_path) for c in self.visible_columns)

    def members(self, path: str) -> tuple[ColumnInfo, ...]:
        """Of the object at `path`; none where it is no object."""
        return tuple(c for c in self.columns if c.is_member_of(path))

    def columns_except(self, names: Container[str]) -> tuple[ColumnInfo, ...]:
        """The columns but these, and what is in those of them that are objects."""
        paths = [path for c in self.columns if c.object_path for path in ancestor_paths(c.name) if path in names]
        return tuple(c for c in self.columns if c.name not in names and not any(map(c.is_member_of, paths)))


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundStage:
    """A stage of a bound plan; `schema` is what its rows have."""

    schema: Schema
