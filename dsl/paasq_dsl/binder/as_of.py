"""from ... as of: a pipeline that reads a past moment; and what no past moment has."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.expressions import bind_scalar
from paasq_dsl.bound import BoundAsOf, BoundQuery, BoundStage, PageStage, ScanStage
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


def check_confirmations(
    context: BindContext, query: BoundQuery, source: tree.FromClause, stages: Iterable[tree.PositionedStage]
) -> None:
    """Reports PQ0425 where a query reads `_confirmed` of a past moment: that of its source, or of its first page."""
    of_past = any(isinstance(stage, ScanStage) and stage.as_of for stage in query.stages)
    paged = any(isinstance(stage, PageStage) for stage in query.stages)
    if not (of_past or paged) or not query.properties.reads_confirmations:
        return
    page = next((placed for placed in stages if isinstance(placed.node, tree.Page)), None)
    if of_past or page is None:
        context.report("PQ0425", source.name_span, what="this source")
    else:
        context.offset = page.offset
        context.report("PQ0425", page.node.span, what="each later page")
