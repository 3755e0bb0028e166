"""The views that are open, and the states that later pages of theirs go on from."""

from __future__ import annotations

from threading import Condition

import numpy as np

from paasq_daemon.index.collection_index import CollectionIndex
from paasq_daemon.index.column import Ints
from paasq_daemon.index.index_view import IndexView, Moment
from paasq_daemon.wire.errors import StoreError

MOMENTS_MAX = 16  # states whose indexes are kept for the next page; a byte a record each


class OpenViews:
    """In the order of their sequence numbers. For one thread at a time, `close` apart."""

    def __init__(self) -> None:
        self._views: dict[IndexView, None] = {}
        self._ended = Condition()
        self.closed = False  # it may be read at any time

    def add(self, view: IndexView) -> None:
        """Of the newest sequence number. Raises StoreError after `close`."""
        self._views[view] = None
        if self.closed:
            del self._views[view]
            self.raise_if_closed()

    def remove(self, view: IndexView) -> None:
        """At the end of its block."""
        del self._views[view]
        if self.closed:
            with self._ended:
                self._ended.notify_all()
        view.release()

    def raise_if_closed(self) -> None:
        """Raises StoreError after `close`."""
        if self.closed:
            raise StoreError("the store is closed", "open it again")

    def close(self, wait_s: float) -> None:
        """Take no more, and wait so long at most for those that are open."""
        with self._ended:
            self.closed = True
            self._ended.wait_for(lambda: not self._views, wait_s)

    def have(self, collection_id: int) -> bool:
        """Whether one of them reads the collection."""
        return any(collection_id in view.snapshots for view in self._views)

    def unseen(self, collection_id: int, index: CollectionIndex | None) -> Ints:
        """The dead of a collection that none of them has alive; `index` is the present one, None where it was dropped."""
        if index is None:  # views from before still read it
            known = (view.snapshots.get(collection_id) for view in self._views)
            dropped = next(snapshot for snapshot in known if snapshot is not None)
            return np.flatnonzero(~dropped.live)
        oldest = next(iter(self._views), None)
        if oldest is None:
            return index.deleted.array()
        snapshot = oldest.snapshots.get(collection_id)
        same = snapshot is not None and snapshot.generation == index.generation
        return index.deleted.array(snapshot.dead_count if snapshot and same else 0)


class KeptMoments:
    """The least lately used are dropped. For one thread at a time."""

    def __init__(self) -> None:
        self._moments: dict[tuple[int, int], Moment] = {}  # by sequence number and version of the catalog

    def get(self, seq: int, catalog_version: int) -> Moment | None:
        """None where it was dropped."""
        return self._moments.get((seq, catalog_version))

    def keep(self, view: IndexView) -> None:
        """As the view used it, and others of its state before."""
        name = view.seq, view.catalog.version
        known, now = self._moments.pop(name, None), view.moment
        readers = {**(known.text_readers if known else {}), **now.text_readers}
        self._moments[name] = now._replace(text_readers=readers)
        while len(self._moments) > MOMENTS_MAX:
            del self._moments[next(iter(self._moments))]

    def clear(self) -> None:
        """Drop all."""
        self._moments.clear()
