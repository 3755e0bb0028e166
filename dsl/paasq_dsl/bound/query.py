"""A bound pipeline: what a backend is given to run."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from paasq_dsl.bound.properties import PlanProperties, plan_properties
from paasq_dsl.bound.schema import BoundStage, Schema
from paasq_dsl.source_text import DUMMY_SPAN, Span


@dataclass(frozen=True)
class BoundQuery:
    """A pipeline, ready for a backend. `explain` is None, "plan" or "analyze"."""

    stages: tuple[BoundStage, ...]
    explain: str | None = None
    span: Span = field(default=DUMMY_SPAN, compare=False, repr=False)

    @property
    def schema(self) -> Schema:
        """The columns of the answer: those after the last stage."""
        return self.stages[-1].schema

    @cached_property
    def properties(self) -> PlanProperties:
        """What the stages read and depend on; computed when it is first asked for, and kept as long as the query is."""
        return plan_properties(self.stages)
