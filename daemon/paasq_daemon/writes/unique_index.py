"""Unique fields: no two live records share a value. Checked at the end of a transaction (a deferred constraint)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_daemon.wire.errors import ConflictError, StoreError
from paasq_dsl.catalog import Collection, Field
from paasq_dsl.values import Value


@dataclass
class _Owners:
    """Which record has which value, as two inverse maps."""

    by_value: dict[Value, str] = field(default_factory=dict)
    by_key: dict[str, Value] = field(default_factory=dict)

    def set(self, key: str, value: Value) -> None:
        """Record the present value of a key; None where it has none."""
        before = self.by_key.pop(key, None)
        if before is not None and self.by_value.get(before) == key:
            del self.by_value[before]
        if value is not None:
            self.by_value[value], self.by_key[key] = key, value


class UniqueIndex:
    """Owner of each unique value: built from the records when first needed, then updated from the journal.

    In memory only, and only for the writer's thread.
    """

    def __init__(self) -> None:
        self._seq = 0
        self._rolled_back = 0
        self._owners: dict[tuple[int, int], _Owners] = {}  # by ids of collection and field

    def catch_up(self, transaction: WriteTransaction) -> None:
        """Bring the index to the state before the transaction; call it before its first change."""
        wanted = {(c.id, f.id): c for c, f in _unique_fields(transaction)}
        if not wanted:
            self._owners = {}
            return
        known = {name: owners for name, owners in self._owners.items() if name in wanted}
        if transaction.rolled_back != self._rolled_back or not self._followed(transaction, known):
            known = {}  # after a commit that failed, owners may be of what is not there
        for name in wanted.keys() - known.keys():
            known[name] = _Owners()
            for record in transaction.scan_readable(name[0]):
                known[name].set(record.key, record.fields.get(name[1]))
        self._owners, self._seq, self._rolled_back = known, transaction.seq, transaction.rolled_back

    def check(self, transaction: WriteTransaction) -> None:
        """Raises ConflictError where two live records share a value, as the transaction leaves them."""
        changed = {(change.collection, change.key) for change in transaction.changes}
        for collection, unique in _unique_fields(transaction) if changed else ():
            owners = self._owners[collection.id, unique.id].by_value
            taken: dict[Value, str] = {}
            for key in sorted(key for collection_id, key in changed if collection_id == collection.id):
                record = transaction.get_readable(collection.id, key)
                value = None if record is None else record.fields.get(unique.id)
                if value is None:
                    continue
                other = taken.get(value) or owners.get(value, key)
                if other != key and (value in taken or (collection.id, other) not in changed):
                    raise ConflictError(
                        f"{collection.name}.{unique.name} is unique, and {value!r} of {collection.name}:{key} is that of "
                        f"{collection.name}:{other}",
                        "give it another value, or change the other record first",
                    )
                taken[value] = key

    def _followed(self, transaction: WriteTransaction, known: dict[tuple[int, int], _Owners]) -> bool:
        """Apply the journal since the last call. False where it was trimmed meanwhile, or a record was forgotten."""
        if not known:
            return True
        try:
            for entry in transaction.journal(self._seq):
                for change in entry.changes:
                    for (collection_id, field_id), owners in known.items():
                        if collection_id == change.collection and not change.key:  # forgotten: whose value is not known
                            return False
                        if collection_id == change.collection:
                            record = transaction.get_readable(
                                collection_id, change.key
                            )  # as it is now: the last change counts
                            owners.set(change.key, None if record is None else record.fields.get(field_id))
        except StoreError:
            return False
        return True


def _unique_fields(transaction: WriteTransaction) -> Iterator[tuple[Collection, Field]]:
    for collection in transaction.catalog.collections.values():
        for each in collection.fields:
            if each.unique and each.name != collection.key:
                yield collection, each
