"""rerank: the order by a formula."""

from collections.abc import Sequence

from paasq_dsl.binder.coercion import infer_parameter_type
from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.expressions import bind_expression
from paasq_dsl.binder.type_descriptions import describe_expression
from paasq_dsl.bound import RerankStage, Schema
from paasq_dsl.stages.retrieval import with_score_columns
from paasq_dsl.stages.spec import StageSpec
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.completion_role import CompletionRole
from paasq_dsl.types import FLOAT, NUMERIC_KINDS, TypeKind


def bind(context: BindContext, node: tree.Rerank, schema: Schema) -> RerankStage:
    """The value must be a number (PQ0304), an untyped parameter is a float; adds `_score`."""
    value = infer_parameter_type(bind_expression(context, node.value, schema), FLOAT)
    if value.type.kind not in NUMERIC_KINDS | {TypeKind.ANY, TypeKind.NULL}:
        context.report(
            "PQ0304",
            node.value.span,
            what="what rerank orders by",
            expected="a number",
            found=describe_expression(value),
        )
    return RerankStage(value, schema=with_score_columns(schema))


def _role(words: Sequence[str]) -> CompletionRole:
    return CompletionRole.EXPRESSION if len(words) > 1 else CompletionRole.NOTHING


STAGE = StageSpec(
    tree.Rerank, "rerank by expression",
    "Orders the rows by a number, the largest first, which becomes `_score`; nulls come last, and rows that are equal keep "
    "their order. The scores of the branches of a fuse stay as `_score.name`.",
    'from pep | find "type hints" | rerank by 0.8 * _score + 0.2 * recency(created, 3650d) | take 8', bind, role=_role,
    changes_schema=True,
)  # fmt: skip
