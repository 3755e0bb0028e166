"""Bound stages that work on a ranking: they order it anew, thin it out, and cut what it found to size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from paasq_dsl.bound import Bound, Schema


@dataclass(frozen=True, slots=True)
class RerankStage:
    """The rows by `value`, a number, the largest first, null last; it becomes `_score`."""

    value: Bound
    schema: Schema


@dataclass(frozen=True, slots=True)
class CollapseStage:
    """The first `keep` rows (1) of each value; rows where it is null have one value too. The order stays."""

    value: Bound
    keep: Bound | None
    schema: Schema


@dataclass(frozen=True, slots=True)
class DiversifyStage:
    """Of the first `depth` rows those with a vector, in the order of maximal marginal relevance."""

    field: str
    balance: Bound | None
    depth: Bound | None
    schema: Schema


@dataclass(frozen=True, slots=True)
class PassagesStage:
    """A row for each of the best parts of the text `field`, at most `most` (1) of a row; a row without text stays one."""

    field: str
    most: Bound | None
    schema: Schema


@dataclass(frozen=True, slots=True)
class CiteStage:
    """`_cite` names the record at its version, and where `of_passage` the part of its text."""

    of_passage: bool
    schema: Schema


@dataclass(frozen=True, slots=True)
class BudgetStage:
    """What the answer may cost, beside what the request allows; stands last."""

    tokens: Bound | None
    time: Bound | None
    rows: Bound | None
    schema: Schema


RetrievalStage: TypeAlias = RerankStage | CollapseStage | DiversifyStage | PassagesStage | CiteStage | BudgetStage
