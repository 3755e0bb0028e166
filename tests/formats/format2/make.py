"""Made the store beside this, with paasq of format 2. Kept to be read, not to be run again: what it made must stay readable.

PYTHONPATH=tests python tests/formats/format2/make.py
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from formats.format1.make import make as make_as_in_format1
from formats.reading import KeptEmbedder, facts, history, pack
from paasq_daemon.instance import Instance
from paasq_daemon.store.store import Store
from paasq_daemon.wire.request import Request

HERE = Path(__file__).parent
MORE = """
collection log { key id: keyword  at: time  text: text(en) } keep 90d by at history 30d;
alter store set history all;
put log [{id: "a", at: @2100-01-01, text: "kept"}, {id: "b", at: @2100-01-02, text: "forgotten"}];
put log {id: "a", at: @2100-01-01, text: "kept"};
patch log:b set text = "forgotten twice"
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "data"
        make_as_in_format1(folder)
        instance = Instance.open(folder, embedder=KeptEmbedder())
        instance.engine.query(Request(MORE))
        instance.engine.query(Request("forget log:b with snapshots"))
        instance.engine.query(Request('snapshot "third"'))
        instance.close()
        with Store.open(folder) as store, store.read() as view:
            known = facts(view, folder / "snapshots")
            rows = [json.dumps(row, ensure_ascii=False) for row in history(view)]
        (HERE / "facts.json").write_text(json.dumps(known, ensure_ascii=False, indent=1) + "\n", "utf-8")
        (HERE / "history.jsonl").write_text("\n".join(rows) + "\n", "utf-8")
        pack(folder, HERE / "store.tar.xz")


if __name__ == "__main__":
    main()
