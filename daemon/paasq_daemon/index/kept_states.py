"""Past states whose indexes are kept: for the next page of a query, and for the next query of a moment."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import NamedTuple

from paasq_daemon.index.column_snapshot import ColumnSnapshot
from paasq_daemon.index.text_index import TextIndexReader
from paasq_daemon.index.time_travel import HistoricalIndexes

MOMENTS_MAX = 16  # states whose indexes are kept for the next page; a byte a record each
HISTORICAL_MAX = 2  # past moments whose indexes are kept

StateName = tuple[int, int]  # sequence number, and version of the catalog


class Moment(NamedTuple):
    """The indexes of a past view, as it used them; records are read from the store by its sequence number."""

    snapshots: Mapping[int, ColumnSnapshot]
    failures: Mapping[int, Exception]
    text_readers: Mapping[int, TextIndexReader]


class KeptStates:
    """Thread-safe. What was begun before `clear`, as `epoch` tells, is not kept any more."""

    def __init__(self) -> None:
        self.epoch = 0
        self._lock = Lock()
        self._moments: dict[StateName, Moment] = {}
        self._pasts: dict[StateName, HistoricalIndexes] = {}

    def moment(self, name: StateName) -> Moment | None:
        """What `keep_moment` was given, if it is still there."""
        with self._lock:
            return self._moments.get(name)

    def keep_moment(self, name: StateName, now: Moment, epoch: int) -> None:
        """The least lately used are dropped."""
        with self._lock:
            if epoch != self.epoch:
                return
            known = self._moments.pop(name, None)
            readers = {**(known.text_readers if known else {}), **now.text_readers}
            self._moments[name] = now._replace(text_readers=readers)
            while len(self._moments) > MOMENTS_MAX:
                del self._moments[next(iter(self._moments))]

    def take_past(self, name: StateName) -> HistoricalIndexes | None:
        """For one query at a time."""
        with self._lock:
            return self._pasts.pop(name, None)

    def keep_past(self, past: HistoricalIndexes, epoch: int) -> None:
        """For the next query of its moment; few are kept, the others closed."""
        name = past.seq, past.catalog.version
        with self._lock:
            over = [past] if epoch != self.epoch else [each for each in (self._pasts.pop(name, None),) if each]
            if epoch == self.epoch:
                self._pasts[name] = past
            over += [self._pasts.pop(next(iter(self._pasts))) for _ in range(len(self._pasts) - HISTORICAL_MAX)]
        for each in over:
            each.close()

    def clear(self) -> None:
        """Drop all, and what is in use as soon as it is not."""
        with self._lock:
            self.epoch += 1
            pasts, self._pasts = self._pasts, {}
            self._moments.clear()
        for past in pasts.values():
            past.close()
