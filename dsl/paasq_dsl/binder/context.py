"""What binding one text knows and collects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from paasq_dsl.binder.inlining import InlineFunction, InlineParameter, InlinePipeline
from paasq_dsl.bound import BoundParameter, BoundStage, Schema
from paasq_dsl.catalog import Catalog, Collection
from paasq_dsl.diagnostics import Diagnostic, Fix, make_diagnostic, replacement_fix, similar_names
from paasq_dsl.source_text import Span
from paasq_dsl.time_zones import DEFAULT_ZONE
from paasq_dsl.values import Value


@dataclass
class Environment:
    """What a statement can name. Binding one adds what it declares; `views` are those that the text at hand makes.
    `unclear` are the names that broken declarations would have given, and the aliases of modules that can't be read, with a dot
    behind; each with the word it begins with."""

    catalog: Catalog
    lets: MutableMapping[str, InlinePipeline] = field(default_factory=dict)
    views: MutableMapping[str, InlinePipeline] = field(default_factory=dict)
    parameters: MutableMapping[str, BoundParameter] = field(default_factory=dict)
    functions: MutableMapping[str, InlineFunction] = field(default_factory=dict)
    tainted_names: MutableMapping[str, str] = field(default_factory=dict)


@dataclass
class BindContext:
    """`offset` is what the spans of the piece at hand count from; `slots` numbers the literals by their absolute start.

    `bind_stage` binds a stage by the rule of its verb, and `bind_source` gives the stages that a `from` stands for: what
    holds stages itself, as fuse does, or whole pipelines, as union does, binds them through these. In a text that another
    one uses, a module or a view, all spans are `pinned` to where it is used; `prefix` stands before the names of a module's
    parameters; `own` are those of the pipeline that is being declared. `zone` is what a time without an offset, a day and a
    calendar function without a zone are read in.
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
    window_error_code: str | None = "PQ0408"  # what is reported of what looks at other rows; None where it may stand
    subqueries_allowed: bool = False  # may an expression hold a pipeline, which is run before it is asked?
    outer_schemas: tuple[
        Schema, ...
    ] = ()  # the columns outside the brackets that a pipeline stands in, which it can't see
    diagnostics: list[Diagnostic] = field(default_factory=list)
    offset: int = 0

    def absolute_span(self, span: Span) -> Span:
        """A span of the piece at hand as one of the whole text."""
        return self.call_site or span.shift(self.offset)

    def report(
        self, code: str, span: Span, *, candidates: Iterable[str] = (), fix: Fix | None = None, **words: object
    ) -> None:
        found = make_diagnostic(code, span, candidates=candidates, fix=fix, **words)
        self.diagnostics.append(
            found.shift(self.offset) if self.call_site is None else replace(found, span=self.call_site)
        )

    def report_unknown(
        self, code: str, span: Span, name: str, known: Iterable[str], *, equivalent: str | None = None, **words: str
    ) -> None:
        """A name that does not exist, with the nearest that do; `better` is what another language's name is here."""
        candidates = (equivalent,) if equivalent else similar_names(name, known)
        self.report(code, span, name=name, candidates=candidates, fix=replacement_fix(span, candidates), **words)

    @contextmanager
    def window_functions_reported(self, code: str | None) -> Iterator[None]:
        """Meanwhile window functions and aggregates are reported as `code`, or may stand where that is None."""
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
        return any(name in schema.columns_by_name or schema.members(name) for schema in self.outer_schemas)

    def is_tainted(self, name: str) -> bool:
        """Would a declaration that is broken, or a module that can't be read, have given this name?"""
        return name in self.tainted_names or f"{name.rpartition('.')[0]}." in self.tainted_names

    def resolve_collection(self, name: str, span: Span) -> Collection | None:
        found = self.catalog.collections.get(name)
        if found is None and not self.is_tainted(name):
            self.report_unknown("PQ0201", span, name, [*self.catalog.collections, *self.catalog.views, *self.lets])
        return found


def require_records(context: BindContext, stage: str, schema: Schema, span: Span) -> bool:
    """Does the stage stand where rows are records? Reports where they are not."""
    if (schema.collection is None or schema.may_repeat_records) and not schema.is_open:
        context.report("PQ0401", span, stage=stage, before="an earlier stage")
    return schema.collection is not None and not schema.may_repeat_records
