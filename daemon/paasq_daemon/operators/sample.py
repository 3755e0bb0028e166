"""Rows chosen by chance, the same for the same seed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paasq_daemon.kernels.errors import KernelError, shown
from paasq_daemon.kernels.evaluate import scalar
from paasq_daemon.operators.batch import Batch
from paasq_daemon.operators.limits import count_of
from paasq_daemon.operators.run import Run
from paasq_daemon.operators.show import show
from paasq_dsl.bound import Bound

Words = NDArray[np.uint64]


@dataclass(frozen=True)
class Sample:
    """The rows with the smallest hashes of the seed and their hidden key, in their order. So a row's luck does not hang on
    the other rows, and a smaller sample is part of a larger one. Without a seed it is the sequence number of the view.
    """

    count: Bound
    seed: Bound | None

    def run(self, run: Run, batch: Batch) -> Batch:
        count = self._count(run, batch.length)
        if batch.length <= count:
            return batch
        drawn = mixed(np.array([self._seed(run)], np.int64).astype(np.uint64))
        for tie in batch.ties or (np.arange(batch.length),):
            drawn = mixed(drawn ^ tie.astype(np.uint64))
        return batch.take(np.sort(np.argsort(drawn, kind="stable")[:count]))

    def describe(self) -> str:
        return f"sample {show(self.count)}" + (f" seed {show(self.seed)}" if self.seed else "")

    def _count(self, run: Run, rows: int) -> int:
        """A float is a share of the rows, of which the nearest number is kept."""
        value = scalar(self.count, run.values)
        if not isinstance(value, float):
            return count_of(self.count, run)
        if not 0 <= value <= 1:
            raise KernelError("PQ0712", self.count.span, found=f"{value:g}")
        return math.floor(value * rows + 0.5)

    def _seed(self, run: Run) -> int:
        if self.seed is None:
            return run.view.seq
        seed = scalar(self.seed, run.values)
        if not isinstance(seed, int) or isinstance(seed, bool):
            raise KernelError("PQ0713", self.seed.span, found=shown(seed))
        return seed


def mixed(words: Words) -> Words:
    """Each number as one that looks like chance: the finalizer of SplitMix64 (Steele, Lea and Flood 2014)."""
    words = words + np.uint64(0x9E3779B97F4A7C15)
    words = (words ^ (words >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ (words >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return words ^ (words >> np.uint64(31))
