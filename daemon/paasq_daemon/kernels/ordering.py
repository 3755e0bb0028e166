"""The order of rows by their columns."""

from __future__ import annotations

from collections.abc import Sequence

from paasq_daemon.index.column import Column, Ints


def order(keys: Sequence[tuple[Column, bool]], length: int) -> Ints:
    raise NotImplementedError


def top(keys: Sequence[tuple[Column, bool]], length: int, k: int) -> Ints:
    raise NotImplementedError
