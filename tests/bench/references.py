"""The same work by other means, in the same run: SQLite's FTS5, and a plain scan by numpy."""

from __future__ import annotations

import re
import sqlite3

import numpy as np
from numpy.typing import NDArray

from bench.notes import Corpus
from bench.operations import words_of
from bench.timing import Timing, measure

_SEARCH = "SELECT rowid, title FROM notes WHERE notes MATCH ? ORDER BY bm25(notes) LIMIT 10"


def full_text(corpus: Corpus, seconds: float) -> dict[str, Timing]:
    """FTS5 in memory, with its English stemmer, over the bodies."""
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE notes USING fts5(title UNINDEXED, body, tokenize = 'porter')")
    database.executemany("INSERT INTO notes VALUES (?, ?)", [(n["title"], n["body"]) for n in corpus.notes])
    words = words_of(corpus)
    triples = [" OR ".join(words[i : i + 3]) for i in range(0, len(words) - 2, 3)]
    phrases = [f'"{f[0]}"' for n in corpus.notes[:600] if (f := re.search(r"[A-Za-z]{4,9} [A-Za-z]{4,9}", n["body"]))]

    def searched(texts: list[str]) -> Timing:
        return measure(lambda i: database.execute(_SEARCH, [texts[i % len(texts)]]).fetchall(), seconds)

    found = {"match 1": searched(words), "match 3": searched(triples), "match phrase": searched(phrases)}
    database.close()
    return found


def exact_scan(rows: int, size: int, seconds: float) -> dict[str, Timing]:
    """One matrix product over vectors in memory, and the ten best."""
    chance = np.random.default_rng(1)
    vectors = chance.standard_normal((rows, size), np.float32)
    queries = chance.standard_normal((16, size), np.float32)

    def nearest(number: int) -> NDArray[np.int64]:
        scores = vectors @ queries[number % len(queries)]
        best = np.argpartition(scores, -10)[-10:]
        ranked: NDArray[np.int64] = best[np.argsort(-scores[best])]
        return ranked

    return {"near": measure(nearest, seconds)}
