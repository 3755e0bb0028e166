"""from ... as of: a pipeline that reads a past moment."""

from __future__ import annotations

from dataclasses import replace

from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.expressions import bind_scalar
from paasq_dsl.bound import BoundAsOf, BoundStage, ScanStage
from paasq_dsl.syntax import tree
from paasq_dsl.types import INT, KEYWORD


def apply_as_of(context: BindContext, node: tree.AsOf, stages: tuple[BoundStage, ...]) -> tuple[BoundStage, ...]:
    """The stages of a source, its scan at the moment. A let or a view that has one already keeps no second."""
    type_, what = (INT, "the sequence number of as of") if node.kind == "seq" else (KEYWORD, "the name of a snapshot")
    moment = BoundAsOf(node.kind, bind_scalar(context, node.value, type_, what))
    first, *rest = stages
    assert isinstance(first, ScanStage)
    if first.as_of is not None:
        context.report("PQ0423", node.span)
    return (replace(first, as_of=moment), *rest)
