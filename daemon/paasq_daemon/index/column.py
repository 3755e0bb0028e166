"""Columns in memory: what the indexes hold, operators pass on and kernels compute with.

Three classes, one a physical layout. All are immutable; row `i` of each column of a batch belongs to the same row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from paasq_dsl.types import Type

Ints: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]
Codes: TypeAlias = NDArray[np.int32]
Objects: TypeAlias = NDArray[np.object_]
Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FlatColumn:
    """One value a row. int, time, duration (microseconds): int64; float: float64; bool: bool_; text and the rest:
    object.

    `validity` is False where the value is null (`values` is arbitrary there); None where no value is null.
    """

    type: Type
    values: NDArray[Any]
    validity: Mask | None = None

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: Ints) -> FlatColumn:
        """The values at these row numbers (int64), in this order; copied."""
        return FlatColumn(self.type, self.values[rows], None if self.validity is None else self.validity[rows])


@dataclass(frozen=True, slots=True)
class DictionaryColumn:
    """Strings (keyword, link) as codes into a dictionary: int32, -1 where null.

    `dictionary` is an object array of distinct str, in order of first appearance; entries may be unused.
    """

    type: Type
    codes: Codes
    dictionary: Objects

    def __len__(self) -> int:
        return len(self.codes)

    def take(self, rows: Ints) -> DictionaryColumn:
        """The codes at these row numbers (int64), in this order; the dictionary is shared."""
        return DictionaryColumn(self.type, self.codes[rows], self.dictionary)


@dataclass(frozen=True, slots=True)
class ListColumn:
    """Lists. Row i holds `items[offsets[i]:offsets[i + 1]]`; offsets int64, one more than rows; `validity` as in FlatColumn."""

    type: Type
    offsets: Ints
    items: FlatColumn | DictionaryColumn
    validity: Mask | None = None

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def take(self, rows: Ints) -> ListColumn:
        """The lists at these row numbers (int64), in this order; their items are copied, so that the offsets begin at 0."""
        starts, lengths = self.offsets[rows], self.offsets[rows + 1] - self.offsets[rows]
        offsets = np.zeros(len(rows) + 1, np.int64)
        np.cumsum(lengths, out=offsets[1:])
        inside = np.arange(offsets[-1]) - np.repeat(offsets[:-1], lengths)
        items = self.items.take(np.repeat(starts, lengths) + inside)
        return ListColumn(self.type, offsets, items, None if self.validity is None else self.validity[rows])


Column: TypeAlias = "FlatColumn | DictionaryColumn | ListColumn"
