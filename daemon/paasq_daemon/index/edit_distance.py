"""Which of many words are another one with mistakes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from paasq_daemon.index.column import Mask


def within_edit_distance(words: Sequence[str], other: str, edits: int) -> Mask:
    """Whether each word and the other one are at most `edits` apart: letters changed, added, left out, or two neighbours
    swapped."""
    lengths = np.fromiter(map(len, words), np.int64, len(words))
    near = np.flatnonzero(np.abs(lengths - len(other)) <= edits)
    found = np.zeros(len(words), bool)
    if not len(near):
        return found
    letters = np.array([words[n] for n in near.tolist()]).view(np.uint32).reshape(len(near), -1).T
    width = len(letters)
    before = last = np.repeat(np.arange(width + 1, dtype=np.int16)[:, None], len(near), axis=1)
    for i, letter in enumerate(map(ord, other)):
        differs = letters != letter
        row = np.minimum(last[1:] + 1, last[:-1] + differs)  # a letter more, and another or the same one
        if i:  # and the two last ones swapped
            swapped = ~differs[:-1] & (letters[1:] == ord(other[i - 1]))
            row[1:] = np.where(swapped, np.minimum(row[1:], before[:-2] + 1), row[1:])
        row = np.concatenate([np.full((1, len(near)), i + 1, np.int16), row])
        for j in range(width):  # a letter less
            np.minimum(row[j + 1], row[j] + 1, out=row[j + 1])
        before, last = last, row
    found[near] = last[lengths[near], np.arange(len(near))] <= edits
    return found
