"""What makes a cursor valid: the same query, literals and parameters. Only its pages and its budget may differ."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from paasq_daemon.kernels.evaluate import RunValues
from paasq_dsl import bound
from paasq_dsl.bound import Apply, Bound, BoundStage, Constant, ParameterValue, Traverse
from paasq_dsl.bound_retrieval import BudgetStage
from paasq_dsl.walk import expressions, pipelines


@dataclass(frozen=True)
class Fingerprint:
    """`shape` is that of the stages; `slots` and `parameters` are the literals and parameters that they read."""

    shape: str
    slots: tuple[int, ...]
    parameters: tuple[str, ...]

    def of(self, values: RunValues) -> str:
        """For one run, 18 hexadecimal digits."""
        given = [self.shape, *(repr(values.literals[slot]) for slot in self.slots)]
        given += [repr(values.parameters.get(name)) for name in self.parameters]
        return _digest("\0".join(given))


def fingerprint(stages: Sequence[BoundStage]) -> Fingerprint:
    unpaged = [stage for stage in stages if not isinstance(stage, (bound.PageStage, BudgetStage))]
    leaves = list(_leaves_of_stages(unpaged))
    slots = sorted({leaf.slot for leaf in leaves if isinstance(leaf, Constant) and leaf.slot >= 0})
    names = sorted({leaf.name for leaf in leaves if isinstance(leaf, ParameterValue)})
    return Fingerprint(_digest(repr(unpaged)), tuple(slots), tuple(names))


def _leaves_of_stages(stages: Sequence[BoundStage]) -> Iterator[Bound]:
    for stage in stages:
        for expression in expressions(stage):
            yield from _leaves(expression)
        for inner in pipelines(stage):
            yield from _leaves_of_stages(inner)


def _leaves(expression: Bound) -> Iterator[Bound]:
    match expression:
        case Apply(arguments=arguments):
            for argument in arguments:
                yield from _leaves(argument)
        case Traverse(base=base):
            yield from _leaves(base)
        case _:
            yield expression


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=9).hexdigest()
