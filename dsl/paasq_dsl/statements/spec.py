"""What a statement is to the language: its form, its words, and what an editor says of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from paasq_dsl.binder.context import BindContext
from paasq_dsl.bound import BoundCommand
from paasq_dsl.syntax.completion_role import Rule

CommandBinder: TypeAlias = Callable[[BindContext, Any, str], BoundCommand | None]


@dataclass(frozen=True, slots=True)
class StatementSpec:
    """`role(words)` is what the next word would be, by those of the head so far. `words` are sentences by name, of the
    other words of its grammar rules, where no stage and no earlier statement has said it.

    `binders` are those of commands, by the class of the node: `bind(context, node, doc)` gives the bound command, or None
    where what is wrong was reported. A change of the catalog is seen by the statements after it. Queries, writes and
    declarations are bound by `binder.script`, which they steer.
    """

    keyword: str
    synopsis: str
    doc: str
    role: Rule
    words: Mapping[str, str] = field(default_factory=dict)
    binders: Mapping[type, CommandBinder] = field(default_factory=dict)
