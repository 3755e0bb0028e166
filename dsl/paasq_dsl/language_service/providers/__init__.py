"""What completion is made of: one provider a kind, each a function of the place and of the live values."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from paasq_dsl.language_service.completion_item import CompletionItem
from paasq_dsl.language_service.cursor_context import CursorContext, FieldValues
from paasq_dsl.language_service.providers import (
    fields,
    functions,
    keywords,
    modules,
    parameters,
    sources,
    stages,
    time_zones,
    types,
    values,
)

Provider = Callable[[CursorContext, FieldValues], Iterable[CompletionItem]]

PROVIDERS: tuple[Provider, ...] = (
    values.provide,
    stages.provide,
    sources.provide,
    modules.provide,
    fields.provide,
    parameters.provide,
    types.provide,
    keywords.provide,
    functions.provide,
    time_zones.provide,
)
