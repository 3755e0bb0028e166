"""The number of threads of numpy's linear algebra (BLAS)."""

from __future__ import annotations

import os
import sys

_VARIABLES = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def limit_blas_threads(count: int = 1) -> bool:
    """Let each matrix product use `count` threads, unless the environment already says how many.

    A scan is bound by memory and clients come in parallel: BLAS threads on top of theirs cut throughput to a third.
    OpenBLAS reads the environment when numpy is imported, and offers no other way; so this must be the first call of a
    process's main function. False, and nothing is changed, where numpy is imported already.
    """
    if "numpy" in sys.modules:
        return False
    for variable in _VARIABLES:
        os.environ.setdefault(variable, str(count))
    return True
