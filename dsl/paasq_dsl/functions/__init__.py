"""The function library: one registry that binder, kernels, completion, hover and the manual read."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from paasq_dsl.functions import aggregate, general, number, text, time
from paasq_dsl.functions.signature import Function

FUNCTIONS: Mapping[str, Function] = MappingProxyType({
    f.name: f for module in (text, number, time, general, aggregate) for f in module.FUNCTIONS
})  # fmt: skip
