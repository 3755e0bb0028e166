"""rerank: the order by a formula."""

from paasq_dsl.binder.context import Context
from paasq_dsl.binder.expressions import adapt, bind_expression
from paasq_dsl.binder.type_descriptions import found_words
from paasq_dsl.bound import RerankStage, Schema
from paasq_dsl.stages.retrieval import scored
from paasq_dsl.stages.spec import Verb
from paasq_dsl.syntax import tree
from paasq_dsl.types import FLOAT, NUMBER_KINDS, Kind


def bind(context: Context, node: tree.Rerank, schema: Schema) -> RerankStage:
    value = adapt(bind_expression(context, node.value, schema), FLOAT)
    if value.type.kind not in NUMBER_KINDS | {Kind.ANY, Kind.NULL}:
        context.report(
            "PQ0304", node.value.span, what="what rerank orders by", expected="a number", found=found_words(value)
        )
    return RerankStage(value, schema=scored(schema))


VERB = Verb(
    "rerank", tree.Rerank, "rerank by expression",
    "Orders the rows by a number, the largest first, which becomes `_score`; nulls come last, and rows that are equal keep "
    "their order. The scores of the branches of a fuse stay as `_score.name`.",
    'from pep | find "type hints" | rerank by 0.8 * _score + 0.2 * recency(created, 3650d) | take 8', bind,
    makes_columns=True,
)  # fmt: skip
