"""rename: other names for columns."""

from dataclasses import replace

from paasq_dsl.binder.context import Context
from paasq_dsl.binder.expressions import bind_expression
from paasq_dsl.bound import RenameStage, Schema
from paasq_dsl.source import Span
from paasq_dsl.syntax import tree
from paasq_dsl.verbs.verb import Verb


def bind(context: Context, node: tree.Rename, schema: Schema) -> RenameStage:
    new_of: dict[str, str] = {}
    for item in node.items:
        assert isinstance(item.expression, tree.Name)
        assert item.name is not None
        old = item.expression.name
        bind_expression(context, item.expression, schema)
        if old in new_of:
            context.report("PQ0205", item.expression.span, name=old)
        elif old in schema.by_name:
            new_of[old] = item.name
    columns = tuple(replace(c, name=new_of[c.name], hidden=False) if c.name in new_of else c for c in schema.columns)
    names = [c.name for c in columns]
    for item in node.items:
        if item.name is not None and names.count(item.name) > 1:
            start = item.span.start
            context.report("PQ0205", Span(start, start + len(item.name)), name=item.name)
    distinct = {c.name: c for c in columns}
    return RenameStage(
        tuple((new, old) for old, new in new_of.items()), replace(schema, columns=tuple(distinct.values()))
    )


VERB = Verb(
    "rename", tree.Rename, "rename new = old, ...",
    "Gives columns other names. They keep their places; all are renamed at once, so that two can change names.",
    "from pep | rename since = created, heading = title | take 10", bind, makes_columns=True,
)  # fmt: skip
