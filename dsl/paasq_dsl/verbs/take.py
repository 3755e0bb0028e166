"""take: the first rows."""

from paasq_dsl.binder.context import Context
from paasq_dsl.binder.expressions import bind_scalar
from paasq_dsl.bound import Schema, TakeStage
from paasq_dsl.syntax import tree
from paasq_dsl.types import INT
from paasq_dsl.verbs.verb import Verb


def bind(context: Context, node: tree.Take, schema: Schema) -> TakeStage:
    return TakeStage(bind_scalar(context, node.count, INT, "the number of rows to take"), schema)


VERB = Verb(
    "take", tree.Take, "take count",
    "Keeps the first rows. Inside a branch of fuse it is how deep the branch looks.",
    "from pep | sort created desc | take 10", bind,
)  # fmt: skip
