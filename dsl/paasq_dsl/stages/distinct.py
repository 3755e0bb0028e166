"""distinct: one row of those that are equal."""

from collections.abc import Sequence

from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.expressions import bind_expression
from paasq_dsl.bound import ColumnRef, DistinctStage, Schema
from paasq_dsl.stages.spec import StageSpec
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.completion_role import CompletionRole


def bind(context: BindContext, node: tree.Distinct, schema: Schema) -> DistinctStage:
    """Without keys, all visible columns are keys; the schema stays."""
    keys = tuple(bind_expression(context, key, schema) for key in node.keys)
    return DistinctStage(keys or tuple(ColumnRef(c.name, c.type) for c in schema.visible_columns), schema=schema)


def _role(words: Sequence[str]) -> CompletionRole:
    return CompletionRole.EXPRESSION if len(words) > 1 else CompletionRole.NOTHING


STAGE = StageSpec(
    tree.Distinct, "distinct [by expression, ...]",
    "Keeps the first row of those that are equal in these expressions, or in all columns shown. Null equals null. The rows "
    "keep their order.",
    "from pep | sort created desc | distinct by year(created)", bind, role=_role,
)  # fmt: skip
