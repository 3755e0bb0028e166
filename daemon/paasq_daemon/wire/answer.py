"""The answer of a query: rows with their labels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from paasq_daemon.wire.arrow_table import arrow_table, pandas_frame, polars_frame
from paasq_daemon.wire.errors import ProtocolError
from paasq_daemon.wire.row import Row
from paasq_daemon.wire.value_codecs import codec
from paasq_dsl.time_zones import DEFAULT_ZONE

if TYPE_CHECKING:  # they are optional
    import pandas as pd
    import polars as pl
    import pyarrow as pa

_LABELS = ("complete", "reason", "cursor", "seq", "elapsed_ms", "tokens")


@dataclass(frozen=True, slots=True)
class ColumnInfo:
    """A column's name and its type as `str(Type)` writes it."""

    name: str
    type: str


@dataclass(frozen=True, slots=True)
class FacetCount:
    """One value of a facet and how many rows have it. `value` is as JSON writes it: a time is text."""

    value: Any
    count: int


@dataclass(frozen=True, slots=True)
class PutResult:
    """The keys of the records put, in the order given, and the store's sequence number that holds them all."""

    keys: tuple[str, ...]
    seq: int


@dataclass
class Answer:
    """Rows with their labels. Iterating gives `Row`s in the answer's order, their values Python's.

    `rows` are lists of engine values (a time is an int, microseconds since 1970 in UTC), one value a column. `reason` says why an
    answer is not complete (limit, time, rows, tokens, approximate); `cursor` is None on the last page; `seq` is the
    store's sequence number that the whole answer was read at; `tokens` estimates what the answer, as
    JSON, costs in an LLM's context; `cut` names the columns whose values are shortened, in an answer of one row that was too
    much for its budget; `warnings` are diagnostics of the text and of the values that it was asked with, which did not keep it
    from being run; `facet_types` are those of the values counted, as in `ColumnInfo`; `zone` is the time zone that
    the text was interpreted in, and that times are shown in.
    """

    columns: tuple[ColumnInfo, ...]
    rows: list[list[Any]]
    complete: bool = True
    reason: str | None = None
    cursor: str | None = None
    seq: int = 0
    elapsed_ms: float = 0.0
    facets: Mapping[str, list[FacetCount]] = field(default_factory=dict)
    facet_types: Mapping[str, str] = field(default_factory=dict)
    plan: str | None = None
    tokens: int | None = None
    zone: str = DEFAULT_ZONE
    cut: tuple[str, ...] = ()
    warnings: list[dict[str, Any]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Row]:
        return (self._row(values) for values in self.rows)

    def __getitem__(self, at: int) -> Row:
        return self._row(self.rows[at])

    def to_dicts(self) -> list[dict[str, Any]]:
        """A dict by column name for each row, its values Python's (`Row.to_dict`)."""
        return [row.to_dict() for row in self]

    def to_arrow(self) -> pa.Table:
        """A pyarrow.Table; `arrow_table` has the types. Raises ImportError, with the command that installs it, where pyarrow is
        not installed."""
        table: pa.Table = arrow_table([(column.name, column.type) for column in self.columns], self.rows)
        return table

    def to_pandas(self) -> pd.DataFrame:
        """A pandas.DataFrame whose columns have Arrow's types. Raises ImportError as `to_arrow`."""
        frame: pd.DataFrame = pandas_frame(self.to_arrow())
        return frame

    def to_polars(self) -> pl.DataFrame:
        """A polars.DataFrame. Raises ImportError as `to_arrow`."""
        frame: pl.DataFrame = polars_frame(self.to_arrow())
        return frame

    def to_json(self) -> dict[str, Any]:
        """One JSON object; each row an object by column name."""
        names = [column.name for column in self.columns]
        encoders = [codec(column.type).encode for column in self.columns]
        return {
            "columns": [{"name": column.name, "type": column.type} for column in self.columns],
            "rows": [
                {name: encode(value) for name, encode, value in zip(names, encoders, row, strict=True)}
                for row in self.rows
            ],
        } | self.labels_to_json()

    def labels_to_json(self) -> dict[str, Any]:
        """What stands beside columns and rows."""
        facet_types = {"facet_types": dict(self.facet_types)} if self.facet_types else {}
        plan = {} if self.plan is None else {"plan": self.plan}
        cut = {"cut": list(self.cut)} if self.cut else {}
        zone = {} if self.zone == DEFAULT_ZONE else {"zone": self.zone}
        return {
            "complete": self.complete,
            "reason": self.reason,
            "cursor": self.cursor,
            "seq": self.seq,
            "elapsed_ms": round(self.elapsed_ms, 3),
            "tokens": self.tokens,
            "facets": {
                name: [{"value": count.value, "count": count.count} for count in counts]
                for name, counts in self.facets.items()
            },
            "warnings": self.warnings,
        } | facet_types | plan | cut | zone  # fmt: skip

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Answer:
        """The inverse of `to_json`. Raises ProtocolError on what it never writes."""
        try:
            columns = tuple(ColumnInfo(column["name"], column["type"]) for column in data["columns"])
            decoders = [(column.name, codec(column.type).decode) for column in columns]
            return cls(
                columns=columns,
                rows=[[decode(row[name]) for name, decode in decoders] for row in data["rows"]],
                facets={
                    name: [FacetCount(count["value"], count["count"]) for count in counts]
                    for name, counts in data["facets"].items()
                },
                facet_types=data.get("facet_types", {}),
                plan=data.get("plan"),
                zone=data.get("zone", DEFAULT_ZONE),
                cut=tuple(data.get("cut", ())),
                warnings=data.get("warnings", []),
                **{name: data[name] for name in _LABELS},
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise ProtocolError(
                f"this is not an answer of paasq: {error!r}", "are client and daemon of one version?"
            ) from error

    def _row(self, values: list[Any]) -> Row:
        return Row(self._positions, [present(value) for present, value in zip(self._presenters, values, strict=True)])

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {column.name: at for at, column in enumerate(self.columns)}

    @cached_property
    def _presenters(self) -> list[Any]:
        return [codec(column.type).to_python for column in self.columns]
