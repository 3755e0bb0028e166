"""Stages that give rows another shape, as a pipeline of chance grows by them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paasq_dsl.types import KEYWORD, TypeKind, list_of

if TYPE_CHECKING:
    from properties.queries import Pipeline


def objects(pipeline: Pipeline) -> list[str]:
    """Those whose members are all there, as members: a select of one by its path makes it a column of its own."""
    inside = {
        path: [f.name for f in fields] for path, fields in pipeline.writer.world.collection.fields_by_object.items()
    }
    return [path for path in pipeline.objects if all(name in pipeline.columns for name in inside[path])]


def drop(pipeline: Pipeline) -> None:
    names = pipeline.shown()
    if len(names) > 1:
        gone = pipeline.writer.pick([*names, *objects(pipeline)])
        kept = {name: t for name, t in pipeline.columns.items() if name != gone and not name.startswith(f"{gone}.")}
        if any(not name.startswith("_") for name in kept):
            pipeline.add(f"drop {gone}")
            pipeline.columns = kept


def rename(pipeline: Pipeline) -> None:
    names = pipeline.shown()
    if names:
        old, new = pipeline.writer.pick([*names, *objects(pipeline)]), pipeline.writer.fresh()
        pipeline.add(f"rename {new} = {old}")
        for name in [name for name in names if name == old or name.startswith(f"{old}.")]:
            pipeline.columns[new + name[len(old) :]] = pipeline.columns.pop(name)


def collapse(pipeline: Pipeline) -> None:
    w = pipeline.writer
    names = [n for n, t in pipeline.columns.items() if t.kind is not TypeKind.VECTOR and n != "_score"]
    if names:
        pipeline.add(f"collapse {w.pick(names)}{w.pick(['', ' keep 2'])}")


def skip(pipeline: Pipeline) -> None:
    pipeline.add(f"skip {pipeline.writer.number(0, 3)}")


def distinct(pipeline: Pipeline) -> None:
    names = pipeline.shown()
    by = sorted({pipeline.writer.pick(names) for _ in range(pipeline.writer.number(0, 2))}) if names else []
    pipeline.add(f"distinct by {', '.join(by)}" if by else "distinct")


def sample(pipeline: Pipeline) -> None:
    many = pipeline.writer.pick([str(pipeline.writer.number(0, 6)), "0.25", "0.5"])
    pipeline.add(f"sample {many} seed {pipeline.writer.number(-2, 3)}")


def expand(pipeline: Pipeline) -> None:
    w = pipeline.writer
    lists = [name for name in pipeline.shown() if pipeline.columns[name].item is not None]
    if lists:
        name = w.pick(lists)
        item = pipeline.columns[name].item
        assert item is not None
        new = w.pick([name, w.fresh()])
        pipeline.add(f"expand {name}" + (f" as {new}" if new != name else ""))
        pipeline.columns[new] = item
        pipeline.records = False


def union(pipeline: Pipeline) -> None:
    """With rows of the same collection, under the names and types that there are."""
    w = pipeline.writer
    other = type(pipeline)(w)
    for _ in range(w.number(0, 2)):
        w.pick([other.where, other.sort, other.take, other.match if other.texts else other.where])()
    shared = [name for name in pipeline.shown() if other.columns.get(name) == pipeline.columns[name]]
    if shared:
        kept = sorted({w.pick(shared) for _ in range(3)})
        other.add(f"select {', '.join(kept)}")
        pipeline.add(f"union ({' | '.join(other.stages)})")
        pipeline.columns = {name: t for name, t in pipeline.columns.items() if not name.startswith("_")}
        pipeline.records = False


def lookup(pipeline: Pipeline) -> None:
    w = pipeline.writer
    comparable = {TypeKind.KEYWORD, TypeKind.LINK, TypeKind.TEXT}
    own = [name for name in pipeline.shown() if pipeline.columns[name].kind in comparable]
    if not own:
        return
    name, how = w.fresh(), w.pick(["one", "many"])
    person = "person" + w.world.item.removeprefix("item")
    pipeline.add(f"lookup {how} {person} on {w.pick(own)} == {person}.{w.pick(['id', 'name', '_key'])} as {name}")
    type_ = KEYWORD if how == "one" else list_of(KEYWORD)
    pipeline.columns |= {f"{name}.id": type_, f"{name}.name": type_}


SHAPES = (collapse, drop, rename, skip, distinct, sample, expand, union, lookup)
