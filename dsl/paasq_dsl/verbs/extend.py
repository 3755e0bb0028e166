"""extend: more columns."""

from dataclasses import replace

from paasq_dsl.binder.context import Context
from paasq_dsl.bound import ExtendStage, Schema
from paasq_dsl.syntax import tree
from paasq_dsl.verbs.select import bind_items, columns_of
from paasq_dsl.verbs.verb import Verb


def bind(context: Context, node: tree.Extend, schema: Schema) -> ExtendStage:
    items = bind_items(context, node.items, schema)
    names = {item.name for item in items}
    columns = tuple(c for c in schema.columns if c.name not in names)
    return ExtendStage(items, replace(schema, columns=(*columns, *columns_of(items, schema))))


VERB = Verb(
    "extend", tree.Extend, "extend name = expression, ...",
    "Adds columns to those there are; one of the same name is replaced.",
    "from pep | extend age = @now - created", bind, makes_columns=True,
)  # fmt: skip
