"""Functions and pipelines that a text declares; each use is replaced by the body."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from paasq_dsl.bound import BoundExpression, BoundStage, ColumnRef, Dereference, FunctionCall, ParameterRef, Subquery
from paasq_dsl.bound.traversal import children_with_subqueries, map_expressions, walk_expression, walk_with_subqueries
from paasq_dsl.catalog import Catalog, Collection
from paasq_dsl.syntax import tree
from paasq_dsl.types import Type

SIZE_MAX, DEPTH_MAX = 2_000, 60  # of a body with all that it calls put in: what walks expressions recurses


@dataclass(frozen=True, slots=True)
class InlineParameter:
    """Of a function or a pipeline. `default` may use the parameters before it; `declaration_text` is as written."""

    name: str
    type: Type
    default: BoundExpression | None
    declaration_text: str

    @property
    def reference(self) -> str:
        """Its name as it is written: `$me` of a pipeline, `kind` of a function."""
        return self.declaration_text.partition(":")[0]


@dataclass(frozen=True, slots=True)
class InlineFunction:
    """The body's columns are the parameters."""

    name: str
    parameters: tuple[InlineParameter, ...]
    result: Type
    body: BoundExpression
    doc: str = ""

    @property
    def usage(self) -> str:
        """The signature as it was declared, `name(a: int): int`."""
        return f"{self.name}{format_parameters(self.parameters)}: {self.result}"

    def inline(self, expression: BoundExpression, arguments: Mapping[str, BoundExpression]) -> BoundExpression | None:
        """An expression over the parameters with the arguments in their place; None where that would be too large."""
        return _inlined(expression, arguments, ColumnRef)


@dataclass(frozen=True, slots=True)
class PipelineOrigin:
    """The statement that declares a pipeline, and the collections that were looked up for it, with None where there was none."""

    statement: tree.Statement
    collections: Mapping[str, Collection | None]

    def is_changed(self, catalog: Catalog) -> bool:
        """Does one of them mean something else now?"""
        return any(catalog.collections.get(name) != before for name, before in self.collections.items())


@dataclass(frozen=True, slots=True)
class InlinePipeline:
    """A let or a view. In its stages its own parameters are ParameterRefs named by `scoped_parameter_name`. `origin` is that of
    one that the text itself declares."""

    name: str
    parameters: tuple[InlineParameter, ...]
    stages: tuple[BoundStage, ...]
    doc: str = ""
    keyword: str = "let"
    origin: PipelineOrigin | None = None

    @property
    def usage(self) -> str:
        """The name, with the declared parameters in brackets where there are any."""
        return f"{self.name}{format_parameters(self.parameters)}" if self.parameters else self.name

    def inline(self, expression: BoundExpression, arguments: Mapping[str, BoundExpression]) -> BoundExpression | None:
        """As for a function."""
        return _inlined(
            expression, {scoped_parameter_name(name): value for name, value in arguments.items()}, ParameterRef
        )

    def instantiate(self, arguments: Mapping[str, BoundExpression]) -> tuple[BoundStage, ...] | None:
        """The stages with the arguments in the place of the parameters; None where an expression would be too large."""
        too_large: list[BoundExpression] = []

        def change(expression: BoundExpression) -> BoundExpression:
            found = self.inline(expression, arguments)
            if found is None:
                too_large.append(expression)
            return found or expression

        stages = tuple(map_expressions(stage, change) for stage in self.stages) if arguments else self.stages
        return None if too_large else stages


def scoped_parameter_name(name: str) -> str:
    """What a parameter of a pipeline is called in its stages: no parameter of a text can be called so."""
    return f"({name})"


def format_parameters(parameters: Sequence[InlineParameter]) -> str:
    """The declarations of the parameters in brackets, `(a: int, b: text = "x")`."""
    return f"({', '.join(parameter.declaration_text for parameter in parameters)})"


def _inlined(
    body: BoundExpression, arguments: Mapping[str, BoundExpression], variable: type[ColumnRef | ParameterRef]
) -> BoundExpression | None:
    inside = (
        walk_expression(body) if variable is ColumnRef else walk_with_subqueries(body)
    )  # a pipeline in it has columns of its own
    uses = [part.name for part in inside if isinstance(part, variable) and part.name in arguments]
    if not uses:
        return body
    sizes = {name: expression_complexity(arguments[name]) for name in set(uses)}
    size, depth = expression_complexity(body)
    size += sum(sizes[name][0] for name in uses)
    depth += max(sizes[name][1] for name in uses)
    return None if size > SIZE_MAX or depth > DEPTH_MAX else _substituted(body, arguments, variable)


def expression_complexity(expression: BoundExpression) -> tuple[int, int]:
    """How many parts an expression has, those of pipelines in it too, and how deep they nest; found without recursion."""
    waiting, size, deepest = [(expression, 1)], 0, 0
    while waiting:
        part, depth = waiting.pop()
        size, deepest = size + 1, max(deepest, depth)
        waiting += [(child, depth + 1) for child in children_with_subqueries(part)]
    return size, deepest


def _substituted(
    part: BoundExpression, arguments: Mapping[str, BoundExpression], variable: type[ColumnRef | ParameterRef]
) -> BoundExpression:
    if isinstance(part, variable):
        return arguments.get(part.name, part)
    if isinstance(part, FunctionCall):
        return replace(part, arguments=tuple(_substituted(a, arguments, variable) for a in part.arguments))
    if isinstance(part, Subquery) and variable is ParameterRef:
        stages = (map_expressions(stage, lambda held: _substituted(held, arguments, variable)) for stage in part.stages)
        return replace(part, stages=tuple(stages))
    return replace(part, base=_substituted(part.base, arguments, variable)) if isinstance(part, Dereference) else part
