"""What makes a cursor valid: the same query, literals and parameters. Only pages and budget may differ."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from paasq_daemon.kernels.evaluate import EvaluationContext
from paasq_dsl.bound import BoundQuery, BudgetStage, PageStage


@dataclass(frozen=True)
class QueryFingerprint:
    """`shape` is a hash of the stages; `slots` and `parameters` are the literals and parameters that they read.
    `time_dependent`: its rows depend on when it is asked, so that a cursor carries that."""

    shape: str
    slots: tuple[int, ...]
    parameters: tuple[str, ...]
    time_dependent: bool

    def digest(self, values: EvaluationContext) -> str:
        """18 hexadecimal digits (BLAKE2b, 9 bytes) of the shape and these literals and parameters."""
        given = [self.shape, *(repr(values.literals[slot]) for slot in self.slots)]
        given += [repr(values.parameters.get(name)) for name in self.parameters]
        return _digest("\0".join(given))


def fingerprint(query: BoundQuery) -> QueryFingerprint:
    """The fingerprint of a query, its page and budget stages left out."""
    unpaged = [stage for stage in query.stages if not isinstance(stage, (PageStage, BudgetStage))]
    read = query.properties
    return QueryFingerprint(_digest(repr(unpaged)), read.literal_slots, read.parameters, read.time_dependent)


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=9).hexdigest()
