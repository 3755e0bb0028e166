"""sample: some rows at random."""

from paasq_dsl.binder.coercion import expect_type, infer_parameter_type
from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.expressions import EMPTY_SCHEMA, bind_expression, bind_scalar
from paasq_dsl.bound import SampleStage, Schema
from paasq_dsl.stages.spec import StageSpec
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.completion_role import CompletionRole, constant_role
from paasq_dsl.types import FLOAT, INT


def bind(context: BindContext, node: tree.Sample, schema: Schema) -> SampleStage:
    """A count is an int, a share a float; the schema stays."""
    given = infer_parameter_type(bind_expression(context, node.count, EMPTY_SCHEMA), INT)
    count = expect_type(context, given, FLOAT, node.count.span, "how many rows to sample, or what share of them,")
    seed = bind_scalar(context, node.seed, INT, "a seed") if node.seed else None
    return SampleStage(count, seed, schema=schema)


STAGE = StageSpec(
    tree.Sample, "sample count | share [seed number]",
    "Keeps this many rows, or with 0.1 a tenth of them, chosen at random, in their order. A seed chooses the same of the same "
    "records each time. Without one the seed is the sequence number that the answer names: it chooses others as soon as "
    "something is written.",
    "from pep | sample 5 seed 42", bind, role=constant_role(CompletionRole.ARGUMENT),
    words={
        "seed": "The number that decides which rows a sample has.",
    },
)  # fmt: skip
