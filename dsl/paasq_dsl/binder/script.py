"""A script to bound statements: the binder's entry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from paasq_dsl.binder.as_of import apply_as_of, check_confirmations
from paasq_dsl.binder.collection_declarations import bind_collection, bind_type
from paasq_dsl.binder.context import BindContext, Environment
from paasq_dsl.binder.dependency_tracker import TrackedNames
from paasq_dsl.binder.expressions import bind_scalar
from paasq_dsl.binder.functions import bind_function
from paasq_dsl.binder.imports import IMPORT_DEPTH_MAX, ImportContext, read_module
from paasq_dsl.binder.inlining import InlineFunction, InlineParameter, InlinePipeline, PipelineOrigin, format_parameters
from paasq_dsl.binder.remaining_statements import remaining_statements
from paasq_dsl.binder.sources import declare_parameters, inline_pipeline, record_source, reject_arguments
from paasq_dsl.binder.time_zones import set_zone
from paasq_dsl.binder.value_checks import ValueCheck
from paasq_dsl.binder.watch import bind_watch, unreachable_statements
from paasq_dsl.binder.writes import bind_forget, bind_transaction, bind_write
from paasq_dsl.bound import (
    BoundCreateView,
    BoundDryrun,
    BoundForgetPreview,
    BoundLet,
    BoundParameter,
    BoundQuery,
    BoundStage,
    BoundStatement,
    BoundTransaction,
    BudgetStage,
    ScanStage,
    Schema,
)
from paasq_dsl.catalog import Catalog, View
from paasq_dsl.diagnostics import Diagnostic, first_error
from paasq_dsl.modules import NO_MODULES, ModuleResolver
from paasq_dsl.source_text import Span
from paasq_dsl.stages import STAGE_BY_KEYWORD, STAGE_BY_NODE
from paasq_dsl.stages.follow import scan_schema
from paasq_dsl.statements import COMMAND_BINDERS
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.parser import parse_script
from paasq_dsl.syntax.recovery.error_patterns import intended_stage
from paasq_dsl.syntax.tree import Delete, Forget, Patch, Put, Transaction
from paasq_dsl.time_zones import DEFAULT_ZONE

OPEN_SCHEMA = Schema((), is_open=True)


@dataclass(frozen=True)
class BindResult:
    """What binding gave. `statements` are parallel to the script's, None for a broken one. `stage_input_schemas`
    gives the columns before each stage (by its absolute span), for completion and hover; `catalog` includes what the
    script declares, and `lets` holds its views too. `own_parameters` are those of the pipeline
    that the last statement declares. `value_checks` are warnings that depend on values in the slots of literals, or
    of parameters."""

    statements: tuple[BoundStatement | None, ...]
    diagnostics: tuple[Diagnostic, ...]
    stage_input_schemas: tuple[tuple[Span, Schema], ...]
    catalog: Catalog
    parameters: Mapping[str, BoundParameter]
    functions: Mapping[str, InlineFunction]
    lets: Mapping[str, InlinePipeline]
    own_parameters: Mapping[str, InlineParameter]
    zone: str
    value_checks: tuple[ValueCheck, ...]


def bind_script(
    script: tree.Script,
    catalog: Catalog,
    literal_slots: Mapping[int, int] | None = None,
    *,
    resolve_module: ModuleResolver = NO_MODULES,
    executed_count: int = 0,
    zone: str = DEFAULT_ZONE,
) -> BindResult:
    """Never raises on a tree from the parser. `literal_slots`: absolute start of a literal -> its number (see plan keys).
    `resolve_module` finds modules. `zone` is the time zone of a text that names none.

    The first `executed_count` statements have run: what is bound then, `remaining_statements` says."""
    binder = _Binder(catalog, ImportContext(resolve_module))
    binder.context.literal_slots, binder.context.zone = literal_slots or {}, zone
    return binder.run(script, executed_count)


def zone_diagnostics(statements: Iterable[tuple[tree.Statement, int]]) -> list[Diagnostic]:
    """What is wrong with the zone of a text, of whose statements `bind_statement` sees one at a time. With each where its
    text begins."""
    binder = _Binder(Catalog(), ImportContext(NO_MODULES))
    set_zone(binder.context, statements)
    return binder.context.diagnostics


def bind_statement(
    statement: tree.Statement, environment: Environment, resolve_module: ModuleResolver
) -> tuple[Diagnostic, ...]:
    """What is wrong with one statement where `environment` is known; what it declares is added there. Never raises."""
    binder = _Binder(environment.catalog, ImportContext(resolve_module, fresh_views=environment.views))
    context = binder.context
    context.lets, context.parameters = environment.lets, environment.parameters
    context.functions, context.tainted_names = environment.functions, environment.tainted_names
    binder.statement(statement)
    environment.catalog = context.catalog
    return tuple(context.diagnostics)


_DECLARING = frozenset({"collection", "let", "view", "fn"})


class _Binder:
    def __init__(self, catalog: Catalog, scope: ImportContext) -> None:
        self.context = BindContext(catalog, self._stage, self._source)
        self.scope = scope
        self.schemas: list[tuple[Span, Schema]] = []
        self.declaring: str | None = None  # the pipeline that is being bound

    def run(self, script: tree.Script, done: int = 0) -> BindResult:
        set_zone(self.context, ((statement, 0) for statement in script.statements))
        context = self.context
        chosen = remaining_statements(script.statements, done)
        statements = [self.statement(s) if number in chosen else None for number, s in enumerate(script.statements)]
        lets = {**self.scope.fresh_views, **context.lets}
        context.offset = 0
        for span in unreachable_statements((statement, 0) for statement in script.statements):
            context.report("PQ0623", span)
        found = tuple(sorted(context.diagnostics, key=lambda d: (d.span.start, d.code)))
        return BindResult(tuple(statements), found, tuple(self.schemas), context.catalog, context.parameters, context.functions,
                    lets, context.own_parameters, context.zone, tuple(context.value_checks))  # fmt: skip

    def statement(self, statement: tree.Statement) -> BoundStatement | None:
        context, head = self.context, statement.head
        context.offset, context.own_parameters, self.declaring = statement.offset, {}, None
        match head:
            case tree.QueryHead():
                query = BoundQuery(self._pipeline(head.source, statement), head.explain, statement.span)
                context.offset = statement.offset
                check_confirmations(context, query, head.source, statement.stages)
                return query
            case tree.LetHead():
                return self._let(head, statement)
            case tree.ParameterDeclaration():
                return self._parameter(head, statement)
            case tree.CollectionDeclaration():
                return bind_collection(context, head, statement.doc, statement.span.shift(-statement.offset))
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
            case tree.SetTimeZone():
                return None  # set before the first statement was bound
            case tree.ViewHead():
                return self._view(head, statement)
            case tree.WatchHead():
                return bind_watch(context, statement, head.source, self._pipeline(head.source, statement))
            case tree.Dryrun():
                whole = head.writes
                if isinstance(whole, Forget):
                    forget = bind_forget(context, whole)
                    return BoundForgetPreview(forget) if forget else None
                one = whole if isinstance(whole, Transaction) else Transaction(whole.span, (whole,))
                return BoundDryrun(BoundTransaction(bind_transaction(context, one), statement.span))
            case tree.Command():
                return COMMAND_BINDERS[type(head)](context, head, statement.doc)
            case tree.ErrorNode():
                if head.keyword in _DECLARING and head.name:
                    context.tainted_names[head.name] = head.keyword  # those who use it are not at fault
                # what follows a broken head is still read, so that its own faults show
                self._stages(ScanStage(schema=OPEN_SCHEMA), statement=statement)
                return None

    def _pipeline(self, source: tree.FromClause, statement: tree.Statement) -> tuple[BoundStage, ...]:
        return self._stages(*self._source(source), statement=statement)

    def _source(self, source: tree.FromClause) -> tuple[BoundStage, ...]:
        with self.context.subqueries_permitted(False):
            stages = self._named_source(source)
            return stages if source.as_of is None else apply_as_of(self.context, source.as_of, stages)

    def _named_source(self, source: tree.FromClause) -> tuple[BoundStage, ...]:
        context = self.context
        if source.record_key is not None:
            return record_source(context, source, source.record_key)
        if (found := context.lets.get(source.name)) is not None:
            return inline_pipeline(context, self._as_now(found, source), source)
        if (view := context.catalog.views.get(source.name)) is not None:
            opened = self._expand_view(view, source)
            return inline_pipeline(context, opened, source) if opened else (ScanStage(schema=OPEN_SCHEMA),)
        if source.name == self.declaring and source.name not in context.catalog.collections:
            context.report("PQ0232", source.name_span, name=source.name)
            return (ScanStage(schema=OPEN_SCHEMA),)
        collection = context.resolve_collection(source.name, source.name_span)
        if collection and source.arguments:
            reject_arguments(context, source, source.arguments)
        return (ScanStage(schema=scan_schema(collection) if collection else OPEN_SCHEMA),)

    def _stages(self, *source: BoundStage, statement: tree.Statement) -> tuple[BoundStage, ...]:
        stages = list(source)
        for placed in statement.stages:
            self.context.offset = placed.offset
            schema = stages[-1].schema
            node = placed.node
            if isinstance(stages[-1], BudgetStage):
                self.context.report("PQ0424", node.span)
            self.schemas.append((node.span.shift(placed.offset), schema))
            if isinstance(node, tree.ErrorNode):
                spec = STAGE_BY_KEYWORD.get(intended_stage(node.keyword))
                bound = None
            else:
                spec = STAGE_BY_NODE[type(node)]
                bound = self._stage(node, schema)
            if bound is not None:
                stages.append(bound)
            elif spec is None or spec.changes_schema:
                stages[-1] = replace(stages[-1], schema=replace(schema, is_open=True))
        self.schemas.append((Span(statement.span.end, statement.span.end), stages[-1].schema))
        return tuple(stages)

    def _stage(self, node: tree.Stage, schema: Schema) -> BoundStage | None:
        with self.context.subqueries_permitted(True):
            return STAGE_BY_NODE[type(node)].bind(self.context, node, schema)

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
        catalog = self.context.catalog
        asked = TrackedNames(catalog.collections)
        self.context.catalog = replace(catalog, collections=asked)
        stages = self._pipeline(head.source, statement)
        self.context.catalog = catalog
        origin = PipelineOrigin(statement, asked.reads)
        return InlinePipeline(head.name, parameters, stages, statement.doc, origin=origin)

    def _as_now(self, found: InlinePipeline, source: tree.FromClause) -> InlinePipeline:
        """A pipeline of this text, bound again where the text has changed since what it is made from. Reports PQ0226 where that
        fails: it would when it runs."""
        context, origin = self.context, found.origin
        if origin is None or not origin.is_changed(context.catalog):
            return found
        again = _Binder(context.catalog, self.scope)
        again.context.literal_slots, again.context.zone = context.literal_slots, context.zone
        again.context.offset = origin.statement.offset
        if found.keyword == "let":
            again.context.lets, again.context.functions = context.lets, context.functions
            again.context.parameters, again.context.tainted_names = context.parameters, context.tainted_names
        head = origin.statement.head
        assert isinstance(head, tree.LetHead | tree.ViewHead)
        now = replace(again._declared(head, origin.statement), keyword=found.keyword)
        error = first_error(again.context.diagnostics)
        if error is not None:
            context.report("PQ0226", source.name_span, what=found.keyword, name=found.name, message=error.message)
        return now

    def _parameter(self, head: tree.ParameterDeclaration, statement: tree.Statement) -> BoundParameter:
        type_ = bind_type(self.context, head.type)
        if head.name in self.context.parameters:
            self.context.report("PQ0206", head.span, name=head.name)
        default = (
            bind_scalar(self.context, head.default, type_, f"the default of ${head.name}") if head.default else None
        )
        declared = BoundParameter(head.name, type_, default, statement.doc)
        self.context.parameters[head.name] = declared
        return declared

    def _use(self, head: tree.Use) -> None:
        """Everything that a module defines, under its alias."""
        context = self.context
        module = read_module(context, self.scope, head)
        if module is None:
            context.tainted_names[f"{head.alias}."] = "use"
            return
        inner = _Binder(
            context.catalog,
            replace(self.scope, importer=module.path, import_chain=(*self.scope.import_chain, module.path)),
        )
        inner.context.call_site = context.absolute_span(head.span)
        inner.context.parameter_prefix, inner.context.undeclared_parameter_code = (
            f"{context.parameter_prefix}{head.alias}.",
            "PQ0225",
        )
        inner.context.zone = context.zone
        bound = inner.run(module.script)
        if (error := first_error(bound.diagnostics)) is not None:
            context.report("PQ0224", head.path_span, path=head.path, message=error.message)
        else:
            context.diagnostics += bound.diagnostics
            context.value_checks += bound.value_checks
        for name, function in bound.functions.items():
            context.functions[f"{head.alias}.{name}"] = replace(function, name=f"{head.alias}.{name}")
        for name, pipeline in inner.context.lets.items():
            context.lets[f"{head.alias}.{name}"] = replace(pipeline, name=f"{head.alias}.{name}", origin=None)
        for name, declared in bound.parameters.items():
            context.parameters[f"{head.alias}.{name}"] = declared

    def _view(self, head: tree.ViewHead, statement: tree.Statement) -> BoundCreateView:
        """Bound by itself: it must bind without the lets, functions, parameters and zone of this text."""
        context = self.context
        alone = _Binder(context.catalog, replace(self.scope, import_chain=(*self.scope.import_chain, head.name)))
        alone.context.offset, alone.context.undeclared_parameter_code = context.offset, "PQ0228"
        pipeline = alone._declared(head, statement)
        context.own_parameters = alone.context.own_parameters
        context.diagnostics += alone.context.diagnostics
        self.schemas += alone.schemas
        if head.name in context.lets or head.name in context.catalog.collections:
            context.report("PQ0207", Span(head.span.start, head.span.start + len(head.name)), name=head.name)
        view = View(head.name, "", statement.doc, format_parameters(pipeline.parameters) if pipeline.parameters else "")
        context.catalog = context.catalog.with_view(view)
        self.scope.fresh_views[head.name] = replace(pipeline, keyword="view")
        return BoundCreateView(view, BoundQuery(pipeline.stages, None, statement.span), statement.span)

    def _expand_view(self, view: View, source: tree.FromClause) -> InlinePipeline | None:
        """A stored view, bound against the catalog as it is now; None where that fails, which is reported."""
        if (fresh := self.scope.fresh_views.get(view.name)) is not None:
            return self._as_now(fresh, source)
        context, found = self.context, "it is made from itself"
        if view.name not in self.scope.import_chain and len(self.scope.import_chain) < IMPORT_DEPTH_MAX:
            alone = _Binder(context.catalog, replace(self.scope, import_chain=(*self.scope.import_chain, view.name)))
            alone.context.call_site = context.absolute_span(source.name_span)
            script, wrong = parse_script(view.as_let)
            bound = alone.run(script)
            error = first_error((*wrong, *bound.diagnostics))
            if error is None:
                context.diagnostics += bound.diagnostics
                return replace(bound.lets[view.name], doc=view.doc)
            found = error.message
        context.report("PQ0226", source.name_span, what="view", name=view.name, message=found)
        return None
