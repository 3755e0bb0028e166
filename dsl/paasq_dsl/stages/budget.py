"""budget: what an answer may cost."""

from collections.abc import Sequence

from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.expressions import bind_scalar
from paasq_dsl.bound import BoundExpression, BudgetStage, Schema
from paasq_dsl.source_text import Span
from paasq_dsl.stages.spec import StageSpec
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.completion_role import CompletionRole
from paasq_dsl.types import DURATION, INT

LIMITS = {"tokens": INT, "time": DURATION, "rows": INT}


def bind(context: BindContext, node: tree.Budget, schema: Schema) -> BudgetStage:
    """Limits as scalars, None where not given; the schema stays. Reports unknown (PQ0208) and repeated limits
    (PQ0205)."""
    limits: dict[str, BoundExpression] = {}
    for limit in node.limits:
        span = Span(limit.span.start, limit.span.start + len(limit.name))
        if limit.name not in LIMITS:
            context.report_unknown("PQ0208", span, limit.name, LIMITS, stage="budget", options="tokens, time and rows")
        elif limit.name in limits:
            context.report("PQ0205", span, name=limit.name)
        else:
            limits[limit.name] = bind_scalar(context, limit.value, LIMITS[limit.name], f"the budget of {limit.name}")
    return BudgetStage(limits.get("tokens"), limits.get("time"), limits.get("rows"), schema=schema)


def _role(words: Sequence[str]) -> CompletionRole:
    return CompletionRole.LIMIT if words[-1] in {"budget", ","} else CompletionRole.ARGUMENT


STAGE = StageSpec(
    tree.Budget, "budget tokens n, time duration, rows n",
    "Bounds the answer, as the budget of a request does; of both the smaller counts. Rows that do not fit are cut, and the "
    "answer says why. Where the time runs out before there is an answer, that is an error. The last stage.",
    'from pep | find "pattern matching" | budget tokens 1500, time 2s', bind, role=_role,
    options={
        "tokens": "What the rows may cost in an LLM's context, estimated.",
        "time": "How long the answer may take, such as 200ms.",
        "rows": "How many rows the answer may have.",
    },
)  # fmt: skip
