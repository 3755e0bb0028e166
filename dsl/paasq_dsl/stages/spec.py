"""What a stage is to the language: its word, its form, its typing rule, and what an editor says of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from paasq_dsl.binder.context import BindContext
from paasq_dsl.bound import BoundStage, Schema


@dataclass(frozen=True, slots=True)
class StageSpec:
    """`bind(context, node, schema)` gives the bound stage, or None where what is wrong was reported and the rows go on as
    they came. `changes_schema`: may columns differ behind it? Then a broken one leaves the schema open."""

    keyword: str
    node: type
    synopsis: str
    doc: str
    example: str
    bind: Callable[[BindContext, Any, Schema], BoundStage | None]
    changes_schema: bool = False
