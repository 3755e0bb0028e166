"""What binding one text knows and collects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from paasq_dsl.binder.inlining import InlineFunction, InlineParameter, InlinePipeline
from paasq_dsl.binder.value_checks import Check, ValueCheck
from paasq_dsl.bound import BoundParameter, BoundStage, Constant, ParameterRef, Schema
from paasq_dsl.catalog import Catalog, Collection
from paasq_dsl.diagnostics import Diagnostic, Fix, make_diagnostic, replacement_fix, similar_names
from paasq_dsl.source_text import Span
from paasq_dsl.time_zones import DEFAULT_ZONE
from paasq_dsl.values import Value


@dataclass
class Environment:
    """What a statement can name. Binding one adds what it declares; `views` are those that the current text
    creates. `tainted_names` are the names that broken declarations would have given, and the aliases of unreadable modules,
    followed by a dot; each with the keyword of its statement."""

    catalog: Catalog
    lets: MutableMapping[str, InlinePipeline] = field(default_factory=dict)
    views: MutableMapping[str, InlinePipeline] = field(default_factory=dict)
    parameters: MutableMapping[str, BoundParameter] = field(default_factory=dict)
    functions: MutableMapping[str, InlineFunction] = field(default_factory=dict)
    tainted_names: MutableMapping[str, str] = field(default_factory=dict)


@dataclass
class BindContext:
    """`offset` is what the spans of the current fragment count from; `literal_slots` numbers literals by absolute start.

    `bind_stage` binds a stage by the rule of its spec, and `bind_source` gives the stages that a `from` expands to; stages
    that hold stages (fuse) or pipelines (union) bind them through these. In a module or a view, all spans are those of its
    use, `call_site`; `parameter_prefix` precedes the names of a module's parameters; `own_parameters` are those of the
    pipeline being declared. `zone` applies to times without an offset, to days, and to calendar functions without a zone.
    """

    catalog: Catalog
    bind_stage: Callable[[Any, Schema], BoundStage | None]
    bind_source: Callable[[Any], tuple[BoundStage, ...]]
    literal_slots: Mapping[int, int] = field(default_factory=dict)
    literal_values: dict[int, Value] = field(default_factory=dict)  # by slot: for diagnostics, a plan has slots alone
    parameters: MutableMapping[str, BoundParameter] = field(default_factory=dict)
    own_parameters: dict[str, InlineParameter] = field(default_factory=dict)
    lets: MutableMapping[str, InlinePipeline] = field(default_factory=dict)
    functions: MutableMapping[str, InlineFunction] = field(default_factory=dict)
    tainted_names: MutableMapping[str, str] = field(default_factory=dict)  # what broken declarations would have given
    enclosing_function: str | None = None  # the function whose body is being bound
    call_site: Span | None = None
    parameter_prefix: str = ""
    zone: str = DEFAULT_ZONE
    undeclared_parameter_code: str | None = None  # what is reported of a parameter that is not declared
    window_error_code: str | None = "PQ0408"  # what is reported of what looks at other rows; None where it may occur
    subqueries_allowed: bool = False  # may an expression hold a pipeline, which is run before it is asked?
    outer_schemas: tuple[Schema, ...] = ()  # the columns outside the brackets that a pipeline is in, which it can't see
    diagnostics: list[Diagnostic] = field(default_factory=list)
    value_checks: list[ValueCheck] = field(default_factory=list)
    offset: int = 0

    def absolute_span(self, span: Span) -> Span:
        """A span of the current fragment as one of the whole text."""
        return self.call_site or span.shift(self.offset)

    def report(
        self, code: str, span: Span, *, candidates: Iterable[str] = (), fix: Fix | None = None, **words: object
    ) -> None:
        """Adds a diagnostic; `span` is relative to the fragment being bound. In inlined text the span is that of the
        use."""
        found = make_diagnostic(code, span, candidates=candidates, fix=fix, **words)
        self.diagnostics.append(
            found.shift(self.offset) if self.call_site is None else replace(found, span=self.call_site)
        )

    def check_text(self, source: Constant | ParameterRef, check: Check) -> None:
        """Warn of a text at `source.span`: of a literal that the plan holds now, of another one when its value is known."""
        if isinstance(source, ParameterRef) or source.slot >= 0:
            self.value_checks.append(ValueCheck(source, check))
        elif isinstance(source.value, str):
            found = check(source.value, source.span)
            self.diagnostics += found if self.call_site is None else (replace(each, fix=None) for each in found)

    def report_unknown(
        self, code: str, span: Span, name: str, known: Iterable[str], *, equivalent: str | None = None, **words: str
    ) -> None:
        """A name that does not exist, with similar ones that do; `equivalent` is the name here of another language's."""
        candidates = (equivalent,) if equivalent else similar_names(name, known)
        self.report(code, span, name=name, candidates=candidates, fix=replacement_fix(span, candidates), **words)

    @contextmanager
    def window_functions_reported(self, code: str | None) -> Iterator[None]:
        """Meanwhile window functions and aggregates are reported as `code`, or may occur where that is None."""
        before, self.window_error_code = self.window_error_code, code
        yield
        self.window_error_code = before

    @contextmanager
    def subqueries_permitted(self, allowed: bool) -> Iterator[None]:
        """Meanwhile an expression may hold pipelines, or may not."""
        before, self.subqueries_allowed = self.subqueries_allowed, allowed
        yield
        self.subqueries_allowed = before

    @contextmanager
    def subquery_scope(self, outside: Schema) -> Iterator[None]:
        """Meanwhile a pipeline is bound that sees no column of `outside`."""
        before, self.outer_schemas = self.outer_schemas, (*self.outer_schemas, outside)
        with self.window_functions_reported("PQ0408"):
            yield
        self.outer_schemas = before

    def is_outer_column(self, name: str) -> bool:
        """Does the name exist only outside the brackets of the subquery being bound?"""
        return any(name in schema.columns_by_name or schema.members(name) for schema in self.outer_schemas)

    def is_tainted(self, name: str) -> bool:
        """Would a declaration that is broken, or a module that can't be read, have given this name?"""
        return name in self.tainted_names or f"{name.rpartition('.')[0]}." in self.tainted_names

    def resolve_collection(self, name: str, span: Span, unknown: str = "PQ0201") -> Collection | None:
        """The collection of this name. None where there is none: `unknown` is reported, unless a broken declaration would
        have made it."""
        found = self.catalog.collections.get(name)
        if found is None and not self.is_tainted(name):
            self.report_unknown(unknown, span, name, [*self.catalog.collections, *self.catalog.views, *self.lets])
        return found


def require_records(context: BindContext, stage: str, schema: Schema, span: Span) -> bool:
    """Are the stage's input rows records, each once? Reports PQ0401 where they are not."""
    if (schema.collection is None or schema.may_repeat_records) and not schema.is_open:
        context.report("PQ0401", span, stage=stage, before="an earlier stage")
    return schema.collection is not None and not schema.may_repeat_records
