"""Lark's reductions to tree nodes, which build themselves; those of expressions are methods of the base class."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, TypeAlias

from lark import Tree

from paasq_dsl.syntax.expression_builder import ExpressionTransformer
from paasq_dsl.syntax.tree import commands, declarations, retrieval_stages, stages, statements, writes
from paasq_dsl.syntax.tree.nodes import Node

Builder: TypeAlias = Callable[..., Node]
_MODULES = (declarations, commands, writes, statements, stages, retrieval_stages)


def node_builders(module: ModuleType) -> Iterator[tuple[str, Builder]]:
    """Grammar rules and the builders of their nodes: `build` of `SortKey` is that of the rule `sort_key`, `build_like` of
    `Match` that of `match_like`."""
    for name, node in vars(module).items():
        if isinstance(node, type) and issubclass(node, Node) and node.__module__ == module.__name__:
            rule = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
            for method in dir(node):
                if method == "build" or method.startswith("build_"):
                    yield rule + method.removeprefix("build"), getattr(node, method)


class TreeBuilder(ExpressionTransformer):  # pyright: ignore[reportGeneralTypeIssues]  # v_args has no types
    """Builds the nodes of all rules of the grammar, and a tuple of the parts of a rule that has no node."""

    def __init__(self) -> None:
        super().__init__()
        for module in _MODULES:
            for rule, build in node_builders(module):
                setattr(self, rule, _of_parts(build))

    def __default__(self, rule: str, parts: list[Any], meta: Any) -> Any:
        """Lark's own rules, of repetitions, begin with `_`; it takes them apart itself."""
        return Tree(rule, parts, meta) if rule.startswith("_") else tuple(parts)


def _of_parts(build: Builder) -> Callable[[list[Any]], Node]:
    return lambda parts: build(*parts)
