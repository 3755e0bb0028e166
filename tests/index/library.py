"""A small collection with a column of each kind, random changes to it, and what its indexes must then say."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from paasq_daemon.index.column import Column, DictionaryColumn, ListColumn
from paasq_daemon.index.index_manager import Indexes
from paasq_daemon.index.index_view import IndexView
from paasq_daemon.store.store import Store
from paasq_daemon.store.write_transaction import WriteTransaction
from paasq_dsl.catalog import Catalog, Collection, Field
from paasq_dsl.types import (
    BOOL,
    DURATION,
    FLOAT,
    INT,
    KEYWORD,
    TIME,
    link_to,
    list_of,
    text_in,
    vector_of,
)  # fmt: skip
from paasq_dsl.values import Duration

SIZE = 5
WORDS = ["running", "runner", "ran", "budget", "quarterly", "falcon", "draft", "café", "naïve", "the", "of", "launch"]

NOTE = Collection(
    id=3,
    name="note",
    key="id",
    fields=(
        Field(1, "id", KEYWORD),
        Field(2, "title", text_in("en")),
        Field(3, "body", text_in(None)),
        Field(4, "kind", KEYWORD),
        Field(5, "stars", INT, default=0),
        Field(6, "price", FLOAT),
        Field(7, "done", BOOL),
        Field(8, "due", TIME),
        Field(9, "length", DURATION),
        Field(10, "tags", list_of(KEYWORD)),
        Field(11, "scores", list_of(INT)),
        Field(12, "parent", link_to("note")),
        Field(13, "lines", list_of(text_in("en"))),
        Field(14, "embedding", vector_of(SIZE)),
    ),
)
COLUMN_NAMES = [f.name for f in NOTE.fields if f.name not in {"title", "body", "lines", "embedding"}]
CATALOG = Catalog(1, {"note": NOTE})


@contextmanager
def opened(folder: Path) -> Iterator[tuple[Store, Indexes]]:
    with Store.open(folder, sync=False) as store:
        indexes = Indexes(folder, store)
        try:
            yield store, indexes
        finally:
            indexes.close()


def create(store: Store, catalog: Catalog = CATALOG) -> None:
    store.write(lambda transaction: transaction.set_catalog(catalog)).result()


@dataclass
class Model:
    """The live records as plain Python: key -> (fields by id, vector)."""

    rng: random.Random
    live: dict[str, tuple[dict[int, Any], np.ndarray | None]] = field(default_factory=dict)

    def change(self, store: Store, count: int) -> None:
        """Make random puts, replacements, deletes and late vectors, several to a transaction."""
        while count > 0:
            several = min(count, self.rng.randint(1, 6))
            store.write(partial(self._some, several)).result()
            count -= several

    def _some(self, count: int, transaction: WriteTransaction) -> None:
        for _ in range(count):
            self._one(transaction)

    def _one(self, transaction: WriteTransaction) -> None:
        key = f"k{self.rng.randrange(60)}"
        if key in self.live and self.rng.random() < 0.3:
            transaction.delete(NOTE.id, key)
            del self.live[key]
        elif key in self.live and self.live[key][1] is None and self.rng.random() < 0.5:
            late, ordinal = self._vector(), transaction.ordinal(NOTE.id, key)
            if ordinal is not None and transaction.put_vector(NOTE.id, 14, ordinal, late.tobytes()):
                self.live[key] = self.live[key][0], late
        else:
            fields = self._fields(key)
            vector = self._vector()
            choices: list[dict[int, np.ndarray | None]] = [{}, {14: None}, {14: vector}, {14: vector}]
            vectors = self.rng.choice(choices)
            raw = {id_: None if v is None else v.tobytes() for id_, v in vectors.items()}
            transaction.put(NOTE.id, key, fields, raw)
            self.live[key] = fields, vectors.get(14)

    def _vector(self) -> np.ndarray:
        return np.array([self.rng.gauss(0, 1) for _ in range(SIZE)], np.float32)

    def _fields(self, key: str) -> dict[int, Any]:
        rng = self.rng
        all_fields: dict[int, Any] = {
            2: " ".join(rng.choices(WORDS, k=rng.randint(1, 12))),
            3: " ".join(rng.choices(WORDS, k=4)),
            4: rng.choice(["idea", "decision", "", "ümlaut"]),
            5: rng.randint(-(2**63), 2**63 - 1),
            6: rng.uniform(-1e9, 1e9),
            7: rng.random() < 0.5,
            8: rng.randint(0, 2**50),
            9: Duration(0, rng.randint(0, 10**9)),
            10: rng.choices(["a", "b", "c", "work"], k=rng.randint(0, 3)),
            11: [rng.randint(0, 9) for _ in range(rng.randint(0, 4))],
            12: f"k{rng.randrange(60)}",
            13: [" ".join(rng.choices(WORDS, k=3)) for _ in range(rng.randint(0, 3))],
        }
        kept = {id_: value for id_, value in all_fields.items() if rng.random() < 0.8}
        nulls = {id_: None for id_ in all_fields if rng.random() < 0.05}
        return {1: key} | kept | nulls


def values_of(column: Column) -> list[Any]:
    """The values of a column as plain Python, None where null."""
    if isinstance(column, DictionaryColumn):
        return [None if code < 0 else column.dictionary[code] for code in column.codes.tolist()]
    valid = [True] * len(column) if column.validity is None else column.validity.tolist()
    if isinstance(column, ListColumn):
        items, offsets = values_of(column.items), column.offsets.tolist()
        lists = [items[a:b] for a, b in pairwise(offsets)]
        return [value if ok else None for value, ok in zip(lists, valid, strict=True)]
    return [value if ok else None for value, ok in zip(column.values.tolist(), valid, strict=True)]


def check_equal(view: IndexView, model: Model) -> None:
    """Every column and vector of the view says what the model does."""
    note = view.collection("note")
    live = np.flatnonzero(note.live).tolist()
    keys = values_of(note.column("_key"))
    assert sorted(keys[o] for o in live) == sorted(model.live)
    assert note.live_count == len(model.live)
    for name in COLUMN_NAMES:
        declared = NOTE.fields_by_name[name]
        values = values_of(note.column(name))
        assert len(values) == note.length
        for ordinal in live:
            expected = model.live[keys[ordinal]][0].get(declared.id, declared.default)
            if isinstance(expected, Duration):
                expected = expected.micros
            assert values[ordinal] == expected, (name, keys[ordinal])
    vectors = note.vectors("embedding")
    assert vectors.count == sum(v is not None for _, v in model.live.values())
    for ordinal in live:
        expected_vector, found = model.live[keys[ordinal]][1], vectors.vector(ordinal)
        assert (found is None) == (expected_vector is None)
        if found is not None and expected_vector is not None:
            np.testing.assert_allclose(found, expected_vector / np.linalg.norm(expected_vector), rtol=1e-6)
