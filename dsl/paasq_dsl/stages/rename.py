"""rename: other names for columns."""

from collections.abc import Sequence
from dataclasses import replace

from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.expressions import bind_expression
from paasq_dsl.bound import ColumnInfo, RenameStage, Schema
from paasq_dsl.source_text import Span
from paasq_dsl.stages.spec import StageSpec
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.completion_role import CompletionRole


def bind(context: BindContext, node: tree.Rename, schema: Schema) -> RenameStage:
    """Renames columns in place; an object's name stands for all its members. Reports a name used twice (PQ0205)."""
    renamed: dict[str, ColumnInfo] = {}
    for item in node.items:
        assert isinstance(item.expression, tree.Name)
        assert item.name is not None
        old = item.expression.name
        if members := schema.members(old):
            found = {c.name: replace(c, name=item.name + c.name[len(old) :], object_path=item.name) for c in members}
        else:
            bind_expression(context, item.expression, schema)
            found = {
                c.name: replace(c, name=item.name, hidden=False, object_path=None)
                for c in schema.columns
                if c.name == old
            }
        if found.keys() & renamed.keys():
            context.report("PQ0205", item.expression.span, name=old)
        renamed = found | renamed
    columns = tuple(renamed.get(c.name, c) for c in schema.columns)
    names = [c.name for c in columns] + list(dict.fromkeys(c.object_path for c in columns if c.object_path))
    for item in node.items:
        if item.name is not None and names.count(item.name) > 1:
            start = item.span.start
            context.report("PQ0205", Span(start, start + len(item.name)), name=item.name)
    distinct = {c.name: c for c in columns}
    names_of = tuple((column.name, old) for old, column in renamed.items())
    return RenameStage(names_of, schema=replace(schema, columns=tuple(distinct.values())))


def _role(words: Sequence[str]) -> CompletionRole:
    return CompletionRole.COLUMN if words[-1] == "=" else CompletionRole.NOTHING


STAGE = StageSpec(
    tree.Rename, "rename new = old, ...",
    "Gives columns other names. They keep their places; all are renamed at once, so that two can change names.",
    "from pep | rename since = created, heading = title | take 10", bind, role=_role, changes_schema=True,
)  # fmt: skip
