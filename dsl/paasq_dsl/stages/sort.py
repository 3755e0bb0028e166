"""sort: order the rows."""

from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.expressions import bind_expression
from paasq_dsl.binder.type_descriptions import with_article
from paasq_dsl.bound import BoundSortKey, FunctionCall, Schema, SortStage
from paasq_dsl.stages.spec import StageSpec
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.completion_role import CompletionRole, constant_role
from paasq_dsl.types import BOOL, ORDERED_KINDS, TypeKind


def bind(context: BindContext, node: tree.Sort, schema: Schema) -> SortStage:
    """Keys need a type with an order (PQ0304); `nulls first` becomes a key of its own, `is_null(value)` descending."""
    keys: list[BoundSortKey] = []
    for key in node.keys:
        value = bind_expression(context, key.expression, schema)
        if value.type.kind not in ORDERED_KINDS | {TypeKind.ANY, TypeKind.NULL}:
            context.report(
                "PQ0304",
                key.span,
                what="a sort key",
                expected="something with an order",
                found=with_article(value.type),
            )
        if key.nulls_first:
            keys.append(BoundSortKey(FunctionCall("is_null", (value,), BOOL), descending=True))
        keys.append(BoundSortKey(value, key.descending))
    return SortStage(tuple(keys), schema=schema)


STAGE = StageSpec(
    tree.Sort, "sort expression [asc|desc] [nulls first|last], ...",
    "Orders the rows. Nulls come last in both directions where nothing else is said; rows that are equal keep their order.",
    "from pep | sort created desc, number", bind, role=constant_role(CompletionRole.EXPRESSION),
    words={
        "asc": "Smallest first. Nulls come last.",
        "desc": "Largest first. Nulls come last.",
        "nulls": "nulls first or nulls last: where rows without a value stand.",
        "first": "Nulls before all values.",
        "last": "Nulls after all values, as everywhere.",
    },
)  # fmt: skip
