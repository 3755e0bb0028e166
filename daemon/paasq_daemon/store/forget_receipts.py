"""Receipts of what was forgotten: what went, when and how far, without a key or a value. They stay in the store."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import lmdb
from blake3 import blake3

from paasq_daemon.store.entry_codec import decode, encode, unknown_shape
from paasq_daemon.store.layout import SEQ_KEY
from paasq_daemon.store.read_view import ReadView
from paasq_daemon.store.tables import Tables
from paasq_daemon.store.write_transaction import WriteTransaction

_PREFIX = b"forget/"
_RECEIPT = "a receipt of what was forgotten"
_RESERVED_NAME = b"forgets"  # the greatest number that was given, where a repair found its receipt lost


@dataclass(frozen=True, slots=True)
class ForgetReceipt:
    """`seq` is the store's sequence number from which on no answer has the records; `links` are those of live records that still
    lead to them. Times are microseconds since 1970, UTC. `finished_us` is None as long as files may hold bytes of them; where
    it is not, `still_in` names what may hold them all the same.
    """

    number: int
    collection: str
    records: int
    versions: int
    vectors: int
    size_bytes: int
    links: int
    seq: int
    began_us: int
    finished_us: int | None = None
    snapshots_rewritten: tuple[str, ...] = ()
    still_in: tuple[str, ...] = ()

    @property
    def is_void(self) -> bool:
        """Whether there was nothing to forget, neither in the store nor in a snapshot."""
        return not (self.versions or self.snapshots_rewritten or self.still_in)

    @property
    def hash(self) -> str:
        """BLAKE3, in hexadecimal, of the fields as JSON in UTF-8 with sorted keys and no spaces."""
        text = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return blake3(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class PendingForget:
    """A receipt of a forget that is not finished, with what is needed to go on: the ids of the collections, the name of the file
    that has the keys, and since which sequence number a snapshot may hold the records."""

    receipt: ForgetReceipt
    collection_ids: tuple[int, ...] = ()
    keys_file: str = ""
    first_seq: int = 0
    with_snapshots: bool = False


def read_receipts(view: ReadView) -> list[ForgetReceipt]:
    """All, the oldest first. Raises CorruptRecord where one is not as it was written."""
    return [pending.receipt for pending in _stored(view)]


def read_pending(view: ReadView) -> list[PendingForget]:
    """Those that are not finished, the oldest first."""
    return [pending for pending in _stored(view) if pending.receipt.finished_us is None]


def last_receipt_number(view: ReadView) -> int:
    """The greatest that was given; 0 where nothing was forgotten. Damaged and lost ones count too."""
    meta = view.tables.meta
    numbers = [_number(key) for key, _ in meta.scan_raw(view.txn, _PREFIX)]
    if meta.find_sound(view.txn, _RESERVED_NAME) is not None:
        numbers.append(int(decode(meta.get(view.txn, _RESERVED_NAME) or b"")))
    return max(numbers, default=0)


def stored_receipt_number(key: bytes) -> int | None:
    """That of the receipt which has this key in `meta`; None for other keys."""
    return _number(key) if key.startswith(_PREFIX) and len(key) == len(_PREFIX) + SEQ_KEY.size else None


def reserve_receipt_numbers(txn: lmdb.Transaction[bytes], tables: Tables, last: int) -> None:
    """Give no number up to `last` again, though its receipt is lost."""
    if last > last_receipt_number(ReadView(txn, tables)):
        tables.meta.put(txn, _RESERVED_NAME, encode(last))


def was_forgotten_since(view: ReadView, number: int, names: Collection[str]) -> bool:
    """Whether records of these collections were erased after the receipt of this number. Raises CorruptRecord where a newer
    receipt is damaged."""
    if last_receipt_number(view) <= number:
        return False
    newer = (receipt for receipt in read_receipts(view) if receipt.number > number)
    return any(receipt.versions and receipt.collection in names for receipt in newer)


def export_receipts(view: ReadView) -> Iterator[list[Any]]:
    """As they are stored, the oldest first: the fields, the hash, and what is needed to go on. Raises CorruptRecord."""
    return (_to_store(pending) for pending in _stored(view))


def import_receipt(transaction: WriteTransaction, exported: list[Any]) -> None:
    """Write one of `export_receipts`. Raises CorruptRecord where it is not as it was written."""
    write_pending(transaction, _pending(exported))


def write_pending(transaction: WriteTransaction, pending: PendingForget) -> None:
    """Insert or replace the entry of its number."""
    name = _PREFIX + SEQ_KEY.pack(pending.receipt.number)
    transaction.tables.meta.put(transaction.txn, name, encode(_to_store(pending)))


def remove_receipt(transaction: WriteTransaction, number: int) -> None:
    """Of one that is void."""
    transaction.tables.meta.delete(transaction.txn, _PREFIX + SEQ_KEY.pack(number))


def _number(key: bytes) -> int:
    return int(SEQ_KEY.unpack(key[len(_PREFIX) :])[0])


def _to_store(pending: PendingForget) -> list[Any]:
    return [asdict(pending.receipt), pending.receipt.hash, _to_go_on(pending)]


def _to_go_on(pending: PendingForget) -> list[object] | None:
    if pending.receipt.finished_us is not None:
        return None
    return [list(pending.collection_ids), pending.keys_file, pending.first_seq, pending.with_snapshots]


def _stored(view: ReadView) -> Iterator[PendingForget]:
    for key, payload in view.tables.meta.scan(view.txn, _PREFIX):
        pending = _pending(decode(payload))
        if _number(key) != pending.receipt.number:
            raise unknown_shape(_RECEIPT)
        yield pending


def _pending(stored: Any) -> PendingForget:
    try:
        fields, hash_, rest = stored
        named: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in fields.items()}
        receipt = ForgetReceipt(**named)
        ids, keys_file, first_seq, with_snapshots = rest or ((), "", 0, False)
    except (TypeError, ValueError, AttributeError):
        raise unknown_shape(_RECEIPT) from None
    if receipt.hash != hash_:
        raise unknown_shape(_RECEIPT)
    return PendingForget(receipt, tuple(ids), keys_file, first_seq, with_snapshots)
