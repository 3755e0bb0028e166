"""The function library: one registry that binder, kernels, completion, hover and the manual read."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from paasq_dsl.functions import (
    aggregate,
    binary,
    conditional,
    conversion,
    lists,
    numeric,
    regex,
    text,
    time,
    vectors,
    window,
)
from paasq_dsl.functions.signature import Function

GROUPS: Mapping[str, tuple[Function, ...]] = MappingProxyType({
    "Text": text.FUNCTIONS, "Regular expressions": regex.FUNCTIONS, "Numbers": numeric.FUNCTIONS,
    "Times and durations": time.FUNCTIONS, "Lists": lists.FUNCTIONS, "Vectors": vectors.FUNCTIONS,
    "Bytes": binary.FUNCTIONS,
    "Choices and null": conditional.FUNCTIONS, "Conversions and links": conversion.FUNCTIONS,
    "Aggregates": aggregate.FUNCTIONS, "Windows": window.FUNCTIONS,
})  # fmt: skip
FUNCTIONS: Mapping[str, Function] = MappingProxyType({f.name: f for group in GROUPS.values() for f in group})
