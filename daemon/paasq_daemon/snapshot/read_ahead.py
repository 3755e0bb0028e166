"""Reading objects ahead of their use, several at a time: a bucket answers late, and hashing keeps no other thread waiting."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

_THREADS = 4
_AHEAD = 8  # objects, each of up to 8 MiB


def read_ahead(read: Callable[[T], R], items: Iterable[T]) -> Iterator[tuple[T, Future[R]]]:
    """Each item with the future of `read` of it, in their order; at most eight are read before they are asked for."""
    with ThreadPoolExecutor(_THREADS, "paasq-read-ahead") as pool:
        waiting: deque[tuple[T, Future[R]]] = deque()
        for item in items:
            waiting.append((item, pool.submit(read, item)))
            if len(waiting) > _AHEAD:
                yield waiting.popleft()
        yield from waiting
