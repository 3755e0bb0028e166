"""Window functions and aggregates beside each row, as a pipeline of chance grows by them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paasq_dsl.types import DURATION, FLOAT, INT, Type, TypeKind

if TYPE_CHECKING:
    from properties.queries import Pipeline

_ORDERED = (
    TypeKind.KEYWORD,
    TypeKind.INT,
    TypeKind.FLOAT,
    TypeKind.TIME,
    TypeKind.BOOL,
    TypeKind.DURATION,
    TypeKind.TEXT,
)
_NUMBERS = (TypeKind.INT, TypeKind.FLOAT)


def look_around(pipeline: Pipeline) -> None:
    """An extend or a select with one or two of them, now and then inside an expression, now and then in groups."""
    w = pipeline.writer
    found = [_call(pipeline) for _ in range(w.number(1, 2))]
    names = {w.fresh(): text_and_type for text_and_type in found}
    items = ", ".join(f"{name} = {text}" for name, (text, _) in names.items())
    made = {name: type_ for name, (_, type_) in names.items()}
    if w.number(0, 4) == 4:
        pipeline.add(f"select {items}")
        pipeline.columns = made | {name: t for name, t in pipeline.columns.items() if name.startswith("_")}
        return
    keys = [name for name in _named(pipeline, *_ORDERED) if not name.startswith("_score")]
    by = f" by {w.pick(keys)}" if keys and w.number(0, 1) else ""
    pipeline.add(f"extend {items}{by}")
    pipeline.columns |= made


def _named(pipeline: Pipeline, *kinds: TypeKind) -> list[str]:
    return sorted(name for name, t in pipeline.columns.items() if t.kind in kinds and name != "_score")


def _call(pipeline: Pipeline) -> tuple[str, Type]:
    w = pipeline.writer
    numbers, ordered, times = _named(pipeline, *_NUMBERS), _named(pipeline, *_ORDERED), _named(pipeline, TypeKind.TIME)
    kind = w.number(0, 8)
    if kind >= 7:
        return w.pick([pipeline.aggregate(), *[(f"{name} - avg({name})", FLOAT) for name in numbers[:1]]])
    if kind == 0 or not numbers:
        return "row_number()", INT
    if kind == 1:
        name = w.pick(ordered)
        moved = f"{w.pick(['lag', 'lead'])}({name}{w.pick(['', ', 2', ', 0'])})"
        return w.pick([moved, f"fill_previous({name})", f"if(is_null({moved}), {name}, {moved})"]), pipeline.columns[
            name
        ]
    if kind == 2:
        name = w.pick(ordered)
        ranked = w.pick(["rank", "dense_rank", "running_count"])
        return f"{ranked}({name})", INT
    number = w.pick(numbers)
    type_ = pipeline.columns[number]
    if kind == 3 and times:
        at = w.pick(times)
        return w.pick([(f"delta({at})", DURATION), (f"rate({number}, {at}, 1d)", FLOAT), (f"delta({number})", type_)])
    if kind == 4 and times and w.number(0, 1):
        at = w.pick(times)
        pipeline.add(f"sort {at}")
        width = w.pick(["1d", "40d", "1mo", "1y"])
        zone = w.pick(["", "", ', "Europe/Berlin"'])
        return _moving(pipeline, ordered, number, f"{width}, {at}{zone}")
    if kind <= 5:
        return _moving(pipeline, ordered, number, str(w.number(1, 4)))
    return w.pick([
        (f"share({number})", FLOAT), (f"ema({number}, {w.pick(['0.5', '0.9', '1'])})", FLOAT),
        (f"running_sum({number})", type_), (f"running_avg({number})", FLOAT), (f"{number} - lag({number})", type_),
    ])  # fmt: skip


def _moving(pipeline: Pipeline, ordered: list[str], number: str, window: str) -> tuple[str, Type]:
    w = pipeline.writer
    name = w.pick(ordered)
    return w.pick([
        (f"moving_avg({number}, {window})", FLOAT), (f"moving_sum({number}, {window})", pipeline.columns[number]),
        (f"moving_median({number}, {window})", FLOAT), (f"moving_count({name}, {window})", INT),
        (f"moving_min({name}, {window})", pipeline.columns[name]), (f"moving_max({name}, {window})", pipeline.columns[name]),
    ])  # fmt: skip
