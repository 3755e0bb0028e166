"""collapse: the best rows of each value."""

from collections.abc import Sequence

from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.expressions import bind_expression, bind_scalar
from paasq_dsl.binder.type_descriptions import with_article
from paasq_dsl.bound import CollapseStage, Schema
from paasq_dsl.stages.spec import StageSpec
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.completion_role import CompletionRole
from paasq_dsl.types import INT, TypeKind


def bind(context: BindContext, node: tree.Collapse, schema: Schema) -> CollapseStage:
    """Any value but a vector may be collapsed by (PQ0304); the schema stays."""
    value = bind_expression(context, node.value, schema)
    keep = bind_scalar(context, node.max_per_value, INT, "the number of rows to keep") if node.max_per_value else None
    if value.type.kind is TypeKind.VECTOR:
        context.report(
            "PQ0304",
            node.value.span,
            what="what collapse goes by",
            expected="something that can be equal",
            found=with_article(value.type),
        )
    return CollapseStage(value, keep, schema=schema)


def _role(words: Sequence[str]) -> CompletionRole:
    return CompletionRole.ARGUMENT if words[-1] == "keep" else CompletionRole.EXPRESSION


STAGE = StageSpec(
    tree.Collapse, "collapse expression [keep n]",
    "Keeps the first row (or n) of each value, in the order there is: after a retrieval the best of each. Rows where the "
    "value is null count as one value.",
    'from pep | find "iterators" | collapse year(created) keep 2 | take 8', bind, role=_role,
    words={
        "keep": "How many rows of each value, 1 where nothing is said; of a collection how long its records are kept.",
    },
)  # fmt: skip
