"""take: the first rows."""

from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.expressions import bind_scalar
from paasq_dsl.binder.fixes import replace_node
from paasq_dsl.bound import Schema, TakeStage
from paasq_dsl.diagnostics import Fix
from paasq_dsl.stages.spec import StageSpec
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.completion_role import CompletionRole, constant_role
from paasq_dsl.types import INT


def bind(context: BindContext, node: tree.Take, schema: Schema) -> TakeStage:
    """The count is an int; a range as PRQL writes it is reported (PQ0304) with a fix. The schema stays."""
    if isinstance(node.count, tree.Range):
        expected, edit = "an int", _skipped(node.count)
        context.report("PQ0304", node.count.span, what=_COUNT, expected=expected, found="a range of them", fix=edit)
    return TakeStage(bind_scalar(context, node.count, INT, _COUNT), schema=schema)


_COUNT = "the number of rows to take"


def _skipped(rows: tree.Range) -> Fix | None:
    """`take 6..10` of PRQL, where both ends are in it and the first row is 1."""
    low, high = (end.value if isinstance(end, tree.Literal) else None for end in (rows.low, rows.high))
    if not isinstance(low, int) or not isinstance(high, int) or not 1 <= low <= high:
        return None
    better = f"{high} | skip {low - 1}" if low > 1 else f"{high}"
    return replace_node(rows, better)


STAGE = StageSpec(
    tree.Take, "take count",
    "Keeps the first rows. Inside a branch of fuse it is how deep the branch looks.",
    "from pep | sort created desc | take 10", bind, role=constant_role(CompletionRole.ARGUMENT),
)  # fmt: skip
