"""extend: more columns."""

from dataclasses import replace

from paasq_dsl.binder.context import Context
from paasq_dsl.binder.expressions import bind_expression, check_key
from paasq_dsl.binder.projections import bind_items
from paasq_dsl.bound import ExtendStage, Schema
from paasq_dsl.bound.traversal import windows
from paasq_dsl.stages.spec import Verb
from paasq_dsl.syntax import tree
from paasq_dsl.types import ANY


def bind(context: Context, node: tree.Extend, schema: Schema) -> ExtendStage:
    with context.reporting_windows(None):
        items, added = bind_items(context, node.items, schema)
    keys = tuple(bind_expression(context, key, schema) for key in node.keys)
    for key, written in zip(keys, node.keys, strict=True):
        check_key(context, key, written.span)
    if keys and not any(item.value.type == ANY or any(windows(item.value)) for item in items):
        context.report("PQ0410", node.keys[0].span.cover(node.keys[-1].span))
    names = {name for c in added for name in (c.name, c.object) if name}
    return ExtendStage(items, keys, schema=replace(schema, columns=(*schema.without(names), *added)))


VERB = Verb(
    "extend", tree.Extend, "extend name = expression, ... [by expression, ...]",
    "Adds columns to those there are; one of the same name is replaced. [Window functions](functions.md#windows) look at the "
    "rows around each, in the order in which they stand here, and [aggregates](functions.md#aggregates) at all of them; with "
    "by, at those of the same group, as it is parted by these expressions. The rows keep their places.",
    "from pep | sort created | extend age = @now - created, pause = delta(created), peers = count() by type", bind,
    makes_columns=True,
)  # fmt: skip
