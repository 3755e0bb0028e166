"""What completion is made of: one provider a kind, each a function of the place and of the live values."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from paasq_dsl.assist.completion import Completion
from paasq_dsl.assist.place import Place, Values
from paasq_dsl.assist.providers import (
    fields,
    functions,
    keywords,
    modules,
    parameters,
    sources,
    stages,
    types,
    values,
    zones,
)

Provider = Callable[[Place, Values], Iterable[Completion]]

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
    zones.provide,
)
