"""put, patch and delete."""

from __future__ import annotations

from paasq_dsl.binder.assignments import bind_assignments
from paasq_dsl.binder.context import Context
from paasq_dsl.binder.expressions import bind_condition
from paasq_dsl.binder.type_descriptions import with_article
from paasq_dsl.bound import (
    BoundDelete,
    BoundExpect,
    BoundPatch,
    BoundPut,
    BoundQuery,
    BoundWrite,
    Named,
    PipelineValue,
    ScanStage,
    Schema,
    Traverse,
    WhereStage,
)
from paasq_dsl.bound.traversal import collections_read, parts
from paasq_dsl.catalog import Collection
from paasq_dsl.functions.signature import assignable
from paasq_dsl.object_paths import paths_around
from paasq_dsl.source_text import Span
from paasq_dsl.stages.follow import scan_schema
from paasq_dsl.syntax import tree
from paasq_dsl.types import Kind


def bind_write(context: Context, node: tree.Write) -> BoundWrite | None:
    target = node.collection if isinstance(node, tree.Put) else node.target
    name = target.collection if isinstance(target, tree.Ref) else target.name
    collection = context.collection(name, Span(target.span.start, target.span.start + len(name)))
    if collection is None:
        return None
    schema = scan_schema(collection)
    expect = _expect(context, node.expect, schema)
    if isinstance(node, tree.Put):
        if node.source is not None:
            rows = _put_query(context, node, node.source, collection)
            return BoundPut(collection, (), expect, rows, context.place(node.span))
        records = tuple(_record(context, record, collection) for record in node.records)
        return BoundPut(collection, records, expect, span=context.place(node.span))
    key = target.key if isinstance(target, tree.Ref) else None
    query = None
    if node.condition is not None:
        with context.running_pipelines(True):
            condition = bind_condition(context, node.condition, schema)
        query = BoundQuery((ScanStage(schema=schema), WhereStage(condition, schema=schema)))
    if isinstance(node, tree.Delete):
        return BoundDelete(collection, key, query, expect, context.place(node.span))
    assignments = bind_assignments(context, node.assignments, collection, schema)
    for item in node.assignments:
        if item.name == collection.key:
            context.report("PQ0503", item.span)
    return BoundPatch(collection, key, query, assignments, expect, node.creates, context.place(node.span))


def _put_query(context: Context, node: tree.Put, source: tree.From, collection: Collection) -> BoundQuery:
    """The pipeline of a put; its columns go to the fields of their names, each checked."""
    stages = list(context.bind_source(source))
    for stage in node.stages:
        bound = context.bind_stage(stage, stages[-1].schema)
        stages += [bound] if bound is not None else []
    schema = stages[-1].schema
    for column in schema.visible:
        field = collection.by_name.get(column.name)
        if field is None:
            context.report("PQ0510", source.span, name=column.name, collection=collection.name)
        elif field.sources:
            context.report("PQ0502", source.span, name=field.name, sources=", ".join(field.sources))
        elif not assignable(field.type, column.type):
            expected, found = with_article(field.type), with_article(column.type)
            context.report("PQ0304", source.span, what=field.name, expected=expected, found=found)
    given = {column.name for column in schema.visible}
    for field in collection.fields:
        if field.must_be_given and field.name not in given and not schema.open:
            context.report("PQ0501", source.span, collection=collection.name, name=field.name)
    return BoundQuery(tuple(stages))


def bind_transaction(context: Context, node: tree.Transaction) -> tuple[BoundWrite, ...]:
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
        return collections_read(write.query.stages)
    held = parts(where.predicate)
    if any(isinstance(part, (Traverse, PipelineValue)) or part.type.kind is Kind.VECTOR for part in held):
        return collections_read(write.query.stages)
    return frozenset()


def _expect(context: Context, node: tree.Expect | None, schema: Schema) -> BoundExpect | None:
    if node is None:
        return None
    condition = bind_condition(context, node.condition, schema) if node.condition else None
    return BoundExpect(node.state, condition)


def _record(context: Context, node: tree.Record, collection: Collection) -> tuple[Named, ...]:
    items = bind_assignments(context, node.items, collection, Schema(()))
    given = {item.name for item in items} | {item.name for item in node.items}
    for field in collection.fields:
        if field.must_be_given and not given & {field.name, *paths_around(field.name)}:
            context.report("PQ0501", node.span, collection=collection.name, name=field.name)
    return items
