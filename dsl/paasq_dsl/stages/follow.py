"""follow: along links to other records."""

from collections.abc import Sequence

from paasq_dsl.binder.context import BindContext, require_records
from paasq_dsl.binder.expressions import bind_expression
from paasq_dsl.binder.type_descriptions import describe_expression, with_article
from paasq_dsl.bound import ColumnInfo, ColumnOrigin, FollowStage, Schema
from paasq_dsl.catalog import SYSTEM_COLUMNS, Collection
from paasq_dsl.stages.spec import StageSpec
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.completion_role import CompletionRole
from paasq_dsl.types import INT, TypeKind


def scan_schema(collection: Collection) -> Schema:
    """The columns of a collection's records: its fields, then what the store keeps; this and vectors that it makes are hidden."""
    fields = tuple(
        ColumnInfo(
            f.name,
            f.type,
            bool(f.source_fields),
            ColumnOrigin(collection.name, f.name),
            collection.outermost_object(f.name),
        )
        for f in collection.fields
    )
    system = tuple(ColumnInfo(name, type_, hidden=True) for name, type_ in SYSTEM_COLUMNS.items() if name != "_score")
    return Schema((*fields, *system), collection)


def bind(context: BindContext, node: tree.Follow, schema: Schema) -> FollowStage | None:
    """The field must be a link or a list of links (PQ0310); the schema is the target collection's with `_depth`."""
    depth = bind_expression(context, node.depth, Schema(())) if node.depth else None
    if node.depth and depth and depth.type.kind not in {TypeKind.INT, TypeKind.ANY}:
        context.report(
            "PQ0304",
            node.depth.span,
            what="the depth of follow",
            expected="an int or a range such as 1..3",
            found=describe_expression(depth),
        )
    if not require_records(context, "follow", schema, node.span):
        return None
    assert schema.collection is not None
    field = schema.collection.fields_by_name.get(node.field)
    if field is None:
        context.report_unknown(
            "PQ0202", node.field_span, node.field, schema.collection.fields_by_name, where=schema.collection.name
        )
        return None
    link = field.type.item if field.type.kind is TypeKind.LIST else field.type
    if link is None or link.kind is not TypeKind.LINK or link.name is None:
        context.report("PQ0310", node.field_span, name=node.field, type=with_article(field.type))
        return None
    target = context.resolve_collection(link.name, node.field_span)
    if target is None:
        return None
    if node.depth is not None and target is not schema.collection:
        context.report("PQ0415", node.span, field=node.field, collection=target.name)
    columns = scan_schema(target)
    return FollowStage(node.field, depth, schema=Schema((*columns.columns, ColumnInfo("_depth", INT)), target))


def _role(words: Sequence[str]) -> CompletionRole:
    return CompletionRole.LINK_FIELD if len(words) == 1 else CompletionRole.ARGUMENT


STAGE = StageSpec(
    tree.Follow, "follow link [depth n | depth a..b]",
    "Goes from these records to those that a link field leads to, so many steps (1). Each record comes once, with the fewest "
    "steps as `_depth`. Links that lead nowhere are left out. Depth a..b is from a to b, both in.",
    "from pep | where number == 3000 | follow requires depth 1..3", bind, role=_role,
    words={
        "depth": "How many steps to follow: n, or a..b, both in.",
    }, changes_schema=True,
)  # fmt: skip
