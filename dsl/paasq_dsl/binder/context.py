"""What binding one text knows and collects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from paasq_dsl.binder.inlining import InlineFunction, InlineParameter, InlinePipeline
from paasq_dsl.bound import BoundStage, DeclaredParameter, Schema
from paasq_dsl.catalog import Catalog, Collection
from paasq_dsl.diagnostics import Diagnostic, Edit, diagnostic, nearest, replacement
from paasq_dsl.source_text import Span
from paasq_dsl.time_zones import DEFAULT_ZONE


@dataclass
class Environment:
    """What a statement can name. Binding one adds what it declares; `views` are those that the text at hand makes.
    `unclear` are the names that broken declarations would have given, and the aliases of modules that can't be read, with a dot
    behind; each with the word it begins with."""

    catalog: Catalog
    lets: MutableMapping[str, InlinePipeline] = field(default_factory=dict)
    views: MutableMapping[str, InlinePipeline] = field(default_factory=dict)
    parameters: MutableMapping[str, DeclaredParameter] = field(default_factory=dict)
    functions: MutableMapping[str, InlineFunction] = field(default_factory=dict)
    unclear: MutableMapping[str, str] = field(default_factory=dict)


@dataclass
class Context:
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
    slots: Mapping[int, int] = field(default_factory=dict)
    parameters: MutableMapping[str, DeclaredParameter] = field(default_factory=dict)
    own: dict[str, InlineParameter] = field(default_factory=dict)
    lets: MutableMapping[str, InlinePipeline] = field(default_factory=dict)
    functions: MutableMapping[str, InlineFunction] = field(default_factory=dict)
    unclear: MutableMapping[str, str] = field(default_factory=dict)  # what broken declarations would have given
    declaring: str | None = None  # the function whose body is being bound
    pinned: Span | None = None
    prefix: str = ""
    zone: str = DEFAULT_ZONE
    undeclared: str | None = None  # what is reported of a parameter that is not declared
    no_window: str | None = "PQ0408"  # what is reported of what looks at other rows; None where it may stand
    runs_pipelines: bool = False  # may an expression hold a pipeline, which is run before it is asked?
    outside: tuple[Schema, ...] = ()  # the columns outside the brackets that a pipeline stands in, which it can't see
    diagnostics: list[Diagnostic] = field(default_factory=list)
    offset: int = 0

    def place(self, span: Span) -> Span:
        """A span of the piece at hand as one of the whole text."""
        return self.pinned or span.shift(self.offset)

    def report(
        self, code: str, span: Span, *, candidates: Iterable[str] = (), edit: Edit | None = None, **words: object
    ) -> None:
        found = diagnostic(code, span, candidates=candidates, edit=edit, **words)
        self.diagnostics.append(found.shift(self.offset) if self.pinned is None else replace(found, span=self.pinned))

    def unknown(
        self, code: str, span: Span, name: str, known: Iterable[str], *, better: str | None = None, **words: str
    ) -> None:
        """A name that does not exist, with the nearest that do; `better` is what another language's name is here."""
        candidates = (better,) if better else nearest(name, known)
        self.report(code, span, name=name, candidates=candidates, edit=replacement(span, candidates), **words)

    @contextmanager
    def reporting_windows(self, code: str | None) -> Iterator[None]:
        """Meanwhile window functions and aggregates are reported as `code`, or may stand where that is None."""
        before, self.no_window = self.no_window, code
        yield
        self.no_window = before

    @contextmanager
    def running_pipelines(self, allowed: bool) -> Iterator[None]:
        """Meanwhile an expression may hold pipelines, or may not."""
        before, self.runs_pipelines = self.runs_pipelines, allowed
        yield
        self.runs_pipelines = before

    @contextmanager
    def inside_brackets(self, outside: Schema) -> Iterator[None]:
        """Meanwhile a pipeline is bound that sees no column of `outside`."""
        before, self.outside = self.outside, (*self.outside, outside)
        with self.reporting_windows("PQ0408"):
            yield
        self.outside = before

    def stands_outside(self, name: str) -> bool:
        return any(name in schema.by_name or schema.members(name) for schema in self.outside)

    def is_unclear(self, name: str) -> bool:
        """Would a declaration that is broken, or a module that can't be read, have given this name?"""
        return name in self.unclear or f"{name.rpartition('.')[0]}." in self.unclear

    def collection(self, name: str, span: Span) -> Collection | None:
        found = self.catalog.collections.get(name)
        if found is None and not self.is_unclear(name):
            self.unknown("PQ0201", span, name, [*self.catalog.collections, *self.catalog.views, *self.lets])
        return found


def needs_records(context: Context, stage: str, schema: Schema, span: Span) -> bool:
    """Does the stage stand where rows are records? Reports where they are not."""
    if (schema.collection is None or schema.repeated) and not schema.open:
        context.report("PQ0401", span, stage=stage, before="an earlier stage")
    return schema.collection is not None and not schema.repeated
