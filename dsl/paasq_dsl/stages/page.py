"""page: one page of the result, and a cursor to the next."""

from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.expressions import bind_scalar
from paasq_dsl.bound import PageStage, Schema
from paasq_dsl.stages.spec import StageSpec
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.completion_role import CompletionRole, constant_role
from paasq_dsl.types import INT, KEYWORD


def bind(context: BindContext, node: tree.Page, schema: Schema) -> PageStage:
    """`after null` is the first page, so it binds like no cursor; the schema stays."""
    size = bind_scalar(context, node.size, INT, "the number of rows on a page")
    begins = node.after is None or (isinstance(node.after, tree.Literal) and node.after.value is None)
    after = None if begins or node.after is None else bind_scalar(context, node.after, KEYWORD, "a cursor")
    return PageStage(size, after, schema=schema)


STAGE = StageSpec(
    tree.Page, "page size [after cursor]",
    "Gives a page of rows. The answer's cursor leads to the next page; it is null on the last. `after null` is the first page. "
    "Ranked results page too.",
    "from pep | sort created desc | page 50 after $cursor", bind, role=constant_role(CompletionRole.ARGUMENT),
    words={
        "after": "The cursor that the page before gave; of a watch the cursor of its last events, or a sequence number.",
    },
)  # fmt: skip
