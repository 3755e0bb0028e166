"""Arrays that grow at their end while earlier readers keep what they read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

Scalar = TypeVar("Scalar", bound=np.generic)

_CAPACITY_MIN = 64


class AppendArray(Generic[Scalar]):
    """An append-only array of one dimension, for one writer and any number of readers.

    An array that `array()` returned never changes: values are only written beyond its end, or into a new buffer. The
    size is raised last, so that a reader that knows a size finds that many values. A loaded array (it may be a
    read-only map of a file) is copied at the first append.
    """

    def __init__(self, dtype: type[Scalar], loaded: NDArray[Scalar] | None = None) -> None:
        self._buffer: NDArray[Scalar] = np.empty(0, dtype) if loaded is None else loaded
        self._size = len(self._buffer)

    def __len__(self) -> int:
        return self._size

    @property
    def dtype(self) -> np.dtype[Scalar]:
        """The dtype of the values, also of those in the array's file."""
        return self._buffer.dtype

    @property
    def entry_bytes(self) -> int:
        """Bytes of one value in memory and in the array's file."""
        return self._buffer.itemsize

    def array(self, end: int | None = None) -> NDArray[Scalar]:
        """The first `end` values (all of them where None), read-only. Another thread may be appending meanwhile."""
        values = self._buffer[: self._size if end is None else end]
        values.flags.writeable = False
        return values

    def tail(self, start: int) -> Iterator[NDArray[Scalar]]:
        """The values from `start` on."""
        yield self.array()[start:]

    def extend(self, values: NDArray[Scalar]) -> None:
        if not len(values):
            return  # what was loaded may be a read-only map
        end = self._size + len(values)
        if end > len(self._buffer):
            grown = np.empty(max(_CAPACITY_MIN, end, 2 * self._size), self._buffer.dtype)
            grown[: self._size] = self._buffer[: self._size]
            self._buffer = grown
        self._buffer[self._size : end] = values
        self._size = end
