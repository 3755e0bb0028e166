"""Lark's reductions to the nodes of stages, which build themselves."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, TypeAlias

from lark import Tree

from paasq_dsl.syntax.tree import retrieval_stages, stages
from paasq_dsl.syntax.tree.nodes import Node
from paasq_dsl.syntax.tree_builder.expressions import ExpressionTransformer

Builder: TypeAlias = Callable[..., Node]


def node_builders(module: ModuleType) -> Iterator[tuple[str, Builder]]:
    """Grammar rules and the builders of their nodes: `build` of `SortKey` is that of the rule `sort_key`, `build_like` of
    `Match` that of `match_like`."""
    for name, node in vars(module).items():
        if isinstance(node, type) and issubclass(node, Node) and node.__module__ == module.__name__:
            rule = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
            for method in dir(node):
                if method == "build" or method.startswith("build_"):
                    yield rule + method.removeprefix("build"), getattr(node, method)


class StageTransformer(ExpressionTransformer):  # pyright: ignore[reportGeneralTypeIssues]  # v_args has no types
    """Builds the nodes of stages, and a tuple of what any other rule without a method here consists of."""

    def __init__(self) -> None:
        super().__init__()
        for module in (stages, retrieval_stages):
            for rule, build in node_builders(module):
                setattr(self, rule, _of_parts(build))

    def __default__(self, rule: str, parts: list[Any], meta: Any) -> Any:
        """Lark's own rules, of repetitions, begin with `_`; it takes them apart itself."""
        return Tree(rule, parts, meta) if rule.startswith("_") else tuple(parts)


def _of_parts(build: Builder) -> Callable[[list[Any]], Node]:
    return lambda parts: build(*parts)
