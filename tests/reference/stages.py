"""The stages, each from rows to rows, one after the other as they are written: nothing is rewritten or pushed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cmp_to_key
from typing import Any

from paasq_daemon.wire.answer import FacetCount
from paasq_daemon.wire.value_codecs import encode
from paasq_dsl import bound
from paasq_dsl.bound import BoundExpression, BoundStage, FunctionCall, NamedExpression, Schema, Subquery
from paasq_dsl.syntax.match_query import MatchQueryError, parse_match_query
from paasq_dsl.types import TypeKind
from reference import ranking, shaping
from reference.aggregates import summarize
from reference.ranking import Scored
from reference.records import WRITTEN, Records, Refused, Row
from reference.values import Evaluator, equal, order_key
from reference.windows import with_windows

RRF_K = 60.0
FACET_VALUES = 100
DEPTH_MAX = 100


@dataclass
class Running:
    """One run: what stages look at beside their rows, and what they leave beside them."""

    evaluator: Evaluator
    facets: dict[str, list[FacetCount]] = field(default_factory=dict)
    cursor: str | None = None
    lists: dict[Subquery, list[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.evaluator = replace(self.evaluator, listed=self.listed)

    def listed(self, value: Subquery) -> list[Any]:
        """By a run of its own, once."""
        if value not in self.lists:
            rows = Running(self.evaluator).run(value.stages, [], Schema(()))
            self.lists[value] = [row[value.column] for row in rows]
        return self.lists[value]

    @property
    def records(self) -> Records:
        return self.evaluator.records

    def scalar(self, expression: BoundExpression) -> Any:
        return self.evaluator.value(expression, {})

    def count(self, expression: BoundExpression) -> int:
        value = self.scalar(expression)
        if not isinstance(value, int) or value < 0:
            raise Refused("a number of rows")
        return value

    def run(self, stages: tuple[BoundStage, ...], rows: list[Row], before: Schema) -> list[Row]:
        for stage in stages:
            rows = _STAGES[type(stage)](self, stage, rows, before)
            before = stage.schema
        return rows


def _scan(running: Running, stage: bound.ScanStage, _: list[Row], __: Schema) -> list[Row]:
    if stage.as_of is not None:  # everything that the query looks at is of that moment
        running.evaluator = replace(running.evaluator, records=running.records.at(running.scalar(stage.as_of.value)))
    return running.records.scan(_collection(stage.schema))


def _where(running: Running, stage: bound.WhereStage, rows: list[Row], _: Schema) -> list[Row]:
    return [row for row in rows if running.evaluator.holds(stage.predicate, row)]


def _match(running: Running, stage: bound.MatchStage, rows: list[Row], before: Schema) -> list[Row]:
    return _with_scores(_matched(running, stage, rows, before))


def _near(running: Running, stage: bound.NearStage, rows: list[Row], before: Schema) -> list[Row]:
    return _with_scores(_nearest(running, stage, rows, before))


def _fuse(running: Running, stage: bound.FuseStage, rows: list[Row], before: Schema) -> list[Row]:
    return _with_scores(_fused(running, stage, rows, before))


def _matched(running: Running, stage: bound.MatchStage, rows: list[Row], before: Schema) -> list[Scored]:
    text = running.scalar(stage.query_text)
    try:
        match = parse_match_query(text, lenient=not isinstance(stage.query_text, bound.Constant))
    except MatchQueryError as error:
        raise Refused(str(error)) from error
    everything = running.records.scan(_collection(before))
    texts = [field.name for field in before.collection.fields_of_kind(TypeKind.TEXT)] if before.collection else []
    least = 0 if stage.minimum_should_match is None else running.count(stage.minimum_should_match)
    return ranking.matched(match, stage.fields, texts, everything, _in_written_order(rows), least)


def _nearest(
    running: Running, stage: bound.NearStage, rows: list[Row], _: Schema, drawn_to: Sequence[Row] = ()
) -> list[Scored]:
    target = running.scalar(stage.target)
    if stage.target.type.kind is TypeKind.LINK:
        found = running.records.get(str(stage.target.type.name), target)
        target = found and found[stage.field]
        if target is None and rows:
            raise Refused("no such vector")
    elif isinstance(target, str):
        target = running.records.embed(target)
    there = [row[stage.field] for row in drawn_to if row[stage.field] is not None]
    if there:
        target = ranking.drawn(target, there)
    return ranking.nearest(target, stage.field, _in_written_order(rows))


def _fused(running: Running, stage: bound.FuseStage, rows: list[Row], before: Schema) -> list[Scored]:
    found = _fused_once(running, stage, rows, before)
    count = 0 if stage.feedback_documents is None else running.scalar(stage.feedback_documents)
    return _fused_once(running, stage, rows, before, [s.row for s in found[:count]]) if count else found


def _fused_once(
    running: Running, stage: bound.FuseStage, rows: list[Row], before: Schema, drawn_to: Sequence[Row] = ()
) -> list[Scored]:
    weights = [1.0] * len(stage.branches) if stage.weights is None else running.scalar(stage.weights)
    found: dict[int, Scored] = {row[WRITTEN]: Scored(row, 0.0) for row in _in_written_order(rows)}
    for branch, weight in zip(stage.branches, weights, strict=True):
        ranked = _branch(running, branch, rows, before, drawn_to)
        best = max((s.score for s in ranked), default=0.0)
        by_words = isinstance(_last_retrieval(branch), bound.MatchStage)
        for rank, scored in enumerate(ranked, 1):
            whole = found[scored.row[WRITTEN]]
            if stage.method == "rrf":
                k = RRF_K if stage.k is None else running.scalar(stage.k)
                part: tuple[Any, ...] = (rank,)
                whole.score += weight / (k + rank)
            else:
                part = scored.parts
                whole.score += weight * (scored.score / best if by_words and best > 0 else scored.score)
            whole.branches[branch.name] = scored.score, rank
            whole.parts = (*whole.parts, (branch.name, part))
    having = [s for s in found.values() if s.branches]
    if stage.method == "rrf":  # whole ranks in 64 bits: every arithmetic gives the same
        return sorted(having, key=lambda s: -s.score)
    return ranking.best_first(having)


def _branch(
    running: Running, branch: bound.FuseBranch, rows: list[Row], before: Schema, drawn_to: Sequence[Row]
) -> list[Scored]:
    """The rows of a branch with the score that it ends with."""
    parts: dict[int, tuple[Any, ...]] = {}
    rows = [dict(row) for row in rows]
    for stage in branch.stages:
        if type(stage) in _RANKINGS:
            if isinstance(stage, bound.NearStage):
                scored = _nearest(running, stage, rows, before, drawn_to)
            else:
                scored = _RANKINGS[type(stage)](running, stage, rows, before)
            parts = {s.row[WRITTEN]: s.parts for s in scored}
            rows = _with_scores(scored)
        else:
            rows = running.run((stage,), rows, before)
        before = stage.schema
    return [Scored(row, row["_score"], parts[row[WRITTEN]]) for row in rows]


def _last_retrieval(branch: bound.FuseBranch) -> BoundStage:
    return [stage for stage in branch.stages if type(stage) in _RANKINGS][-1]


def _with_scores(found: list[Scored]) -> list[Row]:
    names = {name for scored in found for name in scored.branches}
    rows: list[Row] = []
    for scored in found:
        row = {**scored.row, "_score": scored.score}
        for name in names:
            row[f"_score.{name}"], row[f"_rank.{name}"] = scored.branches.get(name, (None, None))
        rows.append(row)
    return rows


def _in_written_order(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: row[WRITTEN])


def _sort(running: Running, stage: bound.SortStage, rows: list[Row], _: Schema) -> list[Row]:
    keys = [(key.descending, key.value) for key in stage.keys]
    valued = [([running.evaluator.value(value, row) for _, value in keys], row) for row in rows]

    def compare(left: tuple[list[Any], Row], right: tuple[list[Any], Row]) -> int:
        for (descending, _), a, b in zip(keys, left[0], right[0], strict=True):
            if equal(a, b):
                continue
            if a is None or b is None:
                return 1 if a is None else -1
            less = order_key(a) < order_key(b)
            return -1 if less is not descending else 1
        return 0

    return [row for _, row in sorted(valued, key=cmp_to_key(compare))]


def _take(running: Running, stage: bound.TakeStage, rows: list[Row], _: Schema) -> list[Row]:
    return rows[: running.count(stage.count)]


def _page(running: Running, stage: bound.PageStage, rows: list[Row], _: Schema) -> list[Row]:
    """A cursor is the number of rows before it: nothing is written meanwhile."""
    size = running.count(stage.size)
    if size == 0:
        raise Refused("a page of nothing")
    cursor = None if stage.after is None else running.scalar(stage.after)
    start = int(cursor) if cursor is not None else 0
    if len(rows) > start + size:
        running.cursor = str(start + size)
    return rows[start : start + size]


def _select(running: Running, stage: bound.SelectStage, rows: list[Row], _: Schema) -> list[Row]:
    return _projected(running, stage.items, (), rows)


def _extend(running: Running, stage: bound.ExtendStage, rows: list[Row], _: Schema) -> list[Row]:
    return _projected(running, stage.items, stage.partition_keys, rows)


def _projected(
    running: Running, items: Sequence[NamedExpression], keys: Sequence[BoundExpression], rows: list[Row]
) -> list[Row]:
    plain, wider = with_windows(running.evaluator, items, keys, rows)
    return [
        row | {item.name: running.evaluator.value(item.value, more) for item in plain}
        for row, more in zip(rows, wider, strict=True)
    ]


def _facet(running: Running, stage: bound.FacetStage, rows: list[Row], _: Schema) -> list[Row]:
    for facet in stage.facets:
        counts: list[tuple[Any, int]] = []
        missing = 0
        for row in rows:
            value = running.evaluator.value(facet.value, row)
            missing += value is None
            items = value if isinstance(value, list) else [value]
            for item in {order_key(i): i for i in items if i is not None}.values():
                place = next((i for i, (known, _) in enumerate(counts) if equal(known, item)), None)
                if place is None:
                    counts.append((item, 1))
                else:
                    counts[place] = counts[place][0], counts[place][1] + 1
        counts.sort(key=lambda pair: (-pair[1], order_key(pair[0])))
        counts += [(None, missing)] if missing else []
        top = FACET_VALUES if facet.top is None else running.count(facet.top)
        type_ = facet.value.type.item or facet.value.type
        running.facets[facet.name] = [FacetCount(encode(value, type_), n) for value, n in counts[:top]]
    return rows


def _summarize(running: Running, stage: bound.SummarizeStage, rows: list[Row], _: Schema) -> list[Row]:
    return summarize(running.evaluator, stage, rows)


def _follow(running: Running, stage: bound.FollowStage, rows: list[Row], _: Schema) -> list[Row]:
    target = _collection(stage.schema)
    nearest, farthest = _depths(running, stage.depth)
    depth_of: dict[str, int] = {}
    for depth in range(1, farthest + 1):
        keys = [key for row in rows for key in _keys(row[stage.field])]
        reached = {key: running.records.get(target, key) for key in keys if key not in depth_of}
        rows = [row for row in reached.values() if row is not None]
        depth_of |= {row["_key"]: depth for row in rows}
    found = [row | {"_depth": depth_of[row["_key"]]} for row in running.records.scan(target) if row["_key"] in depth_of]
    return sorted((row for row in found if row["_depth"] >= nearest), key=lambda row: row["_depth"])


def _rerank(running: Running, stage: bound.RerankStage, rows: list[Row], _: Schema) -> list[Row]:
    values = [running.evaluator.value(stage.value, row) for row in rows]
    scored = [row | {"_score": None if v is None else float(v)} for v, row in zip(values, rows, strict=True)]
    there = [row for row in scored if row["_score"] is not None]
    return [*sorted(there, key=lambda row: -row["_score"]), *(row for row in scored if row["_score"] is None)]


def _collapse(running: Running, stage: bound.CollapseStage, rows: list[Row], _: Schema) -> list[Row]:
    keep = 1 if stage.max_per_value is None else running.count(stage.max_per_value)
    if keep == 0:
        raise Refused("nothing to keep")
    kept: list[Row] = []
    values: list[Any] = []
    for row in rows:
        value = running.evaluator.value(stage.value, row)
        if sum(equal(value, other) for other in values) < keep:
            kept.append(row)
            values.append(value)
    return kept


def _diversify(running: Running, stage: bound.DiversifyStage, rows: list[Row], _: Schema) -> list[Row]:
    balance = 0.7 if stage.mmr_lambda is None else running.scalar(stage.mmr_lambda)
    depth = 100 if stage.candidate_count is None else running.count(stage.candidate_count)
    if not 0 <= balance <= 1 or depth > 1_000:
        raise Refused("a balance, or a depth")
    places = [i for i, row in enumerate(rows[:depth]) if None not in (row["_score"], row[stage.field])]
    order = ranking.diversified([(rows[i]["_score"], rows[i][stage.field]) for i in places], balance)
    moved = list(rows)
    for place, chosen in zip(places, order, strict=True):
        moved[place] = rows[places[chosen]]
    return moved


def _cite(_: Running, stage: bound.CiteStage, rows: list[Row], __: Schema) -> list[Row]:
    name = _collection(stage.schema)
    return [row | {"_cite": f"{name}:{row['_key']}@{row['_version']}"} for row in rows]


def _keys(links: Any) -> list[str]:
    return [] if links is None else links if isinstance(links, list) else [links]


def _depths(running: Running, depth: BoundExpression | None) -> tuple[int, int]:
    if depth is None:
        return 1, 1
    ends = depth.arguments if isinstance(depth, FunctionCall) and depth.function == ".." else (depth, depth)
    low, high = (running.scalar(end) for end in ends)
    if not 1 <= low <= high <= DEPTH_MAX:
        raise Refused("a depth")
    return low, high


def _collection(schema: Schema) -> str:
    assert schema.collection is not None
    return schema.collection.name


_RANKINGS: dict[type, Callable[[Running, Any, list[Row], Schema], list[Scored]]] = {
    bound.MatchStage: _matched,
    bound.NearStage: _nearest,
    bound.FuseStage: _fused,
}
_STAGES: dict[type, Callable[[Running, Any, list[Row], Schema], list[Row]]] = {
    bound.ScanStage: _scan,
    bound.WhereStage: _where,
    bound.MatchStage: _match,
    bound.NearStage: _near,
    bound.FuseStage: _fuse,
    bound.SortStage: _sort,
    bound.TakeStage: _take,
    bound.PageStage: _page,
    bound.SelectStage: _select,
    bound.ExtendStage: _extend,
    bound.FacetStage: _facet,
    bound.SummarizeStage: _summarize,
    bound.FollowStage: _follow,
    **shaping.STAGES,
    bound.RerankStage: _rerank,
    bound.CollapseStage: _collapse,
    bound.DiversifyStage: _diversify,
    bound.CiteStage: _cite,
}
