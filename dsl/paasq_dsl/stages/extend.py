"""extend: more columns."""

from collections.abc import Sequence
from dataclasses import replace

from paasq_dsl.binder.coercion import check_groupable
from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.expressions import bind_expression
from paasq_dsl.binder.projections import bind_projections
from paasq_dsl.bound import ExtendStage, Schema
from paasq_dsl.bound.traversal import window_calls
from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.functions.signature import FunctionKind
from paasq_dsl.stages.spec import StageSpec
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.completion_role import CompletionRole, last_of, open_brackets
from paasq_dsl.types import ANY


def bind(context: BindContext, node: tree.Extend, schema: Schema) -> ExtendStage:
    """Adds the items to the schema, replacing columns of the same name; window functions are allowed. PQ0410: keys
    without one."""
    with context.window_functions_reported(None):
        items, added = bind_projections(context, node.items, schema)
    keys = tuple(bind_expression(context, key, schema) for key in node.partition_keys)
    for key, written in zip(keys, node.partition_keys, strict=True):
        check_groupable(context, key, written.span)
    if keys and not any(item.value.type == ANY or any(window_calls(item.value)) for item in items):
        context.report("PQ0410", node.partition_keys[0].span.cover(node.partition_keys[-1].span))
    names = {name for c in added for name in (c.name, c.object_path) if name}
    return ExtendStage(items, keys, schema=replace(schema, columns=(*schema.columns_except(names), *added)))


def projection_role(words: Sequence[str]) -> CompletionRole:
    """Of extend and select: an item may look at other rows; not after `by`, and not in a function that does so."""
    if last_of(words, "by"):
        return CompletionRole.EXPRESSION
    inside = [FUNCTIONS.get(words[i - 1]) for i in open_brackets(words) if i]
    around = any(found is not None and found.kind is not FunctionKind.SCALAR for found in inside)
    return CompletionRole.EXPRESSION if around else CompletionRole.WINDOW_EXPRESSION


STAGE = StageSpec(
    tree.Extend, "extend name = expression, ... [by expression, ...]",
    "Adds columns to those there are; one of the same name is replaced. [Window functions](functions.md#windows) look at the "
    "rows around each, in the order in which they are here, and [aggregates](functions.md#aggregates) at all of them; with "
    "by, at those of the same group, as these expressions divide it. The rows keep their places.",
    "from pep | sort created | extend age = @now - created, pause = delta(created), peers = count() by type", bind,
    role=projection_role,
    changes_schema=True,
)  # fmt: skip
