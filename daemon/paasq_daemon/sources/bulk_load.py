"""Bulk load in batches, each stored as a whole; a refused batch is bisected until the rejected record is found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any, TypeAlias

from paasq_daemon.sources.input_record import InputRecord
from paasq_daemon.wire.errors import (
    BudgetExceeded,
    Cancelled,
    DaemonUnavailable,
    ModelMismatch,
    PaasqError,
    PeerRefused,
    StoreError,
)

BATCH_RECORDS = 1000

Put: TypeAlias = Callable[[list[dict[str, Any]]], object]
Reject: TypeAlias = Callable[[InputRecord], object]

# Not caused by a record: the next one would fail too.
_FATAL = (StoreError, DaemonUnavailable, PeerRefused, ModelMismatch, Cancelled, BudgetExceeded)


def bulk_load(entries: Iterable[InputRecord], put: Put, reject: Reject) -> Iterator[int]:
    """Store entries in the order of the file; after each batch yield how many records of it are stored.

    `reject` gets every entry that could not be read or that the store refuses, with the error. Raises what `put` raises
    where the failure is not caused by a record.
    """
    remaining = iter(entries)
    while batch := list(islice(remaining, BATCH_RECORDS)):
        records = [entry for entry in batch if entry.record is not None]
        for entry in batch:
            if entry.record is None:
                reject(entry)
        yield _stored(records, put, reject)


def _stored(entries: Sequence[InputRecord], put: Put, reject: Reject) -> int:
    if not entries:
        return 0
    try:
        put([entry.record for entry in entries if entry.record is not None])
    except _FATAL:
        raise
    except PaasqError as error:
        if len(entries) == 1:
            reject(replace(entries[0], error=f"{error.message} ({error.hint})" if error.hint else error.message))
            return 0
        half = len(entries) // 2
        return _stored(entries[:half], put, reject) + _stored(entries[half:], put, reject)
    return len(entries)
