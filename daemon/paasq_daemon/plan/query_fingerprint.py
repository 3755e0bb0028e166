"""What makes a cursor valid: the same query, literals and parameters. Only pages and budget may differ."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from paasq_daemon.kernels.evaluate import EvaluationContext
from paasq_dsl import bound
from paasq_dsl.binder.watch import depends_on_time
from paasq_dsl.bound import BoundStage, BudgetStage, Constant, ParameterRef
from paasq_dsl.bound.traversal import stage_expressions, walk_expression, walk_stages


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


def fingerprint(stages: Sequence[BoundStage]) -> QueryFingerprint:
    """The fingerprint of a query, its page and budget stages left out."""
    unpaged = [stage for stage in stages if not isinstance(stage, (bound.PageStage, BudgetStage))]
    read = [
        part
        for stage in walk_stages(unpaged)
        for expression in stage_expressions(stage)
        for part in walk_expression(expression)
    ]
    slots = sorted({part.slot for part in read if isinstance(part, Constant) and part.slot >= 0})
    names = sorted({part.name for part in read if isinstance(part, ParameterRef)})
    return QueryFingerprint(_digest(repr(unpaged)), tuple(slots), tuple(names), depends_on_time(stages))


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=9).hexdigest()
