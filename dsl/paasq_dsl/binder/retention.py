"""How long a collection keeps its records and their history: settings to what the catalog has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from paasq_dsl.binder.context import BindContext
from paasq_dsl.binder.type_descriptions import with_article
from paasq_dsl.catalog import SYSTEM_COLUMNS, Field
from paasq_dsl.diagnostics import Fix
from paasq_dsl.retention import HISTORY_ALL, HISTORY_NONE, HistoryBound, TimeToLive
from paasq_dsl.syntax import tree
from paasq_dsl.types import TypeKind
from paasq_dsl.values import Duration

_AGES = {"all": HISTORY_ALL, "none": HISTORY_NONE}


@dataclass(frozen=True, slots=True)
class Retention:
    """The settings that are said, None for one that is not."""

    time_to_live: TimeToLive | None = None
    history: HistoryBound | None = None

    def __str__(self) -> str:
        return " ".join(str(setting) for setting in (self.time_to_live, self.history) if setting is not None)


def bind_settings(
    context: BindContext, settings: Iterable[tree.Setting], fields: Mapping[str, Field], where: str
) -> Retention:
    """`fields` are those of the collection, which is called `where`. Reports PQ0660 to PQ0662, and PQ0202."""
    time_to_live: TimeToLive | None = None
    history: HistoryBound | None = None
    for setting in settings:
        if isinstance(setting, tree.TimeToLiveClause):
            if time_to_live is not None:
                context.report("PQ0660", setting.span, setting="keep")
            time_to_live = _bind_time_to_live(context, setting, fields, where)
        else:
            if history is not None:
                context.report("PQ0660", setting.span, setting="history")
            history = bind_history(context, setting)
    return Retention(time_to_live, history)


def bind_history(context: BindContext, clause: tree.HistoryClause) -> HistoryBound:
    """Reports PQ0662 where it has no length, and is not said to be none."""
    if isinstance(clause.age, str):
        return _AGES[clause.age]
    age = _duration(clause.age)
    if age == Duration():
        edit = Fix(clause.span, "none", "write none")
        context.report("PQ0662", clause.span, setting="history", better=", or none", fix=edit)
    return HistoryBound(age)


def _bind_time_to_live(
    context: BindContext, clause: tree.TimeToLiveClause, fields: Mapping[str, Field], where: str
) -> TimeToLive:
    age = _duration(clause.age)
    if age == Duration():
        context.report("PQ0662", clause.age.span, setting="keep", better="")
    if clause.by is None:
        return TimeToLive(age)
    name = clause.by.name
    field = fields.get(name)
    type_ = SYSTEM_COLUMNS.get(name) if field is None else field.type
    if type_ is None:
        known = {**SYSTEM_COLUMNS, **{f.name: f.type for f in fields.values()}}
        times = [name for name, known_type in known.items() if known_type.kind is TypeKind.TIME]
        context.report_unknown("PQ0202", clause.by.span, name, times, where=where)
    elif type_.kind not in {TypeKind.TIME, TypeKind.ANY}:
        context.report("PQ0661", clause.by.span, name=name, type=with_article(type_))
    return TimeToLive(age, name)


def _duration(literal: tree.Literal) -> Duration:
    assert isinstance(literal.value, Duration)
    return literal.value
