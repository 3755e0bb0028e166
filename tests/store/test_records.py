"""Records, keys, versions, vectors and history, as the contract of the store has them."""

from __future__ import annotations

import math
from typing import Any

import pytest

from paasq_daemon.store.journal import ChangeKind
from paasq_daemon.store.store import Store
from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_daemon.wire.errors import ConflictError, InvalidValue, StoreError
from paasq_dsl.catalog import Catalog, Collection, Field
from paasq_dsl.types import DURATION, KEYWORD
from paasq_dsl.values import Duration

VALUES: list[Any] = [
    None, True, False, 0, -1, 2**63 - 1, -(2**63), 0.0, -0.5, 1e308, math.inf, "", "a\nb", "Ω漢😀", "\x00",
    Duration(), Duration(-14, 5), [], ["a", "b"], [1, None, [2.5, [True]]], [Duration(1, 1)],
]  # fmt: skip


def put(store: Store, key: str, value: Any = None, vectors: dict[int, bytes | None] | None = None) -> int:
    record = store.write(lambda t: t.put(1, key, {1: value}, vectors or {})).result().value
    return record.ordinal


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_comes_back_as_it_went_in(store: Store, value: Any) -> None:
    put(store, "k", value)
    with store.read() as view:
        record = view.get(1, "k")
    assert record is not None
    assert record.fields == {1: value}
    assert type(record.fields[1]) is type(value)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("", 1, "1 to 400 bytes"),
        ("k" * 401, 1, "this one has 401"),
        ("ä" * 201, 1, "this one has 402"),
        ("\ud800", 1, "surrogate"),
        ("k", 2**64, "64 bits"),
        ("k", "\udfff", "surrogate"),
        ("k", object(), "cannot be stored"),
        ("k", "x" * (16 << 20), "16,777,216 are the most"),
    ],
    ids=["empty key", "long key", "long key in bytes", "bad key", "big int", "bad text", "object", "big record"],
)
def test_what_cannot_be_stored_says_why_and_leaves_nothing(store: Store, key: str, value: Any, words: str) -> None:
    with pytest.raises(InvalidValue, match=words):
        put(store, key, value)
    assert store.seq == 0
    assert store.check() == []


def test_the_longest_key_fits(store: Store) -> None:
    assert put(store, "k" * 400) == 0


def test_an_update_gets_a_new_ordinal_and_the_old_body_stays(store: Store) -> None:
    assert [put(store, "a", 1), put(store, "b", 2), put(store, "a", 3)] == [0, 1, 2]
    with store.read() as view:
        assert view.ordinals(1, ["b", "a", "c"]) == [1, 2, -1]
        assert [(r.key, r.version, r.seq, r.fields[1]) for r in view.scan(1)] == [("b", 1, 2, 2), ("a", 2, 3, 3)]
        assert view.record(1, 0).fields == {1: 1}
        assert (view.next_ordinal(1), view.live_count(1)) == (3, 2)
        assert [r.ordinal for r in view.records(1, [2, 0])] == [2, 0]


def test_a_delete_hides_the_record_and_its_ordinal_is_not_used_again(store: Store) -> None:
    put(store, "a")
    assert store.write(lambda t: t.delete(1, "a")).result().value is True
    assert store.write(lambda t: t.delete(1, "a")).result().value is False
    assert store.seq == 2  # a delete of nothing is no transaction
    assert put(store, "a") == 1
    with store.read() as view:
        record = view.get(1, "a")
        assert record is not None
        assert record.version == 1
        kinds = [(c.kind, c.ordinal, c.replaced_ordinal) for entry in view.journal(0) for c in entry.changes]
    assert kinds == [(ChangeKind.PUT, 0, None), (ChangeKind.DELETE, 0, 0), (ChangeKind.PUT, 1, None)]


def test_collections_do_not_see_each_other(store: Store) -> None:
    store.write(lambda t: [t.put(c, "k", {1: c}, {}) for c in (1, 2, 256)]).result()
    with store.read() as view:
        assert [[r.fields[1] for r in view.scan(c)] for c in (1, 2, 3, 256)] == [[1], [2], [], [256]]


def test_a_view_does_not_change(store: Store) -> None:
    put(store, "a", 1)
    with store.read() as view:
        put(store, "a", 2)
        record = view.get(1, "a")
        assert record is not None
        assert (view.seq, record.fields[1]) == (1, 1)


def test_a_write_sees_itself(store: Store) -> None:
    def work(t: WriteTransaction) -> tuple[Any, ...]:
        t.put(1, "a", {1: 1}, {})
        t.put(1, "a", {1: 2}, {})
        return t.ordinal(1, "a"), t.live_count(1), t.next_ordinal(1), t.next_seq

    committed = store.write(work).result()
    assert committed.value == (1, 1, 2, committed.seq)


def test_vectors_pending_until_filled(store: Store) -> None:
    put(store, "a", vectors={4: None, 5: b"\x00\x00\x80\x3f"})
    put(store, "b", vectors={4: None})
    put(store, "c", vectors={4: None})
    with store.read() as view:
        assert (view.pending_vectors(1, 4, 2), view.pending_vector_count(1, 4), view.pending_vector_count(1, 5)) == (
            [0, 1],
            3,
            0,
        )
        assert list(view.vectors(1, 5, [0, 1])) == [b"\x00\x00\x80\x3f", None]
    assert store.write(lambda t: t.put_vector(1, 4, 0, b"1234")).result().value is True
    assert store.write(lambda t: t.put_vector(1, 4, 0, b"5678")).result().value is False
    put(store, "b", vectors={4: None})  # the old ordinal need not be made any more
    assert store.write(lambda t: t.put_vector(1, 4, 1, b"1234")).result().value is False
    store.write(lambda t: t.delete(1, "c")).result()
    with store.read() as view:
        assert (view.pending_vectors(1, 4, 9), list(view.vectors(1, 4, [0, 1]))) == ([3], [b"1234", None])
        change = next(c for e in view.journal(3) for c in e.changes)
        assert (change.kind, change.key, change.ordinal, change.field) == (ChangeKind.VECTOR, "a", 0, 4)
    store.write(lambda t: t.mark_vector_pending(1, 4, 0)).result()
    with store.read() as view:
        assert (view.pending_vectors(1, 4, 9), list(view.vectors(1, 4, [0]))) == ([0, 3], [None])
    assert store.check() == []


def test_a_vector_must_be_float32(store: Store) -> None:
    with pytest.raises(InvalidValue, match="float32"):
        put(store, "a", vectors={4: b"123"})


def test_the_catalog_keeps_its_history_and_its_durations(store: Store) -> None:
    fields = (Field(1, "id", KEYWORD), Field(2, "every", DURATION, default=Duration(1, 2)))
    first = Catalog().with_collection(Collection(1, "task", fields, "id"))
    second = first.with_collection(Collection(2, "note", fields[:1], "id"))
    store.write(lambda t: t.set_catalog(first)).result()
    store.write(lambda t: t.set_catalog(second)).result()
    with pytest.raises(ConflictError, match="at version 2"):
        store.write(lambda t: t.set_catalog(second)).result()
    with store.read() as view:
        assert view.catalog == second
        assert [view.past_catalog(v) for v in (0, 1, 2)] == [None, first, second]
        assert [c.kind for e in view.journal(0) for c in e.changes] == [ChangeKind.CATALOG] * 2


def test_trim_removes_what_died_and_nothing_else(store: Store) -> None:
    for n in range(20):
        put(store, f"k{n % 5}", n, {4: b"1234"})
    trimmed = store.trim(18)
    assert (trimmed.entries, trimmed.records, trimmed.vectors) == (17, 12, 12)
    assert store.check() == []
    with store.read() as view:
        assert [r.fields[1] for r in view.scan(1)] == [15, 16, 17, 18, 19]
        assert [e.seq for e in view.journal(17)] == [18, 19, 20]
        assert (view.seq, view.journal_start) == (20, 18)
        with pytest.raises(StoreError, match="begins at 18"):
            list(view.journal(3))
    store.trim(10_000)
    with store.read() as view:
        assert (list(view.journal(20)), view.journal_start) == ([], 21)
    put(store, "k0")
    assert store.check() == []
