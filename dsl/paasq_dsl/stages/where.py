"""where: keep the rows for which a condition is true."""

from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.expressions import bind_condition
from paasq_dsl.bound import Schema, WhereStage
from paasq_dsl.stages.spec import StageSpec
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.completion_role import CompletionRole, constant_role


def bind(context: BindContext, node: tree.Where, schema: Schema) -> WhereStage:
    """The predicate is a bool over the columns of `schema`, which stays."""
    return WhereStage(bind_condition(context, node.predicate, schema), schema=schema)


STAGE = StageSpec(
    tree.Where, "where condition",
    "Keeps the rows for which the condition is true. A null condition is not. Before a retrieval stage it is a prefilter: "
    "near still gives the nearest of the rows that pass. What another pipeline gives is a list: x in (from ... | select y).",
    'from pep | where status == "Final" and created >= @2020-01-01', bind, role=constant_role(CompletionRole.EXPRESSION),
)  # fmt: skip
