"""How a stage of a bound plan becomes an operator, and what that asks of a backend."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from paasq_daemon.operators.capability import Capability
from paasq_daemon.operators.operator import Operator
from paasq_dsl.bound import BoundStage

Stage = TypeVar("Stage", bound=BoundStage)
PipelinePlanner: TypeAlias = Callable[[tuple[BoundStage, ...]], tuple[Operator, ...]]


def _nothing(_: BoundStage) -> Iterable[Capability]:
    return ()


@dataclass(frozen=True, slots=True)
class OperatorSpec(Generic[Stage]):
    """`build(stage, plan_pipeline)` gives the operator of a stage; `plan_pipeline` plans a pipeline inside it.

    A backend must have the capabilities `needs` for every such stage, and `needs_of(stage)` for this one. What expressions
    need, whichever stage they are in, is known without.
    """

    stage: type[Stage]
    build: Callable[[Stage, PipelinePlanner], Operator]
    needs: frozenset[Capability] = frozenset()
    needs_of: Callable[[Stage], Iterable[Capability]] = _nothing
