"""A bound pipeline: what a backend is given to run."""

from __future__ import annotations

from dataclasses import dataclass, field

from paasq_dsl.bound.schema import BoundStage, Schema
from paasq_dsl.source_text import DUMMY_SPAN, Span


@dataclass(frozen=True, slots=True)
class BoundQuery:
    """A pipeline, ready for a backend. `explain` is None, "plan" or "analyze"."""

    stages: tuple[BoundStage, ...]
    explain: str | None = None
    span: Span = field(default=DUMMY_SPAN, compare=False, repr=False)

    @property
    def schema(self) -> Schema:
        """The columns of the answer: those after the last stage."""
        return self.stages[-1].schema
