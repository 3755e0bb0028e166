"""union: the rows of several pipelines, one after the other."""

from collections.abc import Sequence

from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.subqueries import STAGES_MAX, bind_nested_pipeline
from paasq_dsl.binder.type_descriptions import with_article
from paasq_dsl.bound import BoundStage, ColumnInfo, Schema, UnionStage
from paasq_dsl.bound.traversal import nested_pipelines
from paasq_dsl.functions.signature import unify
from paasq_dsl.source_text import Span
from paasq_dsl.stages.spec import StageSpec
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.completion_role import CompletionRole, constant_role
from paasq_dsl.types import Type, TypeKind


def bind(context: BindContext, node: tree.Union, schema: Schema) -> UnionStage | None:
    """The columns of all inputs, by name, with unified types; None above `STAGES_MAX` stages in all (PQ0436)."""
    inner = tuple(bind_nested_pipeline(context, pipeline) for pipeline in node.pipelines)
    if sum(map(_size, inner)) > STAGES_MAX:
        context.report("PQ0436", node.span, most=STAGES_MAX)
        return None
    spans = [pipeline.source.span for pipeline in node.pipelines]
    schemas = [schema, *(stages[-1].schema for stages in inner)]
    return UnionStage(tuple(schema.columns_by_name), inner, schema=_together(context, schemas, [node.span, *spans]))


def _size(stages: Sequence[BoundStage]) -> int:
    return len(stages) + sum(_size(inner) for stage in stages for inner in nested_pipelines(stage))


def _together(context: BindContext, schemas: Sequence[Schema], spans: Sequence[Span]) -> Schema:
    """A column that is shown in one of them, or hidden in all."""
    columns: dict[str, ColumnInfo] = {}
    for schema, span in zip(schemas, spans, strict=True):
        for column in schema.columns:
            known = columns.get(column.name, column)
            type_ = _common(known.type, column.type)
            hidden = known.hidden and column.hidden
            if type_ is None and not hidden:
                left, right = with_article(known.type), with_article(column.type)
                context.report("PQ0430", span, name=column.name, left=left, right=right)
            origin = known.origin if known.origin == column.origin else None
            inside = known.object_path or column.object_path
            columns[column.name] = ColumnInfo(column.name, type_ or known.type, hidden, origin, inside)
    every = [set(schema.columns_by_name) for schema in schemas]
    kept = tuple(c for c in columns.values() if not c.hidden or all(c.name in names for names in every))
    return Schema(kept, None, any(s.is_open for s in schemas), all(s.has_scores for s in schemas))


def _common(left: Type, right: Type) -> Type | None:
    if left != right and TypeKind.VECTOR in {left.kind, right.kind}:
        return None
    return unify(left, right)


STAGE = StageSpec(
    tree.Union, "union (from ... | ...), ...",
    "The rows so far, then those of other pipelines. Columns of the same name become one and must have the same type; where "
    "a pipeline has not got a column it is null. What makes two rows equal is up to distinct.",
    "from task | select title, at = due | union (from meeting | select title, at = start) | sort at", bind,
    role=constant_role(CompletionRole.NOTHING),
    changes_schema=True,
)  # fmt: skip
