"""union: the rows of several pipelines, one behind the other."""

from collections.abc import Sequence

from paasq_dsl.binder.context import Context
from paasq_dsl.binder.subqueries import STAGES_MAX, bind_bracketed
from paasq_dsl.binder.type_descriptions import with_article
from paasq_dsl.bound import BoundStage, ColumnInfo, Schema, UnionStage
from paasq_dsl.bound.traversal import pipelines
from paasq_dsl.functions.signature import unify
from paasq_dsl.source_text import Span
from paasq_dsl.stages.spec import Verb
from paasq_dsl.syntax import tree
from paasq_dsl.types import Kind, Type


def bind(context: Context, node: tree.Union, schema: Schema) -> UnionStage | None:
    inner = tuple(bind_bracketed(context, pipeline) for pipeline in node.pipelines)
    if sum(map(_size, inner)) > STAGES_MAX:
        context.report("PQ0436", node.span, most=STAGES_MAX)
        return None
    spans = [pipeline.source.span for pipeline in node.pipelines]
    schemas = [schema, *(stages[-1].schema for stages in inner)]
    return UnionStage(tuple(schema.by_name), inner, schema=_together(context, schemas, [node.span, *spans]))


def _size(stages: Sequence[BoundStage]) -> int:
    return len(stages) + sum(_size(inner) for stage in stages for inner in pipelines(stage))


def _together(context: Context, schemas: Sequence[Schema], spans: Sequence[Span]) -> Schema:
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
            inside = known.object or column.object
            columns[column.name] = ColumnInfo(column.name, type_ or known.type, hidden, origin, inside)
    every = [set(schema.by_name) for schema in schemas]
    kept = tuple(c for c in columns.values() if not c.hidden or all(c.name in names for names in every))
    return Schema(kept, None, any(s.open for s in schemas), all(s.retrieved for s in schemas))


def _common(left: Type, right: Type) -> Type | None:
    if left != right and Kind.VECTOR in {left.kind, right.kind}:
        return None
    return unify(left, right)


VERB = Verb(
    "union", tree.Union, "union (from ... | ...), ...",
    "The rows so far, then those of other pipelines. Columns of the same name become one and must have the same type; where "
    "a pipeline has not got a column it is null. What makes two rows equal is up to distinct.",
    "from task | select title, at = due | union (from meeting | select title, at = start) | sort at", bind,
    makes_columns=True,
)  # fmt: skip
