"""Statistics and values of columns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from index.library import NOTE, create, opened
from paasq_daemon.index.column_builders import column_builder
from paasq_daemon.index.column_statistics import ColumnStatistics, column_statistics
from paasq_dsl.types import DURATION, FLOAT, INT, KEYWORD, Type, list_of
from paasq_dsl.values import Duration, Value


@pytest.mark.parametrize(
    ("type_", "values", "expected"),
    [
        (INT, [3, None, 3, -1], ColumnStatistics(4, 1, 2, -1, 3)),
        (FLOAT, [None, None], ColumnStatistics(2, 2, 0)),
        (KEYWORD, ["b", "a", None, "b"], ColumnStatistics(4, 1, 2, "a", "b")),
        (DURATION, [Duration(0, 5), Duration(1, 0)], ColumnStatistics(2, 0, 2, 5, 2_629_746_000_000)),
        (list_of(INT), [[1, 2], [], None, [2]], ColumnStatistics(4, 1, 2, 1, 2)),
        (list_of(KEYWORD), [["x"], None], ColumnStatistics(2, 1, 1, "x", "x")),
        (INT, [], ColumnStatistics(0, 0, 0)),
    ],
)
def test_statistics(type_: Type, values: list[Value], expected: ColumnStatistics) -> None:
    builder = column_builder(type_)
    builder.extend(values)
    assert column_statistics(builder.column(len(values)), np.ones(len(values), np.bool_)) == expected


def test_dead_rows_do_not_count() -> None:
    builder = column_builder(KEYWORD)
    builder.extend(["a", "b", "c"])
    assert column_statistics(builder.column(3), np.array([True, False, True])) == ColumnStatistics(2, 0, 2, "a", "c")


@pytest.mark.parametrize("distinct", [10, 1_000, 400_000])
def test_distinct_numbers_of_a_long_column_are_estimated(distinct: int) -> None:
    builder = column_builder(INT)
    rng = np.random.default_rng(0)
    builder.extend(rng.integers(0, distinct, 400_000).tolist())
    found = column_statistics(builder.column(400_000), np.ones(400_000, np.bool_)).distinct
    assert distinct / 4 <= found <= distinct * 4


def test_values_for_completion(tmp_path: Path) -> None:
    with opened(tmp_path) as (store, indexes):
        create(store)
        kinds = ["Idea", "idea", "idea", "plan", None, "idle"]
        store.write(
            lambda t: [
                t.put(NOTE.id, f"k{i}", {4: kind, 10: ["work", kind or "none"]}, {}) for i, kind in enumerate(kinds)
            ]
        ).result()
        store.write(lambda t: t.delete(NOTE.id, "k5")).result()
        with indexes.read() as view:
            note = view.collection("note")
            assert note.values_with_prefix("kind", "ID", 10) == [("idea", 2), ("Idea", 1)]
            assert note.values_with_prefix("kind", "", 1) == [("idea", 2)]
            assert note.values_with_prefix("tags", "w", 5) == [("work", 5)]
            assert note.values_with_prefix("id", "k", 1) == [("k0", 1)]
            with pytest.raises(TypeError, match="no dictionary"):
                note.values_with_prefix("stars", "", 5)
