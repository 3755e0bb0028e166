"""Laws of schemas as text: a catalog of chance is what its script declares, and the statements that lead from one to another
do."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from paasq_dsl.binder.script import bind_script
from paasq_dsl.catalog import Catalog, Collection, Field, View, catalog_to_json
from paasq_dsl.retention import HISTORY_ALL, HISTORY_NONE, HistoryBound, TimeToLive
from paasq_dsl.schema.differences import Risk, schema_changes
from paasq_dsl.schema.script import declared_schema, schema_script
from paasq_dsl.syntax.format.formatter import format_text
from paasq_dsl.syntax.parser import parse_script
from paasq_dsl.types import BOOL, BYTES, DURATION, FLOAT, INT, KEYWORD, TIME, Type, link_to, list_of, text_in, vector_of
from paasq_dsl.values import Duration, Value, parse_time

NAMES = ("title", "n", "from", "odd name", "collection", "due", "weiß", "key", "tags", "x1", "required", "a-b")
DEFAULTS: dict[Type, tuple[Value, ...]] = {
    KEYWORD: ("", "open", 'a "quote" \\ and\nline\ttab', "漢字", "\u200b"),
    text_in(None): ("x",),
    text_in("en"): ("words",),
    INT: (0, -7, 2**63 - 1, -(2**63)),
    FLOAT: (0.0, -2.5, 1e300, 1e-7, 3.0),
    BOOL: (True, False),
    TIME: (0, parse_time("2026-11-22T09:30:00.123456Z"), parse_time("0001-01-01"), parse_time("9999-12-31T23:59:59Z")),
    DURATION: (Duration(), Duration(14), Duration(0, 5_400_000_000), Duration(1, 1_500), Duration(0, 999)),
    list_of(KEYWORD): (),
    list_of(INT): (),
    link_to("odd name"): ("some key",),
    BYTES: (),
    vector_of(3): (),
}
AGES = (Duration(0, 90 * 86_400_000_000), Duration(14, 3_600_000_000), Duration(0, 1))
BOUNDS = (HISTORY_ALL, HISTORY_NONE, *map(HistoryBound, AGES))
DOCS = ("", "", "What it is.", "Two\n\nlines.", 'odd "///" one')


def catalog_of_chance(dice: random.Random) -> Catalog:
    names = dice.sample(NAMES, dice.randint(1, 4))
    catalog = Catalog()
    for name in names:
        catalog = catalog.with_collection(_collection(dice, name, catalog.next_collection_id))
    for name in dice.sample(("v", "w", "last view", "u"), dice.randint(0, 4)):
        source = dice.choice([*names, *catalog.views])
        definition = (
            f"from `{source}` | where $most > 1 // some\n  | take $most" if dice.random() < 0.5 else f"from `{source}`"
        )
        needs = "$most" in definition
        if not needs and source in catalog.views and catalog.views[source].signature:
            definition += "(3)"
        signature = "($most: int = 4)" if needs else ""
        if needs and source in catalog.views and catalog.views[source].signature:
            definition = definition.replace(f"`{source}`", f"`{source}`(3)")
        view = View(name, definition, dice.choice(DOCS), signature)
        catalog = catalog.with_view(view)
    catalog = catalog.with_history(dice.choice((None, *BOUNDS)))
    return replace(catalog, views=dict(dice.sample(list(catalog.views.items()), len(catalog.views))))


def _collection(dice: random.Random, name: str, number: int) -> Collection:
    key = dice.choice(("id", "_id", "odd key"))
    fields = [Field(0, key, KEYWORD, key != "_id", doc=dice.choice(DOCS) if key != "_id" else "")]
    for field in dice.sample(NAMES, dice.randint(0, 7)):
        inside = dice.choice(("", "", f"{dice.choice(('place', 'odd object'))}."))
        fields.append(_field(dice, inside + field))
    texts = [f.name for f in fields if f.type.kind.value in {"text", "keyword"} and f.name != "_id"]
    numbers = [f.name for f in fields if f.type == INT and f.default is None]
    quoted = [".".join(f"`{part}`" if not part.isidentifier() else part for part in n.split(".")) for n in numbers]
    if quoted:
        fields.append(Field(0, "twice", INT, computed=f"{quoted[0]} * 2", unique=dice.random() < 0.3))
        fields.append(Field(0, "more", INT, dice.random() < 0.3, computed=f"twice + {quoted[-1]}"))
    if texts:
        sources = tuple(dice.sample(texts, min(len(texts), 2)))
        fields.append(Field(0, "place.v", vector_of(None), source_fields=sources, doc=dice.choice(DOCS)))
    fields = [fields[0], *{f.name: f for f in fields[1:]}.values()]
    numbered = tuple(replace(f, id=i) for i, f in enumerate(fields, 1))
    times = ["_time", *(f.name for f in fields if f.type == TIME)]
    kept = dice.choice((None, TimeToLive(dice.choice(AGES), dice.choice(times))))
    bound = dice.choice((None, *BOUNDS))
    return Collection(number, name, numbered, key, dice.choice(DOCS), time_to_live=kept, history=bound)


def _field(dice: random.Random, name: str) -> Field:
    type_ = dice.choice(list(DEFAULTS))
    default = dice.choice((None, *DEFAULTS[type_]))
    unique = dice.random() < 0.3 and type_ in {KEYWORD, INT, TIME, link_to("odd name")}
    return Field(0, name, type_, dice.random() < 0.3, default, doc=dice.choice(DOCS), unique=unique)


def essence(catalog: Catalog, *, in_order: bool = True, docs: bool = True) -> object:
    """Of a catalog as JSON what a script declares; with or without the order of its fields, and its docs."""
    data = catalog_to_json(catalog)
    for collection in data["collections"]:
        for field in collection["fields"]:
            del field["id"], field["model"]
            field["doc"] = field["doc"] if docs else ""
        del collection["id"], collection["field_ids_given"]
        collection["doc"] = collection["doc"] if docs else ""
        if not in_order:
            collection["fields"].sort(key=lambda field: field["name"])
    if not in_order:
        data["collections"].sort(key=lambda collection: collection["name"])
    views = [view if docs else view | {"doc": ""} for view in data["views"]]
    return data["collections"], sorted(views, key=lambda view: view["name"]), catalog.history


@pytest.mark.parametrize("seed", range(150))
def test_a_schema_is_what_its_script_declares(seed: int) -> None:
    catalog = catalog_of_chance(random.Random(seed))
    script = schema_script(catalog)
    again, wrong = declared_schema(script)
    assert not wrong, script
    assert essence(again) == essence(catalog), script
    assert schema_changes(catalog, again, whole=True) == []
    formatted, wrong = declared_schema(format_text(script))
    assert not wrong, script
    assert schema_changes(catalog, formatted, whole=True) == []


@pytest.mark.parametrize("seed", range(150))
def test_the_changes_between_two_schemas_lead_from_one_to_the_other(seed: int) -> None:
    dice = random.Random(seed)
    present, wanted = catalog_of_chance(dice), catalog_of_chance(dice)
    changes = schema_changes(present, wanted, whole=True)
    possible = [change for change in changes if change.risk is not Risk.IMPOSSIBLE]
    script, wrong = parse_script("\n".join(change.text for change in possible))
    assert not wrong
    bound = bind_script(script, present)
    if len(possible) < len(changes):
        return
    assert not bound.diagnostics, (bound.diagnostics, changes)
    reached, _ = declared_schema("\n".join((schema_script(present), *(change.text for change in changes))))
    assert essence(reached, in_order=False, docs=False) == essence(wanted, in_order=False, docs=False)
    assert schema_changes(reached, wanted, whole=True) == []
