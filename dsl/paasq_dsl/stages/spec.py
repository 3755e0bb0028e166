"""What a stage is to the language: its form, its words, its typing rule, and what an editor says of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from paasq_dsl.binder.context import BindContext
from paasq_dsl.bound import BoundStage, Schema
from paasq_dsl.syntax.completion_role import Rule


@dataclass(frozen=True, slots=True)
class Method:
    """One of the methods that a stage takes the name of: what it does, and which of the stage's options it has."""

    doc: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StageSpec:
    """`bind(context, node, schema)` gives the bound stage, or None where what is wrong was reported and the rows go on as
    they came. `role(words)` is what the next word would be, by those of the stage so far. `words`, `options` and `methods`
    are sentences by name: of the other words of its grammar rule, where no earlier stage has said it, and of what it takes
    as `name=value`. `changes_schema`: may columns differ after it? Then a broken one leaves the schema open."""

    node: type
    synopsis: str
    doc: str
    example: str
    bind: Callable[[BindContext, Any, Schema], BoundStage | None]
    role: Rule
    words: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    methods: Mapping[str, Method] = field(default_factory=dict)
    changes_schema: bool = False

    @property
    def keyword(self) -> str:
        """The word that it begins with: the name of its node."""
        return self.node.__name__.lower()
