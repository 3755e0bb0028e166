"""Made the store beside this, with the code of commit 79df712b (paasq of format 1). Kept to be read, not to be run again: what
it made must stay readable as it is.

    PYTHONPATH=tests python tests/formats/format1/make.py
"""

from __future__ import annotations

import json
import math
import tempfile
from pathlib import Path
from typing import Any

from formats.reading import KeptEmbedder, facts, history, pack
from paasq_daemon.instance import Instance
from paasq_daemon.store.store import Store
from paasq_daemon.wire.request import Request

HERE = Path(__file__).parent
READINGS = 400  # several pages of them
PENDING = 20  # more than are embedded with the write


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "data"
        make(folder)
        with Store.open(folder) as store, store.read() as view:
            known = facts(view, folder / "snapshots")
            rows = [json.dumps(row, ensure_ascii=False) for row in history(view)]
        (HERE / "facts.json").write_text(json.dumps(known, ensure_ascii=False, indent=1) + "\n", "utf-8")
        (HERE / "history.jsonl").write_text("\n".join(rows) + "\n", "utf-8")
        pack(folder, HERE / "store.tar.xz")


def make(folder: Path) -> None:
    instance = Instance.open(folder, embedder=KeptEmbedder())
    run(instance, "schema.paasq")
    instance.engine.query(
        Request('put person {id: "early", name: "Early"}; patch person:early set name = "E"; delete person:early')
    )
    trimmed = instance.status.report()["seq"]
    run(instance, "data.paasq")
    instance.records.put("reading", [reading(n) for n in range(READINGS)])
    instance.engine.query(Request('snapshot "first"'))
    run(instance, "changes.paasq")
    instance.records.put("reading", [reading(n) | {"value": -1.0} for n in range(0, READINGS, 10)])
    instance.engine.query(Request('delete from reading where series == "s3" and value < 0'))
    instance.engine.query(Request('snapshot "second"'))
    instance.records.put(
        "note", [{"id": f"n{n}", "title": f"Pending {n}", "body": f"waits {n}"} for n in range(PENDING)]
    )
    instance.engine.query(Request("patch note:n3 set stars = 1"))
    for name in ("kinds", "note", "script"):
        instance.engine.query(Request(f'from {name} | match "x"'))  # for a text index
    instance.close()
    with Store.open(folder) as store:
        store.trim(trimmed + 1)
    Instance.open(folder, embedder=KeptEmbedder()).close()  # for a checkpoint of the indexes


def run(instance: Instance, name: str) -> None:
    instance.engine.query(Request((HERE / name).read_text("utf-8")))


def reading(n: int) -> dict[str, Any]:
    return {
        "id": f"r{n:03}",
        "series": f"s{n % 4}",
        "at": f"2026-01-{1 + n // 20:02}T{n % 20:02}:00:00Z",
        "value": None if n % 50 == 7 else n / 8,
        "spot": [math.floor(100 * math.sin(n)), n % 7, 0.5, -n],
    }


if __name__ == "__main__":
    main()
