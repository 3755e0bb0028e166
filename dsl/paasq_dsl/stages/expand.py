"""expand: a row for each item of a list."""

from collections.abc import Sequence
from dataclasses import replace

from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.expressions import bind_expression
from paasq_dsl.binder.type_descriptions import with_article
from paasq_dsl.bound import ColumnInfo, ExpandStage, Schema, column_origin
from paasq_dsl.stages.spec import StageSpec
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.completion_role import CompletionRole
from paasq_dsl.types import ANY, TypeKind


def bind(context: BindContext, node: tree.Expand, schema: Schema) -> ExpandStage | None:
    """The column must be a list (PQ0433); its items' type is the new column's, and rows are records no more."""
    column = bind_expression(context, node.column, schema)
    name = node.name or node.column.name
    if column.type.kind not in {TypeKind.LIST, TypeKind.ANY}:
        context.report("PQ0433", node.column.span, name=node.column.name, type=with_article(column.type))
        return None
    type_, origin = column.type.item or ANY, column_origin(column, schema)
    if name == node.column.name:
        columns = tuple(replace(c, type=type_, hidden=False) if c.name == name else c for c in schema.columns)
    else:
        columns = (*schema.columns_except((name,)), ColumnInfo(name, type_, origin=origin))
    return ExpandStage(node.column.name, name, column.span, schema=replace(schema, columns=columns, collection=None))


def _role(words: Sequence[str]) -> CompletionRole:
    return CompletionRole.LIST_COLUMN if len(words) == 1 else CompletionRole.NOTHING


STAGE = StageSpec(
    tree.Expand, "expand list [as name]",
    "Makes a row for each item of a list, in its order: in the list's own column, or in a new one. A row whose list is "
    "empty or null gives none. Behind it a record may have several rows, so it can't be searched any more.",
    "from pep | expand authors as author | summarize count() by author", bind, role=_role,
    words={
        "as": "The name of a new column, of what was looked up, or of a module; as of: the past.",
    }, changes_schema=True,
)  # fmt: skip
