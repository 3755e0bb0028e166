"""put, patch, delete and forget."""

from __future__ import annotations

from paasq_dsl.binder.assignments import bind_assignments
from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.expressions import bind_condition
from paasq_dsl.binder.type_descriptions import with_article
from paasq_dsl.bound import (
    BoundDelete,
    BoundExpect,
    BoundForget,
    BoundPatch,
    BoundPut,
    BoundQuery,
    BoundWrite,
    Dereference,
    NamedExpression,
    ScanStage,
    Schema,
    Subquery,
    WhereStage,
)
from paasq_dsl.bound.traversal import walk_expression
from paasq_dsl.catalog import Collection
from paasq_dsl.functions.signature import is_assignable
from paasq_dsl.object_paths import ancestor_paths
from paasq_dsl.source_text import Span
from paasq_dsl.stages.follow import scan_schema
from paasq_dsl.syntax import tree
from paasq_dsl.types import TypeKind


def bind_write(context: BindContext, node: tree.Write) -> BoundWrite | None:
    """The bound put, patch or delete; None where its collection is unknown. Other errors are reported and leave a
    write that is not run."""
    target = node.collection if isinstance(node, tree.Put) else node.target
    collection = _collection(context, target)
    if collection is None:
        return None
    schema = scan_schema(collection)
    expect = _expect(context, node.expect, schema)
    if isinstance(node, tree.Put):
        if node.source is not None:
            rows = _put_query(context, node, node.source, collection)
            return BoundPut(collection, (), expect, rows, context.absolute_span(node.span))
        records = tuple(_record(context, record, collection) for record in node.records)
        return BoundPut(collection, records, expect, span=context.absolute_span(node.span))
    key = target.key if isinstance(target, tree.RecordRef) else None
    query = _chosen(context, node.condition, schema)
    if isinstance(node, tree.Delete):
        return BoundDelete(collection, key, query, expect, context.absolute_span(node.span))
    assignments = bind_assignments(context, node.assignments, collection, schema)
    for item in node.assignments:
        if item.name == collection.key:
            context.report("PQ0503", item.span)
    return BoundPatch(collection, key, query, assignments, expect, node.upsert, context.absolute_span(node.span))


def bind_forget(context: BindContext, node: tree.Forget) -> BoundForget | None:
    """None where its collection is unknown."""
    collection = _collection(context, node.target, "PQ0240")  # of a dropped one there is history to forget
    if collection is None:
        return None
    key = node.target.key if isinstance(node.target, tree.RecordRef) else None
    query = _chosen(context, node.condition, scan_schema(collection))
    return BoundForget(collection, key, query, node.with_snapshots, context.absolute_span(node.span))


def _collection(context: BindContext, target: tree.RecordRef | tree.Name, unknown: str = "PQ0201") -> Collection | None:
    name = target.collection if isinstance(target, tree.RecordRef) else target.name
    return context.resolve_collection(name, Span(target.span.start, target.span.start + len(name)), unknown)


def _chosen(context: BindContext, condition: tree.Expression | None, schema: Schema) -> BoundQuery | None:
    """The query of a where."""
    if condition is None:
        return None
    with context.subqueries_permitted(True):
        bound = bind_condition(context, condition, schema)
    return BoundQuery((ScanStage(schema=schema), WhereStage(bound, schema=schema)))


def _put_query(context: BindContext, node: tree.Put, source: tree.FromClause, collection: Collection) -> BoundQuery:
    """The pipeline of a put; its columns go to the fields of their names, each checked."""
    stages = list(context.bind_source(source))
    for stage in node.stages:
        bound = context.bind_stage(stage, stages[-1].schema)
        stages += [bound] if bound is not None else []
    schema = stages[-1].schema
    for column in schema.visible_columns:
        field = collection.fields_by_name.get(column.name)
        if field is None:
            context.report("PQ0510", source.span, name=column.name, collection=collection.name)
        elif field.source_fields:
            context.report("PQ0502", source.span, name=field.name, sources=", ".join(field.source_fields))
        elif not is_assignable(field.type, column.type):
            expected, found = with_article(field.type), with_article(column.type)
            context.report("PQ0304", source.span, what=field.name, expected=expected, found=found)
    given = {column.name for column in schema.visible_columns}
    for field in collection.fields:
        if field.is_mandatory and field.name not in given and not schema.is_open:
            context.report("PQ0501", source.span, collection=collection.name, name=field.name)
    return BoundQuery(tuple(stages))


def bind_transaction(context: BindContext, node: tree.Transaction) -> tuple[BoundWrite, ...]:
    """A pipeline is run before the first write, so one that reads what the transaction has written to is refused."""
    writes: list[BoundWrite] = []
    for written in node.writes:
        write = bind_write(context, written)
        if write is None:
            continue
        chosen_by = written.source if isinstance(written, tree.Put) else written.condition
        written_to = {before.collection.name for before in writes}
        if chosen_by is not None and (unseen := _read_before(write) & written_to):
            context.report("PQ0505", chosen_by.span, collection=min(unseen))
        writes.append(write)
    return tuple(writes)


def _read_before(write: BoundWrite) -> frozenset[str]:
    """The collections that it reads before the first write. A where that can be asked of a record alone, as the transaction
    has left it, reads none; a link, a vector or a pipeline in it needs an index."""
    if write.query is None:
        return frozenset()
    where = write.query.stages[-1]
    if isinstance(write, BoundPut) or not isinstance(where, WhereStage):
        return write.query.properties.collections_read
    held = walk_expression(where.predicate)
    if any(isinstance(part, (Dereference, Subquery)) or part.type.kind is TypeKind.VECTOR for part in held):
        return write.query.properties.collections_read
    return frozenset()


def _expect(context: BindContext, node: tree.Expect | None, schema: Schema) -> BoundExpect | None:
    if node is None:
        return None
    condition = bind_condition(context, node.condition, schema) if node.condition else None
    return BoundExpect(node.state, condition)


def _record(context: BindContext, node: tree.ObjectLiteral, collection: Collection) -> tuple[NamedExpression, ...]:
    items = bind_assignments(context, node.items, collection, Schema(()))
    given = {item.name for item in items} | {item.name for item in node.items}
    for field in collection.fields:
        if field.is_mandatory and not given & {field.name, *ancestor_paths(field.name)}:
            context.report("PQ0501", node.span, collection=collection.name, name=field.name)
    return items
