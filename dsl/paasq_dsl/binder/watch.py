"""watch: what identifies its rows, what it reads, and which pipelines can't be watched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from paasq_dsl import bound as b
from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.expressions import bind_expression
from paasq_dsl.binder.type_descriptions import describe_expression
from paasq_dsl.bound import (
    BoundExpression,
    BoundQuery,
    BoundStage,
    BoundWatch,
    BudgetStage,
    PassagesStage,
    RowIdentity,
    Schema,
)
from paasq_dsl.bound.traversal import walk_stages
from paasq_dsl.source_text import Span
from paasq_dsl.stages import STAGE_BY_NODE
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.keywords import WATCH_EVENTS
from paasq_dsl.types import TypeKind

_UNWATCHABLE = {b.PageStage: "PQ0628", b.FacetStage: "PQ0629", BudgetStage: "PQ0630"}
_POSITIONS = frozenset({TypeKind.INT, TypeKind.KEYWORD, TypeKind.TEXT, TypeKind.ANY, TypeKind.NULL})


class _IdentityLostError(Exception):
    """The rows can no longer be identified; `args` are the number of the stage that caused it, and the columns that it lost:
    none where it mixes the rows of several pipelines."""


def bind_watch(
    context: BindContext, statement: tree.Statement, source: tree.FromClause, stages: tuple[BoundStage, ...]
) -> BoundWatch | None:
    """None where something is wrong (and reported)."""
    before = len(context.diagnostics)
    events, after = _emission(context, statement.emit_clause)
    whole = len(stages) > len(statement.stages)  # else a stage was wrong, and that was reported
    if whole and not any(stage.schema.is_open for stage in stages):
        named = source.name_span.shift(statement.offset)
        _check(context, stages, _StageSpans(stages, statement, named, source.name))
    if len(context.diagnostics) > before or not whole:
        return None
    query = BoundQuery(stages, None, statement.span)
    if query.properties.reads_confirmations:
        context.offset = 0
        context.report("PQ0632", source.name_span.shift(statement.offset))
        return None
    reads = tuple(sorted(query.properties.collections_read))
    timed = query.properties.time_dependent
    return BoundWatch(query, events, after, row_identity(stages), reads, timed, statement.span)


def unreachable_statements(statements: Iterable[tuple[tree.Statement, int]]) -> Iterator[Span]:
    """The spans of statements after a watch, which never ends. Takes each statement with the offset of its text."""
    watched = False
    for statement, start in statements:
        if watched:
            yield statement.span.shift(start)
        watched = watched or isinstance(statement.head, tree.WatchHead)


def row_identity(stages: Sequence[BoundStage]) -> RowIdentity:
    """What identifies the rows after the last stage. Raises _IdentityLostError."""
    found = RowIdentity()
    lost: _IdentityLostError | None = None
    for number, stage in enumerate(stages):
        match stage:
            case b.ScanStage() | b.FollowStage():
                found, lost = RowIdentity(), None
            case b.SummarizeStage(keys=keys):
                found, lost = RowIdentity(tuple(key.name for key in keys)), None
            case b.UnionStage():
                lost = _IdentityLostError(number, ())
            case b.DistinctStage(keys=keys) if lost and (columns := _columns(keys)):
                found, lost = RowIdentity(columns), None
            case _ if found.columns is not None and lost is None:
                columns, lost = _names_after(number, stage, found.columns)
                found = replace(found, columns=columns)
            case _:
                pass
        if isinstance(stage, (b.ExpandStage, PassagesStage)):
            found = replace(found, places=found.places + 1)
    if lost:
        raise lost
    return found


def _names_after(
    number: int, stage: BoundStage, names: tuple[str, ...]
) -> tuple[tuple[str, ...], _IdentityLostError | None]:
    """The names of these columns after a stage, and the error where one is lost."""
    called = {name: name for name in names}
    match stage:
        case b.SelectStage(items=items):
            plain = [(item.value.name, item.name) for item in items if isinstance(item.value, b.ColumnRef)]
            called = {old: new for old, new in plain if old in called}
        case b.RenameStage(names=renamed):
            called |= {old: new for new, old in renamed if old in called}
        case b.DropStage(names=dropped):
            called = {name: name for name in names if name not in dropped}
        case b.ExtendStage(items=items):
            called = {name: name for name in names if name not in {item.name for item in items}}
        case b.ExpandStage(name=name) | b.LookupStage(name=name):
            called.pop(name, None)
        case _:
            pass
    missing = [name for name in names if name not in called]
    if missing:
        return names, _IdentityLostError(number, tuple(missing))
    return tuple(called[name] for name in names), None


def _columns(keys: Sequence[BoundExpression]) -> tuple[str, ...]:
    """Their names where all are columns of single values, else nothing."""
    plain = [key.name for key in keys if isinstance(key, b.ColumnRef) and key.type.kind not in _MANY]
    return tuple(plain) if len(plain) == len(keys) else ()


_MANY = frozenset({TypeKind.LIST, TypeKind.VECTOR})


class _StageSpans:
    """The spans of a watch's stages in its text; those of a let or a view have the span of its name."""

    def __init__(self, stages: Sequence[BoundStage], statement: tree.Statement, source: Span, source_name: str) -> None:
        self._first = len(stages) - len(statement.stages)
        self._placed = statement.stages
        self._source = (source, source_name)

    def of(self, number: int) -> tuple[Span, str]:
        """The span, absolute, and the word of a stage."""
        if number < self._first:
            return self._source
        placed = self._placed[number - self._first]
        assert not isinstance(placed.node, tree.ErrorNode)
        return placed.node.span.shift(placed.offset), STAGE_BY_NODE[type(placed.node)].keyword


def _check(context: BindContext, stages: Sequence[BoundStage], places: _StageSpans) -> None:
    context.offset = 0
    for number, stage in enumerate(stages):
        span, _ = places.of(number)
        for inner in walk_stages((stage,)):
            if isinstance(inner, b.ScanStage) and inner.as_of is not None:
                context.report("PQ0621", span)
            if code := _unwatchable(inner):
                context.report(code, span)
    try:
        row_identity(stages)
    except _IdentityLostError as lost:
        number, names = lost.args
        span, word = places.of(number)
        context.report("PQ0627" if names else "PQ0626", span, stage=word, names=", ".join(names))


def _unwatchable(stage: BoundStage) -> str | None:
    """The code of why no watch can have this stage; None where it can."""
    if isinstance(stage, b.SampleStage) and stage.seed is None:
        return "PQ0631"
    return _UNWATCHABLE.get(type(stage))


def _emission(
    context: BindContext, placed: tree.PositionedEmitClause | None
) -> tuple[tuple[str, ...], BoundExpression | None]:
    if placed is None or isinstance(placed.node, tree.ErrorNode):
        return WATCH_EVENTS, None
    context.offset = placed.offset
    events: list[str] = []
    for event in placed.node.events:
        if event.name in events:
            context.report("PQ0205", event.span, name=event.name)
        events.append(event.name)
    return tuple(events) or WATCH_EVENTS, _after(context, placed.node.after)


def _after(context: BindContext, node: tree.Expression | None) -> BoundExpression | None:
    if node is None:
        return None
    bound = bind_expression(context, node, Schema(()))
    if bound.type.kind not in _POSITIONS:
        expected = "a sequence number or a cursor"
        context.report(
            "PQ0304", node.span, what="what a watch goes on after", expected=expected, found=describe_expression(bound)
        )
    return bound
