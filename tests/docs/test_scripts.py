"""The table of docs/scripts.md: each row is a record and a query, in both of Unicode's spellings."""

from __future__ import annotations

import html
import unicodedata
from pathlib import Path
from typing import Literal

import paasq
from docs.page import DOCS

_FORMS: tuple[Literal["NFC"], Literal["NFD"]] = "NFC", "NFD"
_COLUMNS = "script", "field", "stored", "query", "found"


def rows() -> list[dict[str, str]]:
    lines = (DOCS / "scripts.md").read_text().splitlines()
    start = lines.index("| script | field | in the record | query | found |")
    found: list[dict[str, str]] = []
    for line in lines[start + 2 :]:
        if not line.startswith("|"):
            break
        cells = (cell.strip() for cell in html.unescape(line.strip("|")).split("|"))
        found.append(dict(zip(_COLUMNS, cells, strict=True)))
    return found


def test_each_script_gets_what_the_table_says(tmp_path: Path) -> None:
    table = rows()
    types = sorted({row["field"].strip("`") for row in table})
    assert len(table) > 60
    with paasq.open(tmp_path / "store") as db:
        fields = " ".join(f"f{number}: {type_}" for number, type_ in enumerate(types))
        db.query(f"collection d {{ key id: keyword {fields} }}")
        for number, row in enumerate(table):
            field = f"f{types.index(row['field'].strip('`'))}"
            for form in _FORMS:
                stored = unicodedata.normalize(form, row["stored"])
                db.query(f"put d {{id: $id, {field}: $t}}", id=f"{number}{form}", t=stored)
        wrong: list[str] = []
        for number, row in enumerate(table):
            field = f"f{types.index(row['field'].strip('`'))}"
            for form in _FORMS:
                query = unicodedata.normalize(form, row["query"].strip("`"))
                answer = db.query(f"from d | match {field} $q | where id in $ids | select id", q=query,
                                  ids=[f"{number}NFC", f"{number}NFD"])  # fmt: skip
                if len(list(answer)) != (2 if row["found"] == "yes" else 0):
                    wrong.append(f"{row} {form}: {len(list(answer))}")
        assert wrong == []
