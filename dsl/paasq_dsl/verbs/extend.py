"""extend: more columns."""

from dataclasses import replace

from paasq_dsl.binder.context import Context
from paasq_dsl.binder.objects import bind_items
from paasq_dsl.bound import ExtendStage, Schema
from paasq_dsl.syntax import tree
from paasq_dsl.verbs.verb import Verb


def bind(context: Context, node: tree.Extend, schema: Schema) -> ExtendStage:
    items, added = bind_items(context, node.items, schema)
    names = {name for c in added for name in (c.name, c.object) if name}
    return ExtendStage(items, replace(schema, columns=(*schema.without(names), *added)))


VERB = Verb(
    "extend", tree.Extend, "extend name = expression, ...",
    "Adds columns to those there are; one of the same name is replaced.",
    "from pep | extend age = @now - created", bind, makes_columns=True,
)  # fmt: skip
