"""When two answers are the same."""

from __future__ import annotations

import math
from typing import Any

from paasq_daemon.wire.answer import Answer


def assert_alike(found: Answer, expected: Answer) -> None:
    assert found.columns == expected.columns
    assert len(found.rows) == len(expected.rows), (found.rows, expected.rows)
    for row, other in zip(found.rows, expected.rows, strict=True):
        for column, value, wanted in zip(found.columns, row, other, strict=True):
            assert alike(value, wanted), (column.name, row, other)
    assert [(name, [(c.count, type(c.value)) for c in counts]) for name, counts in found.facets.items()] == [
        (name, [(c.count, type(c.value)) for c in counts]) for name, counts in expected.facets.items()
    ]
    for name, counts in found.facets.items():
        assert alike([c.value for c in counts], [c.value for c in expected.facets[name]]), name
    assert (found.complete, found.reason) == (expected.complete, expected.reason)


def alike(value: Any, wanted: Any) -> bool:
    """Equal, of one Python type; floats up to what 32 bits lose."""
    if isinstance(value, float) and isinstance(wanted, float):
        return math.isclose(value, wanted, rel_tol=1e-5, abs_tol=5e-6)
    if isinstance(value, list) and isinstance(wanted, list):
        return len(value) == len(wanted) and all(map(alike, value, wanted))
    return type(value) is type(wanted) and bool(value == wanted)
