"""An operator says everything about itself: each bound stage has one spec, and what a spec builds has an estimate."""

from __future__ import annotations

import inspect
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from paasq_daemon.operators.operator import Operator
from paasq_daemon.operators.spec import OperatorSpec
from paasq_daemon.plan.operator_registry import OPERATORS
from paasq_dsl.bound import BoundStage, stages


def stage_classes() -> set[type[BoundStage]]:
    return {kind for _, kind in inspect.getmembers(stages, inspect.isclass) if issubclass(kind, BoundStage)} - {
        BoundStage
    }


def operator_classes(spec: OperatorSpec[Any]) -> Iterator[type[Operator]]:
    """Those of the module that the spec is in."""
    module = sys.modules[spec.build.__module__]
    for _, kind in inspect.getmembers(module, inspect.isclass):
        if issubclass(kind, Operator) and kind.__module__ == module.__name__:
            yield kind


def unsaid(kind: type) -> set[str]:
    """What the operator leaves out of what each must say."""
    return set(getattr(kind, "__abstractmethods__", ()))


def test_each_bound_stage_has_one_operator_spec() -> None:
    assert Counter(spec.stage for spec in OPERATORS) == Counter(stage_classes())


@pytest.mark.parametrize("spec", OPERATORS, ids=lambda spec: spec.stage.__name__)
def test_each_operator_has_all_its_parts(spec: OperatorSpec[Any]) -> None:
    found = list(operator_classes(spec))
    assert found, f"no operator beside the spec of {spec.stage.__name__}"
    assert {kind.__name__: unsaid(kind) for kind in found if unsaid(kind)} == {}


def test_the_test_sees_what_lacks_an_estimate() -> None:
    class Silent(Operator):
        def execute(self, context: Any, batch: Any) -> Any:
            return context, batch

        def describe(self) -> str:
            return "silent"

    assert unsaid(Silent) == {"estimate"}
