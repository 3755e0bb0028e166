"""diversify: a ranking that says the same thing less often."""

from collections.abc import Sequence

from paasq_dsl.binder.context import BindContext, require_records
from paasq_dsl.binder.expressions import bind_scalar
from paasq_dsl.bound import BoundExpression, DiversifyStage, Schema
from paasq_dsl.stages.retrieval import report_unknown_option, resolve_vector_field
from paasq_dsl.stages.spec import StageSpec
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.completion_role import CompletionRole
from paasq_dsl.types import FLOAT, INT

OPTIONS = {"lambda": FLOAT, "depth": INT}


def bind(context: BindContext, node: tree.Diversify, schema: Schema) -> DiversifyStage | None:
    """Needs records (PQ0401), a vector field and a ranking before it (PQ0414); the schema stays."""
    options: dict[str, BoundExpression] = {}
    for option in node.options:
        if option.name not in OPTIONS:
            report_unknown_option(context, "diversify", option, OPTIONS)
        else:
            options[option.name] = bind_scalar(context, option.value, OPTIONS[option.name], option.name)
    if not require_records(context, "diversify", schema, node.span):
        return None
    field = resolve_vector_field(context, "diversify", node.field, node.field_span, schema)
    if not schema.has_scores and not schema.is_open:
        context.report("PQ0414", node.span)
    return None if field is None else DiversifyStage(field, options.get("lambda"), options.get("depth"), schema=schema)


def _role(words: Sequence[str]) -> CompletionRole:
    if words[-1] == "=":
        return CompletionRole.SCALAR
    return CompletionRole.VECTOR_FIELD if len(words) == 1 else CompletionRole.OPTION


STAGE = StageSpec(
    tree.Diversify, "diversify [field] [lambda=0.7] [depth=100]",
    "Orders the first rows of a ranking anew so that neighbours in meaning do not follow each other: maximal marginal "
    "relevance (Carbonell and Goldstein 1998). lambda=1 is the score alone, lambda=0 difference alone. Looks at the first 100 "
    "rows, or depth; rows without a vector, and all later ones, keep their places.",
    'from pep | find "asynchronous generators" | diversify lambda=0.6 | take 8', bind, role=_role,
    options={
        "lambda": "What the score counts beside being different: 1 the score alone, 0 difference alone; 0.7 if absent.",
        "depth": "How many rows are ordered anew; 100 where nothing is said.",
    },
)  # fmt: skip
