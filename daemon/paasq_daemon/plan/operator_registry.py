"""The operators of all stages: planner, estimates and capabilities read them here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import Any

from paasq_daemon import operators
from paasq_daemon.operators.spec import OperatorSpec
from paasq_dsl.bound import BoundStage


def _specs() -> Iterator[OperatorSpec[Any]]:
    """Those that the modules of the package define."""
    for module in iter_modules(operators.__path__, f"{operators.__name__}."):
        yield from getattr(import_module(module.name), "OPERATORS", ())


OPERATORS: tuple[OperatorSpec[Any], ...] = tuple(_specs())
OPERATOR_BY_STAGE: Mapping[type[BoundStage], OperatorSpec[Any]] = MappingProxyType({o.stage: o for o in OPERATORS})
