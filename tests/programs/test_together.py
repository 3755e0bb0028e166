"""A store with objects, computed, unique and default fields: filled from a table, closed, opened, restored."""

from __future__ import annotations

from pathlib import Path

from paasq_daemon.instance import Instance
from paasq_daemon.sources.bulk_load import bulk_load
from paasq_daemon.sources.line_reader import LineFile
from paasq_daemon.sources.readers import reader_of
from paasq_daemon.wire.request import Request
from paasq_dsl.catalog import catalog_from_json, catalog_to_json
from properties.worlds import SmallEmbedder

SCHEMA = """
collection person {
  key id: keyword  name: text  born: time
  address: {street: text(en)  city: keyword required  country: keyword default "NO"
            line: text(en) = concat(address.street, ", ", address.city)}
  place: keyword = lower(concat(address.city, " ", address.country))
  year: int = year(born) required
  handle: keyword unique = lower(name)
  sense: vector(auto) from address.line
}
"""
TABLE = """id,name,born,address.street,address.city,year
ana,Ana,1990-01-01,Sea Road,Oslo,1990
ben,Ben,1991-01-01,Lane,Bergen,1990
eva,Eva,,Lane,Bergen,
kim,Kim,2000-01-01,Lane,,
lea,ANA,2001-01-01,Lane,Oslo,
"""
SHOWN = [
    ["ana", {"street": "Sea Road", "city": "Oslo", "country": "NO", "line": "Sea Road, Oslo"}, "oslo no", 1990, "ana"]
]


def shown(instance: Instance, source: str) -> list[list[object]]:
    return instance.engine.query(Request(f"from {source} | select id, address, place, year, handle")).rows


def test_a_table_a_snapshot_and_the_past(tmp_path: Path) -> None:
    instance = Instance.open(tmp_path / "store", embedder=SmallEmbedder(), sync=False)
    instance.engine.query(Request(SCHEMA))
    table = tmp_path / "people.csv"
    table.write_text(TABLE)
    causes: list[str] = []
    with LineFile(table) as file:
        entries = reader_of(table)(file, instance.catalog.current().collections["person"])
        for _ in bulk_load(
            entries, lambda records: instance.records.put("person", records), lambda entry: causes.append(entry.error)
        ):
            pass
    assert [cause.partition(" (")[0] for cause in causes] == [
        "person.year of person:ben is computed as year(born), which gives 1991, not 1990",
        "person.year of person:eva is required, and year(born) gives null",
        "person.address.city is required",
        "person.handle is unique, and 'ana' of person:lea is that of person:ana",
    ]
    assert shown(instance, "person") == SHOWN
    seq = instance.status.report()["seq"]
    instance.snapshots.create("all")
    instance.snapshots.restore("all", tmp_path / "restored")
    instance.close()
    for folder in ("store", "restored"):
        opened = Instance.open(tmp_path / folder, embedder=SmallEmbedder(), sync=False)
        opened.engine.query(Request("alter collection person rename field address.city to address.town"))
        opened.engine.query(Request('patch person:ana set address.town = "Voss"'))
        (row,) = shown(opened, "person")
        assert row[1:3] == [
            {"street": "Sea Road", "town": "Voss", "country": "NO", "line": "Sea Road, Voss"}, "voss no",
        ]  # fmt: skip
        (then,) = shown(opened, f"person as of seq {seq}")
        assert then[2:] == SHOWN[0][2:]
        assert len(opened.engine.query(Request('from person | find "sea" | take 1')).rows) == 1
        opened.close()


def test_a_catalog_written_before_is_read(tmp_path: Path) -> None:
    """One of a store that knew no rules for uniqueness, no computed fields and no parameters of views."""
    instance = Instance.open(tmp_path, embedder=SmallEmbedder(), sync=False)
    instance.engine.query(Request("collection note {key id: keyword  n: int}; view all_of = from note"))
    written = catalog_to_json(instance.catalog.current())
    instance.close()
    for field in written["collections"][0]["fields"]:
        del field["unique"], field["computed"]
    del written["views"][0]["signature"]
    read = catalog_from_json(written)
    assert not any(field.is_generated or field.unique for field in read.collections["note"].fields)
    assert read.views["all_of"].usage == "all_of"
