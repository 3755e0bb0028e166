"""Fixed work that has nothing of paasq in it: how fast the machine is, at the time of the run."""

from __future__ import annotations

import zlib

import numpy as np

from bench.figures import Figure, timed
from bench.timing import measure

GROUP = "calibration"
_SIZE = 512
_BYTES = bytes(range(256)) * 1024


def calibration(seconds: float) -> list[Figure]:
    """Arrays, bytes and the interpreter, a few milliseconds each. Change none: kept runs are compared by them."""
    chance = np.random.default_rng(7)
    matrix = chance.standard_normal((_SIZE, _SIZE), np.float32)
    keys = chance.permutation(100_000)
    words = [f"word{key}" for key in keys[:10_000].tolist()]

    def arrays(_: int) -> None:
        float((matrix @ matrix).sum())
        np.sort(keys)

    def interpreter(_: int) -> None:
        counted: dict[str, int] = {}
        for word in words:
            counted[word[:-1]] = counted.get(word[:-1], 0) + len(word)

    return [
        timed(GROUP, "arrays: a product and a sort", measure(arrays, seconds)),
        timed(GROUP, "bytes: compression", measure(lambda _: zlib.compress(_BYTES), seconds)),
        timed(GROUP, "the interpreter: words counted", measure(interpreter, seconds)),
    ]
