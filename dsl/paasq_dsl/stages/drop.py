"""drop: without these columns."""

from dataclasses import replace

from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.expressions import bind_expression
from paasq_dsl.bound import DropStage, Schema
from paasq_dsl.stages.spec import StageSpec
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.completion_role import CompletionRole, constant_role


def bind(context: BindContext, node: tree.Drop, schema: Schema) -> DropStage:
    """Removes columns, or hides system ones; an object's name stands for all its members. Reports PQ0431 and PQ0432
    (nothing left)."""
    named = dict.fromkeys(column.name for column in node.columns)
    names = tuple(dict.fromkeys(name for path in named for name in (*(c.name for c in schema.members(path)), path)))
    for column in node.columns:
        if not schema.members(column.name):
            bind_expression(context, column, schema)
        known = schema.columns_by_name.get(column.name)
        if known is not None and known.hidden:
            context.report("PQ0431", column.span, name=column.name)
    # what the store keeps of each row and what retrieval gave it can still be named, as after a select
    kept = tuple(
        replace(c, hidden=c.hidden or c.name in names)
        for c in schema.columns
        if c.name not in names or c.name.startswith("_")
    )
    after = replace(schema, columns=kept)
    if schema.visible_columns and not after.visible_columns:
        context.report("PQ0432", node.span)
    return DropStage(names, schema=after)


STAGE = StageSpec(
    tree.Drop, "drop column, ...",
    "Leaves these columns out and keeps the others.",
    "from pep | drop abstract, python_version | take 10", bind, role=constant_role(CompletionRole.COLUMN), changes_schema=True,
)  # fmt: skip
