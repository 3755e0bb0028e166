"""select: these columns and no others."""

from collections.abc import Sequence
from dataclasses import replace

from paasq_dsl.binder.context import Context
from paasq_dsl.binder.expressions import bind_expression, column_name
from paasq_dsl.bound import ColumnInfo, Named, Schema, SelectStage
from paasq_dsl.syntax import tree
from paasq_dsl.verbs.verb import Verb


def bind(context: Context, node: tree.Select, schema: Schema) -> SelectStage:
    with context.reporting_windows(None):
        items = bind_items(context, node.items, schema)
    columns = columns_of(items, schema)
    names = {c.name for c in columns}
    # what the store keeps of each row and what retrieval gave it can still be named behind a select
    kept = tuple(
        ColumnInfo(c.name, c.type, hidden=True)
        for c in schema.columns
        if c.name.startswith("_") and c.name not in names
    )
    return SelectStage(items, replace(schema, columns=(*columns, *kept)))


def columns_of(items: Sequence[Named], schema: Schema) -> tuple[ColumnInfo, ...]:
    """The columns that expressions over those of `schema` give."""
    return tuple(ColumnInfo(item.name, item.value.type, origin=schema.origin(item.value)) for item in items)


def bind_items(context: Context, items: tuple[tree.Item, ...], schema: Schema) -> tuple[Named, ...]:
    """Named expressions; a second one of a name is reported and left out."""
    found: dict[str, Named] = {}
    for item in items:
        value = bind_expression(context, item.expression, schema)
        name = item.name or column_name(item.expression)
        if name is None:
            context.report("PQ0403", item.span)
        elif name in found:
            context.report("PQ0205", item.span, name=name)
        else:
            found[name] = Named(name, value)
    return tuple(found.values())


VERB = Verb(
    "select", tree.Select, "select [name =] expression, ...",
    "Gives these columns, in this order. What has no name is called after what it is made of. [Window "
    "functions](functions.md#windows) look at all rows, in the order in which they stand here.",
    "from pep | select number, title, since = year(created)", bind, makes_columns=True,
)  # fmt: skip
