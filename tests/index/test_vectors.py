"""Vector search equals brute force: exactly below the threshold, by measured recall above it, under any mask."""

from __future__ import annotations

import numpy as np
import pytest

from paasq_daemon.index import vector_search as tuning
from paasq_daemon.index.binary_quantization import DISTANCE_MAX, hamming_distances, quantize, smallest_distances
from paasq_daemon.index.vector_blocks import BLOCK_ROWS
from paasq_daemon.index.vector_index import VectorIndex
from paasq_daemon.index.vector_search import VectorSearcher, normalize_rows
from paasq_daemon.wire.errors import StoreError

SIZE = 150  # not a multiple of 64


def rows_of(count: int, size: int = SIZE, seed: int = 0) -> np.ndarray:
    """Vectors in clumps, as texts of a few topics are."""
    rng = np.random.default_rng(seed)
    topics = rng.normal(size=(50, size))
    return (topics[rng.integers(0, 50, count)] + 0.7 * rng.normal(size=(count, size))).astype(np.float32)


def index_of(rows: np.ndarray) -> VectorIndex:
    index = VectorIndex(rows.shape[1])
    index.apply({ordinal: row.tobytes() for ordinal, row in enumerate(rows)})
    return index


def brute(rows: np.ndarray, query: np.ndarray, k: int, passing: np.ndarray) -> list[int]:
    wide = rows.astype(np.float64)
    norms = np.linalg.norm(wide, axis=1) * np.linalg.norm(query.astype(np.float64))
    scores = np.divide(wide @ query, norms, out=np.zeros(len(rows)), where=norms > 0)
    ordinals = np.flatnonzero(passing)
    best: list[int] = ordinals[np.lexsort((ordinals, -scores[ordinals]))][:k].tolist()
    return best


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    return rows_of(3 * BLOCK_ROWS + 9_000)


@pytest.fixture(scope="module")
def view(rows: np.ndarray) -> VectorSearcher:
    alive = np.ones(len(rows), np.bool_)
    alive[::11] = False
    return index_of(rows).view(len(rows), alive)


@pytest.mark.parametrize("share", [1.0, 0.5, 0.1, 0.01, 0.0005, 0.0])
def test_equals_brute_force_under_masks_of_every_selectivity(
    rows: np.ndarray, view: VectorSearcher, share: float
) -> None:
    rng = np.random.default_rng(1)
    alive = np.arange(len(rows)) % 11 != 0
    recalled = wanted = 0
    for near in range(12):
        query = (rows[near * 1000] + 0.3 * rng.normal(size=SIZE)).astype(np.float32)
        mask = rng.random(len(rows)) < share
        expected = brute(rows, query, 10, mask & alive)
        assert view.search(query, 10, mask, exact=True).ordinals.tolist() == expected
        found = view.search(query, 10, mask)
        assert np.all(mask[found.ordinals] & alive[found.ordinals])
        assert len(found.ordinals) == len(expected)
        if not found.approximate:
            assert found.ordinals.tolist() == expected
        recalled += len(set(expected) & set(found.ordinals.tolist()))
        wanted += len(expected)
    assert recalled >= 0.97 * wanted


def test_says_that_it_is_approximate_exactly_when_it_is(rows: np.ndarray, view: VectorSearcher) -> None:
    query = rows[5]
    assert view.search(query, 10).approximate
    assert not view.search(query, 10, exact=True).approximate
    assert not view.search(query, 10, np.arange(len(rows)) < tuning.EXACT_FLOATS_MAX // SIZE).approximate
    assert not view.search(query, len(rows)).approximate
    assert len(view.search(query, len(rows)).ordinals) == view.count


def test_pages_fit_together_and_scores_stay(view: VectorSearcher, rows: np.ndarray) -> None:
    query = rows[7]
    long = view.search(query, 500, exact=True)
    for k in (1, 10, 100):
        short = view.search(query, k, exact=True)
        assert short.ordinals.tolist() == long.ordinals[:k].tolist()
        assert short.scores.tolist() == long.scores[:k].tolist()
    shuffled = long.ordinals[::-1].copy()
    assert view.scores(query, shuffled).tolist() == long.scores[::-1].tolist()
    assert np.isnan(view.scores(query, np.array([0, 10**9])))[0]


def test_ties_go_by_ordinal() -> None:
    index = index_of(np.ones((500, 8), np.float32))
    found = index.view(500, np.ones(500, np.bool_)).search(np.ones(8, np.float32), 7)
    assert found.ordinals.tolist() == list(range(7))


def test_zeros_and_extremes() -> None:
    rows = np.array([[0, 0], [1e38, 1e38], [1e-38, 0], [-1, 0]], np.float32)
    view = index_of(rows).view(4, np.ones(4, np.bool_))
    found = view.search(np.array([2, 0], np.float32), 4)
    np.testing.assert_allclose(found.scores, [1, 2**-0.5, 0, -1], atol=1e-6)
    assert found.ordinals.tolist() == [2, 1, 0, 3]
    assert view.search(np.zeros(2, np.float32), 2).scores.tolist() == [0, 0]
    assert view.search(np.ones(2, np.float32), 0).ordinals.tolist() == []


def test_replaced_and_removed_vectors() -> None:
    index = index_of(np.eye(4, dtype=np.float32))
    first = len(index.log)
    index.apply({1: np.array([1, 0, 0, 0], np.float32).tobytes(), 2: None, 9: None})
    alive = np.ones(10, np.bool_)
    before, after = index.view(first, alive), index.view(len(index.log), alive)
    query = np.array([1, 0, 0, 0], np.float32)
    assert (before.count, after.count) == (4, 3)
    assert before.search(query, 9).scores.tolist() == [1, 0, 0, 0]
    assert after.search(query, 9).ordinals.tolist() == [0, 1, 3]
    assert after.vector(2) is None
    found = after.vector(1)
    assert found is not None
    assert found.tolist() == [1, 0, 0, 0]
    reloaded = VectorIndex(4, index.log.array(), np.concatenate(list(index.blocks.tail(0))))
    assert reloaded.view(len(index.log), alive).search(query, 9).ordinals.tolist() == [0, 1, 3]
    with pytest.raises(StoreError, match="different lengths"):
        index.apply({5: b"\0" * 8})


def test_a_query_of_another_length_is_refused(view: VectorSearcher) -> None:
    with pytest.raises(ValueError, match="150 numbers"):
        view.search(np.ones(3, np.float32), 5)


def test_distances_are_counts_of_different_signs() -> None:
    rows = rows_of(300)
    query = rows_of(1, seed=5)[0]
    distances = hamming_distances(quantize(rows), quantize(query[np.newaxis])[:, 0])
    assert distances.tolist() == [int(((row > 0) != (query > 0)).sum()) for row in rows]
    chosen = smallest_distances(distances, 20)
    assert len(chosen) >= 20
    assert distances[chosen].max() == np.sort(distances)[19]
    distances[chosen] = DISTANCE_MAX
    assert not set(smallest_distances(distances, 20).tolist()) & set(chosen.tolist())


def test_rows_have_unit_length() -> None:
    np.testing.assert_allclose(np.linalg.norm(normalize_rows(rows_of(50)), axis=1), 1, rtol=1e-6)
