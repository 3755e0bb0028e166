"""select: these columns and no others."""

from dataclasses import replace

from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.projections import bind_projections
from paasq_dsl.bound import ColumnInfo, Schema, SelectStage
from paasq_dsl.stages.extend import projection_role
from paasq_dsl.stages.spec import StageSpec
from paasq_dsl.syntax import tree


def bind(context: BindContext, node: tree.Select, schema: Schema) -> SelectStage:
    """The items are the visible columns; system columns stay as hidden ones. Window functions are allowed."""
    with context.window_functions_reported(None):
        items, columns = bind_projections(context, node.items, schema)
    names = {c.name for c in columns}
    # what the store keeps of each row and what retrieval gave it can still be named after a select
    kept = tuple(
        ColumnInfo(c.name, c.type, hidden=True)
        for c in schema.columns
        if c.name.startswith("_") and c.name not in names
    )
    return SelectStage(items, schema=replace(schema, columns=(*columns, *kept)))


STAGE = StageSpec(
    tree.Select, "select [name =] expression, ...",
    "Gives these columns, in this order. What has no name is called after what it is made of. An object can be given whole. "
    "[Window functions](functions.md#windows) and [aggregates](functions.md#aggregates) look at all rows, in the order in which "
    "they are here.",
    "from pep | select number, title, since = year(created)", bind, role=projection_role, changes_schema=True,
)  # fmt: skip
