"""What the scores of a text search depend on."""

from __future__ import annotations

import random
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from index.library import NOTE, WORDS, create, opened
from index.test_text import put, search


@pytest.mark.parametrize("seed", range(4))
def test_scores_are_of_the_live_records_alone(tmp_path: Path, seed: int) -> None:
    """Whatever the history, an index made anew at the same sequence number gives the same rows, order and scores."""
    rng = random.Random(seed)
    with opened(tmp_path) as (store, indexes):
        create(store)
        for _ in range(60):
            key = f"k{rng.randrange(12)}"
            if rng.random() < 0.2:
                store.write(partial(lambda t, key: t.delete(NOTE.id, key), key=key)).result()
            else:
                put(store, key, " ".join(rng.choices(WORDS, k=rng.randint(1, 8))), body="falcon")
            if rng.random() < 0.5:
                with indexes.read() as view:
                    search(view, "falcon")
                    if rng.random() < 0.3:
                        put(store, "k0", "written while an older view is open")
                        with indexes.read() as newer:
                            search(newer, "falcon")
                        search(view, "falcon")
        with indexes.read() as view:
            before = [search(view, word, weights={}) for word in WORDS]
    for manifest in tmp_path.rglob("paasq.json"):
        manifest.unlink()
    with opened(tmp_path) as (_, indexes), indexes.read() as view:
        for word, hits in zip(WORDS, before, strict=True):
            anew = search(view, word, weights={})
            assert anew.ordinals.tolist() == hits.ordinals.tolist(), word
            np.testing.assert_allclose(anew.scores, hits.scores, rtol=1e-6)
