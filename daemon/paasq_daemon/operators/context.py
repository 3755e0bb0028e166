"""One run of a plan: what its operators read, and what they leave for the answer's labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from paasq_daemon.index.column import Column
from paasq_daemon.index.index_view import IndexView
from paasq_daemon.kernels.evaluate import EvaluationContext
from paasq_daemon.wire.answer import FacetCount
from paasq_daemon.wire.cancellation import CancellationToken
from paasq_dsl.catalog import Collection, Field
from paasq_dsl.syntax.match_query import MatchQuery

TIME_RESERVE_S_MAX = 0.05  # of a time budget: a quarter, but no more than this, is kept for what follows
CANDIDATES_DEPTH = 1_000  # rows that a branch of fuse gives where no take says otherwise


@dataclass(frozen=True)
class QueryVector:
    """What near looked for in a vector field that is made of text: float32[d], of any length above 0."""

    collection: Collection
    field: Field
    values: NDArray[np.float32]


@dataclass
class ExecutionContext:
    """Lives as long as one query. `embed` gives text as a unit vector, float32[d], to be compared with those of a field."""

    view: IndexView
    evaluation: EvaluationContext
    embed: Callable[[Collection, Field, str], NDArray[np.float32]]
    cancel: CancellationToken
    rows_max: int
    rows_max_reason: str
    fingerprint: Callable[[], str]  # of the plan and its values: a cursor leads on in the plan that made it only
    snippets: Callable[..., Column]  # (run, rows, text, characters, shown), as `Snippets` of one run
    tokens_max: int | None = None  # of the answer, estimated
    reserved_characters: int = 0  # of the answer's JSON, taken by labels that are added behind the plan
    time_dependent: bool = False  # do the rows depend on when they are asked for?
    facets: dict[str, list[FacetCount]] = field(default_factory=dict)
    facet_types: dict[str, str] = field(default_factory=dict)
    match: MatchQuery | None = None  # the last that rows were matched by, for snippets and passages
    query_vector: QueryVector | None = None  # the last that near looked for and `embed` could have made
    cursor: str | None = None
    reasons: list[str] = field(default_factory=list)  # why the answer is not complete, the weightiest first
    depth_limited: bool = False  # did fuse leave rows out that a deeper look could have ranked?

    def child(self) -> ExecutionContext:
        """A run of another pipeline over the same view, which leaves nothing here."""
        other = replace(self, facets={}, match=None, query_vector=None, cursor=None, reasons=[], depth_limited=False)
        other.bind_snippets()
        return other

    def bind_snippets(self) -> None:
        """Those of what this run matches."""
        self.evaluation = replace(self.evaluation, snippet=partial(self.snippets, self))

    def deadline_near(self) -> bool:
        """Should work that may end early, and leave a true answer, end now? Then the answer says `time`."""
        left_s, time_ms = self.cancel.remaining_s, self.cancel.time_ms
        if left_s is None or time_ms is None or left_s >= min(TIME_RESERVE_S_MAX, time_ms / 4_000):
            return False
        if "time" not in self.reasons:
            self.reasons.append("time")
        return True
