"""The journal's rows of a collection name each the one before, so that a lost one is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from paasq_daemon.store.journal import CATALOG, JournalRow
from paasq_daemon.store.layout import CATALOG_COLLECTION, JOURNAL_KEY
from paasq_daemon.store.read_view import ReadView


class JournalSpan(NamedTuple):
    """From which sequence number on a collection's rows are kept, and that of the last one."""

    start: int
    end: int


def journal_spans(view: ReadView) -> dict[int, JournalSpan]:
    """By collection, `CATALOG_COLLECTION` for the catalog."""
    counted = view.all_collection_counters().items()
    spans = {id_: JournalSpan(state.journal_start, state.journal_end) for id_, state in counted}
    return spans | {CATALOG_COLLECTION: JournalSpan(view.state.catalog_start, view.state.catalog_end)}


def missing_rows(rows: Iterable[JournalRow], spans: Mapping[int, JournalSpan]) -> Iterator[bytes]:
    """The keys of rows that others name and that are not there; of several in a row, the last. `rows` are in order."""
    last: dict[int, int] = {}
    for row in rows:
        of = row.changes[0].collection
        stored = CATALOG_COLLECTION if of == CATALOG else of
        start = spans[stored].start if stored in spans else 1
        if last.get(stored, 0) != row.previous and row.previous >= start:
            yield JOURNAL_KEY.pack(row.previous, stored)
        last[stored] = row.seq
    for stored, span in spans.items():
        if span.end >= span.start and last.get(stored, 0) != span.end:
            yield JOURNAL_KEY.pack(span.end, stored)
