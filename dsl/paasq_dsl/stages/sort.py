"""sort: order the rows."""

from paasq_dsl.binder.context import Context
from paasq_dsl.binder.expressions import bind_expression
from paasq_dsl.binder.type_descriptions import with_article
from paasq_dsl.bound import Apply, BoundSortKey, Schema, SortStage
from paasq_dsl.stages.spec import Verb
from paasq_dsl.syntax import tree
from paasq_dsl.types import BOOL, ORDERED_KINDS, Kind


def bind(context: Context, node: tree.Sort, schema: Schema) -> SortStage:
    keys: list[BoundSortKey] = []
    for key in node.keys:
        value = bind_expression(context, key.expression, schema)
        if value.type.kind not in ORDERED_KINDS | {Kind.ANY, Kind.NULL}:
            context.report(
                "PQ0304",
                key.span,
                what="a sort key",
                expected="something with an order",
                found=with_article(value.type),
            )
        if key.nulls_first:
            keys.append(BoundSortKey(Apply("is_null", (value,), BOOL), descending=True))
        keys.append(BoundSortKey(value, key.descending))
    return SortStage(tuple(keys), schema=schema)


VERB = Verb(
    "sort", tree.Sort, "sort expression [asc|desc] [nulls first|last], ...",
    "Orders the rows. Nulls come last in both directions where nothing else is said; rows that are equal keep their order.",
    "from pep | sort created desc, number", bind,
)  # fmt: skip
