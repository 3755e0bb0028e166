"""A script to bound statements: the binder's entry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from paasq_dsl.binder.as_of import at_moment
from paasq_dsl.binder.collection_declarations import bind_collection, bind_type
from paasq_dsl.binder.commands import bind_command
from paasq_dsl.binder.context import Context, Environment
from paasq_dsl.binder.definitions import OPENED_MAX, Scope, bind_function, read_module
from paasq_dsl.binder.expressions import bind_scalar
from paasq_dsl.binder.inlining import InlineFunction, InlineParameter, InlinePipeline, signature
from paasq_dsl.binder.sources import declare_parameters, one_record, refuse_arguments, use_pipeline
from paasq_dsl.binder.time_zones import set_zone
from paasq_dsl.binder.watch import behind_watch, bind_watch
from paasq_dsl.binder.writes import bind_transaction, bind_write
from paasq_dsl.bound import (
    BoundDryrun,
    BoundLet,
    BoundQuery,
    BoundStage,
    BoundStatement,
    BoundTransaction,
    BoundView,
    BudgetStage,
    DeclaredParameter,
    ScanStage,
    Schema,
)
from paasq_dsl.catalog import Catalog, View
from paasq_dsl.diagnostics import Diagnostic
from paasq_dsl.modules import NO_MODULES, Resolver
from paasq_dsl.source_text import Span
from paasq_dsl.stages import VERB_OF_NODE, VERB_OF_WORD
from paasq_dsl.stages.follow import scan_schema
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.parser import parse
from paasq_dsl.syntax.recovery.error_patterns import meant_stage
from paasq_dsl.syntax.tree import Delete, Patch, Put, Transaction
from paasq_dsl.time_zones import DEFAULT_ZONE

NO_COLUMNS = Schema((), open=True)


@dataclass(frozen=True)
class Bind:
    """What binding gave. `statements` stand beside the script's, None where one is broken. `schemas` says which columns
    there are before each stage (its span, absolute), for completion and hover; `catalog` includes what the script declares,
    and `lets` holds its views too. `own` are the parameters of the pipeline that the last statement declares."""

    statements: tuple[BoundStatement | None, ...]
    diagnostics: tuple[Diagnostic, ...]
    schemas: tuple[tuple[Span, Schema], ...]
    catalog: Catalog
    parameters: Mapping[str, DeclaredParameter]
    functions: Mapping[str, InlineFunction]
    lets: Mapping[str, InlinePipeline]
    own: Mapping[str, InlineParameter]
    zone: str


def bind(
    script: tree.Script, catalog: Catalog, slots: Mapping[int, int] | None = None, *, resolve: Resolver = NO_MODULES,
    done: int = 0, zone: str = DEFAULT_ZONE,
) -> Bind:  # fmt: skip
    """Never raises on a tree that parse gave. `slots`: absolute start of a literal -> its number (see plan keys).
    `resolve` finds modules. Of the first `done` statements, which have run, only the definitions are bound.
    `zone` is the time zone of a text that names none."""
    binder = _Binder(catalog, Scope(resolve))
    binder.context.slots, binder.context.zone = slots or {}, zone
    return binder.run(script, done)


def zone_diagnostics(statements: Iterable[tuple[tree.Statement, int]]) -> list[Diagnostic]:
    """What is wrong with the zone of a text, of whose statements `bind_statement` sees one at a time. With each where its
    text begins."""
    binder = _Binder(Catalog(), Scope(NO_MODULES))
    set_zone(binder.context, statements)
    return binder.context.diagnostics


def bind_statement(statement: tree.Statement, environment: Environment, resolve: Resolver) -> tuple[Diagnostic, ...]:
    """What is wrong with one statement where `environment` is known; what it declares is added there. Never raises."""
    binder = _Binder(environment.catalog, Scope(resolve, fresh_views=environment.views))
    context = binder.context
    context.lets, context.parameters = environment.lets, environment.parameters
    context.functions, context.unclear = environment.functions, environment.unclear
    binder.statement(statement)
    environment.catalog = context.catalog
    return tuple(context.diagnostics)


_DECLARING = frozenset({"collection", "let", "view", "fn"})
_DEFINITIONS = (tree.LetHead, tree.ParameterDeclaration, tree.FunctionDeclaration, tree.Use)


class _Binder:
    def __init__(self, catalog: Catalog, scope: Scope) -> None:
        self.context = Context(catalog, self._stage, self._source)
        self.scope = scope
        self.schemas: list[tuple[Span, Schema]] = []
        self.declaring: str | None = None  # the pipeline that is being bound

    def run(self, script: tree.Script, done: int = 0) -> Bind:
        set_zone(self.context, ((statement, 0) for statement in script.statements))
        statements = tuple(
            self.statement(s) if number >= done or isinstance(s.head, _DEFINITIONS) else None
            for number, s in enumerate(script.statements)
        )
        context = self.context
        lets = {**self.scope.fresh_views, **context.lets}
        context.offset = 0
        for span in behind_watch((statement, 0) for statement in script.statements):
            context.report("PQ0623", span)
        found = tuple(sorted(context.diagnostics, key=lambda d: (d.span.start, d.code)))
        return Bind(statements, found, tuple(self.schemas), context.catalog, context.parameters, context.functions,
                    lets, context.own, context.zone)  # fmt: skip

    def statement(self, statement: tree.Statement) -> BoundStatement | None:
        context, head = self.context, statement.head
        context.offset, context.own, self.declaring = statement.offset, {}, None
        match head:
            case tree.QueryHead():
                return BoundQuery(self._pipeline(head.source, statement), head.explain, statement.span)
            case tree.LetHead():
                return self._let(head, statement)
            case tree.ParameterDeclaration():
                return self._parameter(head, statement)
            case tree.CollectionDeclaration():
                return bind_collection(context, head, statement.doc)
            case Transaction():
                return BoundTransaction(bind_transaction(context, head), statement.span)
            case Put() | Patch() | Delete():
                write = bind_write(context, head)
                return BoundTransaction((write,), statement.span) if write else None
            case tree.FunctionDeclaration():
                bind_function(context, head, statement.doc)
                return None
            case tree.Use():
                self._use(head)
                return None
            case tree.Zone():
                return None  # set before the first statement was bound
            case tree.ViewHead():
                return self._view(head, statement)
            case tree.WatchHead():
                return bind_watch(context, statement, head.source, self._pipeline(head.source, statement))
            case tree.Dryrun():
                whole = head.writes
                one = whole if isinstance(whole, Transaction) else Transaction(whole.span, (whole,))
                return BoundDryrun(BoundTransaction(bind_transaction(context, one), statement.span))
            case tree.Command():
                return bind_command(context, head, statement.doc)
            case tree.Broken():
                if head.word in _DECLARING and head.name:
                    context.unclear[head.name] = head.word  # those who use it are not at fault
                # what stands behind a broken head is still read, so that its own faults show
                self._stages(ScanStage(schema=NO_COLUMNS), statement=statement)
                return None

    def _pipeline(self, source: tree.From, statement: tree.Statement) -> tuple[BoundStage, ...]:
        return self._stages(*self._source(source), statement=statement)

    def _source(self, source: tree.From) -> tuple[BoundStage, ...]:
        with self.context.running_pipelines(False):
            stages = self._named(source)
            return stages if source.as_of is None else at_moment(self.context, source.as_of, stages)

    def _named(self, source: tree.From) -> tuple[BoundStage, ...]:
        context = self.context
        if source.key is not None:
            return one_record(context, source, source.key)
        if (found := context.lets.get(source.name)) is not None:
            return use_pipeline(context, found, source)
        if (view := context.catalog.views.get(source.name)) is not None:
            opened = self._opened(view, source)
            return use_pipeline(context, opened, source) if opened else (ScanStage(schema=NO_COLUMNS),)
        if source.name == self.declaring and source.name not in context.catalog.collections:
            context.report("PQ0232", source.name_span, name=source.name)
            return (ScanStage(schema=NO_COLUMNS),)
        collection = context.collection(source.name, source.name_span)
        if collection and source.arguments:
            refuse_arguments(context, source, source.arguments)
        return (ScanStage(schema=scan_schema(collection) if collection else NO_COLUMNS),)

    def _stages(self, *source: BoundStage, statement: tree.Statement) -> tuple[BoundStage, ...]:
        stages = list(source)
        for placed in statement.stages:
            self.context.offset = placed.offset
            schema = stages[-1].schema
            node = placed.node
            if isinstance(stages[-1], BudgetStage):
                self.context.report("PQ0424", node.span)
            self.schemas.append((node.span.shift(placed.offset), schema))
            if isinstance(node, tree.Broken):
                verb = VERB_OF_WORD.get(meant_stage(node.word))
                bound = None
            else:
                verb = VERB_OF_NODE[type(node)]
                bound = self._stage(node, schema)
            if bound is not None:
                stages.append(bound)
            elif verb is None or verb.makes_columns:
                stages[-1] = replace(stages[-1], schema=replace(schema, open=True))
        self.schemas.append((Span(statement.span.end, statement.span.end), stages[-1].schema))
        return tuple(stages)

    def _stage(self, node: tree.Stage, schema: Schema) -> BoundStage | None:
        with self.context.running_pipelines(True):
            return VERB_OF_NODE[type(node)].bind(self.context, node, schema)

    def _let(self, head: tree.LetHead, statement: tree.Statement) -> BoundLet:
        if head.name in self.context.lets or head.name in self.context.catalog.collections:
            self.context.report("PQ0207", Span(head.span.start, head.span.start + len(head.name)), name=head.name)
        pipeline = self._declared(head, statement)
        self.context.lets[head.name] = pipeline
        stages = pipeline.stages
        return BoundLet(head.name, BoundQuery(stages, None, statement.span), statement.doc)

    def _declared(self, head: tree.LetHead | tree.ViewHead, statement: tree.Statement) -> InlinePipeline:
        self.declaring = head.name
        parameters = declare_parameters(self.context, head.parameters)
        return InlinePipeline(head.name, parameters, self._pipeline(head.source, statement), statement.doc)

    def _parameter(self, head: tree.ParameterDeclaration, statement: tree.Statement) -> DeclaredParameter:
        type_ = bind_type(self.context, head.type)
        if head.name in self.context.parameters:
            self.context.report("PQ0206", head.span, name=head.name)
        default = (
            bind_scalar(self.context, head.default, type_, f"the default of ${head.name}") if head.default else None
        )
        declared = DeclaredParameter(head.name, type_, default, statement.doc)
        self.context.parameters[head.name] = declared
        return declared

    def _use(self, head: tree.Use) -> None:
        """Everything that a module defines, under its alias."""
        context = self.context
        module = read_module(context, self.scope, head)
        if module is None:
            context.unclear[f"{head.alias}."] = "use"
            return
        inner = _Binder(
            context.catalog, replace(self.scope, importer=module.path, opened=(*self.scope.opened, module.path))
        )
        inner.context.pinned = context.place(head.span)
        inner.context.prefix, inner.context.undeclared = f"{context.prefix}{head.alias}.", "PQ0225"
        inner.context.zone = context.zone
        bound = inner.run(module.script)
        if bound.diagnostics:
            context.report("PQ0224", head.path_span, path=head.path, message=bound.diagnostics[0].message)
        for name, function in bound.functions.items():
            context.functions[f"{head.alias}.{name}"] = replace(function, name=f"{head.alias}.{name}")
        for name, pipeline in inner.context.lets.items():
            context.lets[f"{head.alias}.{name}"] = replace(pipeline, name=f"{head.alias}.{name}")
        for name, declared in bound.parameters.items():
            context.parameters[f"{head.alias}.{name}"] = declared

    def _view(self, head: tree.ViewHead, statement: tree.Statement) -> BoundView:
        """Bound by itself: it must stand without the lets, functions, parameters and zone of this text."""
        context = self.context
        alone = _Binder(context.catalog, replace(self.scope, opened=(*self.scope.opened, head.name)))
        alone.context.offset, alone.context.undeclared = context.offset, "PQ0228"
        pipeline = alone._declared(head, statement)
        context.own = alone.context.own
        context.diagnostics += alone.context.diagnostics
        self.schemas += alone.schemas
        if head.name in context.lets or head.name in context.catalog.collections:
            context.report("PQ0207", Span(head.span.start, head.span.start + len(head.name)), name=head.name)
        view = View(head.name, "", statement.doc, signature(pipeline.parameters) if pipeline.parameters else "")
        context.catalog = context.catalog.with_view(view)
        self.scope.fresh_views[head.name] = replace(pipeline, word="view")
        return BoundView(view, BoundQuery(pipeline.stages, None, statement.span), statement.span)

    def _opened(self, view: View, source: tree.From) -> InlinePipeline | None:
        """A stored view, bound against the catalog as it is now; None where that fails, which is reported."""
        if (fresh := self.scope.fresh_views.get(view.name)) is not None:
            return fresh
        context, found = self.context, "it stands on itself"
        if view.name not in self.scope.opened and len(self.scope.opened) < OPENED_MAX:
            alone = _Binder(context.catalog, replace(self.scope, opened=(*self.scope.opened, view.name)))
            alone.context.pinned = context.place(source.name_span)
            script, wrong = parse(view.declaration)
            bound = alone.run(script)
            if not wrong and not bound.diagnostics:
                return replace(bound.lets[view.name], doc=view.doc)
            found = next(iter((*wrong, *bound.diagnostics))).message
        context.report("PQ0226", source.name_span, name=view.name, message=found)
        return None
