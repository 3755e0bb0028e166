"""The stages that give rows another shape."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from paasq_dsl import bound
from paasq_dsl.bound import Schema
from reference.records import WRITTEN, Refused, Row
from reference.values import equal, fitted, order_key

if TYPE_CHECKING:
    from reference.stages import Running

PLACES = "places"  # what tells the rows of one record apart, behind expand
WORD = 2**64


def drop(_: Running, __: bound.DropStage, rows: list[Row], ___: Schema) -> list[Row]:
    return rows


def rename(_: Running, stage: bound.RenameStage, rows: list[Row], __: Schema) -> list[Row]:
    return [row | {new: row[old] for new, old in stage.names} for row in rows]


def skip(running: Running, stage: bound.SkipStage, rows: list[Row], _: Schema) -> list[Row]:
    return rows[running.count(stage.count) :]


def distinct(running: Running, stage: bound.DistinctStage, rows: list[Row], _: Schema) -> list[Row]:
    found: dict[Any, Row] = {}
    for row in rows:
        values = [running.evaluator.value(key, row) for key in stage.keys]
        found.setdefault(tuple((v is None, None if v is None else order_key(v)) for v in values), row)
    return list(found.values())


def expand(_: Running, stage: bound.ExpandStage, rows: list[Row], __: Schema) -> list[Row]:
    return [
        row | {stage.name: item, PLACES: (*row.get(PLACES, ()), place)}
        for row in rows
        for place, item in enumerate(row[stage.column] or ())
    ]


def sample(running: Running, stage: bound.SampleStage, rows: list[Row], _: Schema) -> list[Row]:
    asked = running.scalar(stage.count)
    if isinstance(asked, float) and not 0 <= asked <= 1:
        raise Refused("more than all, or less than none")
    count = math.floor(asked * len(rows) + 0.5) if isinstance(asked, float) else running.count(stage.count)
    if stage.seed is None:
        raise Refused("a sample by the store's sequence number")
    seed = running.scalar(stage.seed)
    if not isinstance(seed, int):
        raise Refused("a seed that is none")
    numbered = [(_drawn(seed, _ties(row, i)), i) for i, row in enumerate(rows)]
    return [rows[i] for i in sorted(i for _, i in sorted(numbered)[:count])]


def _ties(row: Row, place: int) -> tuple[int, ...]:
    own = (row[WRITTEN],) if WRITTEN in row else ()
    return (*own, *row.get(PLACES, ())) or (place,)


def _drawn(seed: int, ties: tuple[int, ...]) -> int:
    drawn = _mixed(seed % WORD)
    for tie in ties:
        drawn = _mixed(drawn ^ tie)
    return drawn


def _mixed(word: int) -> int:
    """SplitMix64."""
    word = (word + 0x9E3779B97F4A7C15) % WORD
    word = (word ^ (word >> 30)) * 0xBF58476D1CE4E5B9 % WORD
    word = (word ^ (word >> 27)) * 0x94D049BB133111EB % WORD
    return word ^ (word >> 31)


def union(running: Running, stage: bound.UnionStage, rows: list[Row], _: Schema) -> list[Row]:
    pieces = [(rows, frozenset(stage.input_columns))]
    for stages in stage.pipelines:
        found = running.run(stages, [], Schema(()))
        pieces.append((found, frozenset(stages[-1].schema.columns_by_name)))
    most = max((len(_own_ties(row)) for piece, _ in pieces for row in piece), default=0)
    whole: list[Row] = []
    for number, (piece, names) in enumerate(pieces):
        for row in piece:
            values = {
                c.name: fitted(row.get(c.name), c.type) if c.name in names else None for c in stage.schema.columns
            }
            ties = _own_ties(row)
            whole.append(values | {PLACES: (number, *ties, *[0] * (most - len(ties)))})
    return whole


def _own_ties(row: Row) -> tuple[int, ...]:
    return (*((row[WRITTEN],) if WRITTEN in row else ()), *row.get(PLACES, ()))


def lookup(running: Running, stage: bound.LookupStage, rows: list[Row], _: Schema) -> list[Row]:
    others = running.records.scan(stage.collection.name)
    fields = [
        c.name.removeprefix(f"{stage.name}.") for c in stage.schema.columns if c.name.startswith(f"{stage.name}.")
    ]
    found: list[Row] = []
    for row in rows:
        value = running.evaluator.value(stage.value, row)
        matching = [o for o in others if value is not None and equal(o[stage.field], value)]
        more: dict[str, Any]
        if stage.many:
            more = {name: _listed(stage, name, [o.get(name) for o in matching]) for name in fields}
        else:
            more = {name: matching[0].get(name) if matching else None for name in fields}
        found.append(row | {f"{stage.name}.{name}": value for name, value in more.items()})
    return found


def _listed(stage: bound.LookupStage, name: str, values: list[Any]) -> list[Any]:
    """Lists of lists are one list."""
    field = stage.collection.fields_by_name.get(name)
    if field is None or field.type.item is None:
        return values
    return [item for value in values if value is not None for item in value]


STAGES: dict[type, Callable[[Running, Any, list[Row], Schema], list[Row]]] = {
    bound.DropStage: drop,
    bound.RenameStage: rename,
    bound.SkipStage: skip,
    bound.DistinctStage: distinct,
    bound.ExpandStage: expand,
    bound.SampleStage: sample,
    bound.UnionStage: union,
    bound.LookupStage: lookup,
}
