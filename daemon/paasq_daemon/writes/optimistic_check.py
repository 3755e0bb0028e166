"""Optimistic concurrency: a record may be put back with the system columns it was read with, which must be unchanged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_daemon.wire.errors import ConflictError, InvalidValue
from paasq_daemon.wire.value_codecs import decode
from paasq_dsl.catalog import SYSTEM_COLUMNS, Collection

RETURNED_COLUMNS = frozenset(SYSTEM_COLUMNS) - {"_score"}
_CONFIRMED = "_confirmed"  # says nothing of which version it is


def system_values(record: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a JSON record that the store keeps, as engine values. Raises InvalidValue."""
    found: dict[str, Any] = {}
    for name in RETURNED_COLUMNS & record.keys() - {_CONFIRMED}:
        try:
            found[name] = decode(record[name], SYSTEM_COLUMNS[name]) if isinstance(record[name], str) else record[name]
        except ValueError as error:
            raise InvalidValue(f"{name} is kept by the store: {error}", "leave it out") from None
    return found


def check_unmodified(
    transaction: WriteTransaction, collection: Collection, record: Mapping[str, Any], given: Mapping[str, Any]
) -> None:
    """Raises ConflictError where the live record is not the version that was read, or was deleted."""
    if not given:
        return
    key = record.get(collection.key)
    live = transaction.get(collection.id, key) if isinstance(key, str) else None
    if live is None:
        raise ConflictError(
            f"{collection.name}:{key} was read, and is not there any more", "put it without its _version"
        )
    kept = {"_key": live.key, "_version": live.version, "_seq": live.seq, "_time": live.time_us}
    if any(kept[name] != value for name, value in given.items()):
        raise ConflictError(
            f"{collection.name}:{key} is at version {live.version}, and what is put was read at another",
            "read it again and decide anew, or put it without its _version",
        )
