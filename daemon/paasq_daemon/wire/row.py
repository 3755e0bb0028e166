"""One row of an answer, with Python values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


class Row:
    """`row.title`, `row["title"]`, `row[0]`; `title, due = row`; `row.to_dict()`.

    Values are Python's: times aware datetimes in UTC, links keys. A column called `to_dict` is read by `row["to_dict"]`.
    """

    __slots__ = ("_positions", "_values")

    def __init__(self, positions: Mapping[str, int], values: list[Any]) -> None:
        self._positions = positions  # name -> index, shared by all rows of an answer
        self._values = values

    def __getattr__(self, name: str) -> Any:
        try:
            return self._values[self._positions[name]]
        except KeyError:
            raise AttributeError(self._no_column(name)) from None

    def __getitem__(self, at: str | int) -> Any:
        if isinstance(at, int):
            return self._values[at]
        try:
            return self._values[self._positions[at]]
        except KeyError:
            raise KeyError(self._no_column(at)) from None

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Row) and self.to_dict() == other.to_dict()

    __hash__ = None  # type: ignore[assignment]  # a row may hold lists

    def __repr__(self) -> str:
        return f"Row({', '.join(f'{name}={self._values[at]!r}' for name, at in self._positions.items())})"

    def to_dict(self) -> dict[str, Any]:
        """The values by column name, in the order of the columns."""
        return dict(zip(self._positions, self._values, strict=True))

    def _no_column(self, name: str) -> str:
        return f"no column {name!r}; there are {', '.join(self._positions)}"
