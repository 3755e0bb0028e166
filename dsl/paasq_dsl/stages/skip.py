"""skip: all but the first rows."""

from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.expressions import bind_scalar
from paasq_dsl.bound import Schema, SkipStage
from paasq_dsl.stages.spec import StageSpec
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.completion_role import CompletionRole, constant_role
from paasq_dsl.types import INT


def bind(context: BindContext, node: tree.Skip, schema: Schema) -> SkipStage:
    """The count is an int; the schema stays."""
    return SkipStage(bind_scalar(context, node.count, INT, "the number of rows to skip"), schema=schema)


STAGE = StageSpec(
    tree.Skip, "skip count",
    "Leaves out the first rows. To read on where an answer ended, take page: its cursor holds when records come and go.",
    "from pep | sort created desc | skip 10 | take 10", bind, role=constant_role(CompletionRole.ARGUMENT),
)  # fmt: skip
