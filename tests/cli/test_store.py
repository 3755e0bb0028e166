"""Commands on a store, opened in this process."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest

import paasq
from cli.conftest import Paasq
from paasq_daemon.sources import bulk_load

SCRIPT = """
collection task { key id: keyword  title: text(en)  due: time  n: int  tags: [keyword] };

put task [
  {id: "a", title: "Call Ana", due: @2026-11-22, n: 1, tags: ["work"]},
  {id: "b", title: "Water the plants", n: 2}
];

// The one with a date.
from task | where due != null | select id, title;

/// Both, largest first.
from task | sort n desc | select id, n;
"""


@pytest.fixture
def filled(command: Paasq, tmp_path: Path) -> Paasq:
    script = tmp_path / "tasks.paasq"
    script.write_text(SCRIPT)
    outcome = command("run", script)
    assert outcome.code == 0, outcome.err
    return command


def test_run_shows_every_answer_under_its_title(command: Paasq, tmp_path: Path) -> None:
    script = tmp_path / "tasks.paasq"
    script.write_text(SCRIPT)
    shown = command("run", script).out
    places = [shown.index(words) for words in ("The one with a date.", "Call Ana", "Both, largest first.")]
    assert places == sorted(places)
    assert "2 rows" in shown


DOCUMENTED = """/// doubles it
fn twice(n: int): int = n * 2;
/// not of the next one
;
/// what is read
/// and kept
collection book { key id: keyword  /// of it all
  title: text };
// a comment is no doc
/// the books, by title
view shelf = from book | sort title;
"""


def test_run_keeps_the_docs_of_collections_and_views(command: Paasq, tmp_path: Path) -> None:
    script = tmp_path / "book.paasq"
    script.write_text(DOCUMENTED)
    assert command("run", str(script), "--data", str(tmp_path / "run")).code == 0
    with paasq.open(tmp_path / "run") as run, paasq.open(tmp_path / "query") as queried:
        queried.query(DOCUMENTED)
        for catalog in (run.catalog(), queried.catalog()):
            docs = catalog.collections["book"].doc, catalog.views["shelf"].doc
            assert docs == ("what is read\nand kept", "the books, by title")


def test_run_in_json_is_the_last_answer(command: Paasq, tmp_path: Path) -> None:
    script = tmp_path / "tasks.paasq"
    script.write_text(SCRIPT)
    assert command("run", script, "--format", "json").json["rows"] == [{"id": "b", "n": 2}, {"id": "a", "n": 1}]


def test_run_does_nothing_where_a_later_statement_is_wrong(command: Paasq, tmp_path: Path) -> None:
    script = tmp_path / "tasks.paasq"
    script.write_text(SCRIPT + "from task | where titel == 1")
    outcome = command("run", script)
    assert outcome.code == 1
    assert "tasks.paasq:14:19" in outcome.err
    assert "there is no collection task" in command("query", "from task").err


def test_run_gives_each_statement_its_parameters(filled: Paasq, tmp_path: Path) -> None:
    script = tmp_path / "ask.paasq"
    script.write_text("param $n: int = 1;\nfrom task | where n == $n | select id;\nfrom task | take 1 | select n;\n")
    assert "b" in filled("run", script, "-p", "n=2").out
    wrong = filled("run", script, "-p", "m=2")
    assert wrong.code == 1
    assert "the script has no parameter $m" in wrong.err
    assert "there is $n" in wrong.err


def test_query_with_parameters_and_budget(filled: Paasq) -> None:
    outcome = filled("query", "from task | where n >= $n and id == $id", "-p", "n=1", "-p", "id=b", "-f", "jsonl")
    assert [json.loads(line)["id"] for line in outcome.out.splitlines()] == ["b"]
    limited = filled("query", "from task | select id", "--rows", "1", "--format", "json").json
    assert (len(limited["rows"]), limited["complete"], limited["reason"]) == (1, False, "rows")


def test_query_that_is_wrong(filled: Paasq) -> None:
    outcome = filled("query", "from tsk")
    assert outcome.code == 1
    assert "did you mean task?" in outcome.err
    assert not outcome.out


def test_status(filled: Paasq) -> None:
    assert "task" in filled("status").out
    assert isinstance(filled("status", "--json").json, dict)


def test_import_keeps_what_it_cannot_store(filled: Paasq, tmp_path: Path) -> None:
    lines = [
        '{"id": "c", "title": "ü", "due": "2026-12-24T18:00:00Z", "n": 3}',
        "not json",
        '{"id": "d", "n": "many"}',
        '{"id": "e", "colour": "red"}',
        '{"id": "f", "tags": ["x"]}',
    ]
    file = tmp_path / "tasks.jsonl.gz"
    file.write_bytes(gzip.compress("\n".join(lines).encode()))
    outcome = filled("import", "task", file)
    assert outcome.code == 1
    assert "2 records into task" in outcome.err
    assert f"{file}:2: this is not JSON" in outcome.err
    kept = [json.loads(line) for line in (tmp_path / "tasks.jsonl.gz.rejected.jsonl").read_text().splitlines()]
    assert {each["line"]: each["text"] for each in kept} == {2: lines[1], 3: lines[2], 4: lines[3]}
    assert all(each["cause"] for each in kept)
    rows = filled("query", "from task | where n == 3 | select id, due", "-f", "json").json["rows"]
    assert rows == [{"id": "c", "due": "2026-12-24T18:00:00Z"}]


def test_import_that_is_stopped_says_how_to_go_on(
    filled: Paasq, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "tasks.jsonl"
    file.write_text("".join(f'{{"id": "n{i}", "n": 77}}\n' for i in range(6)))
    put = bulk_load._stored
    with monkeypatch.context() as patched:
        stops = iter([False, False, True])

        def stopped(*arguments: Any) -> int:
            if next(stops):
                raise KeyboardInterrupt
            return put(*arguments)

        patched.setattr(bulk_load, "BATCH_RECORDS", 2)
        patched.setattr(bulk_load, "_stored", stopped)
        outcome = filled("import", "task", file)
    assert outcome.code == 130
    assert "stopped after 4 records into task: the same command" in outcome.err
    assert "6 records into task" in filled("import", "task", file).err
    count = filled("query", "from task | where n == 77 | summarize n = count()", "-f", "json").json["rows"]
    assert count == [{"n": 6}]


def test_import_tells_of_keys_that_come_twice(filled: Paasq, tmp_path: Path) -> None:
    file = tmp_path / "tasks.jsonl"
    file.write_text('{"id": "t1", "n": 1}\n{"id": "t2", "n": 2}\n{"id": "t1", "n": 3}\n')
    assert "1 of them had the key of an earlier record" in filled("import", "task", file).err
    assert "3 of them had the key of an earlier record" in filled("import", "task", file).err
    file.write_text('{"id": "t3", "n": 1}\n')
    assert "earlier record" not in filled("import", "task", file).err


def test_import_csv(filled: Paasq, tmp_path: Path) -> None:
    file = tmp_path / "tasks.csv"
    file.write_text("id,title,due,n,tags\nx,Read,2026-11-22,7,home;quiet\ny,Write,,,\n")
    assert filled("import", "task", file).code == 0
    rows = filled("query", 'from task | where tags has "quiet" | select id, due, n', "-f", "json").json["rows"]
    assert rows == [{"id": "x", "due": "2026-11-22T00:00:00Z", "n": 7}]
    assert not (tmp_path / "tasks.csv.rejected.jsonl").exists()


def test_csv_keeps_null_empty_and_default_apart(filled: Paasq, tmp_path: Path) -> None:
    filled("query", 'collection c { key id: keyword  note: text  status: keyword default "open"  n: int default 3 }')
    records = '{id: "1", note: "", status: null, n: null}, {id: "2", note: "a, b"}, {id: "3", status: ""}'
    filled("query", f"put c [{records}]")
    before = filled("query", "from c", "-f", "jsonl").out
    table = tmp_path / "c.csv"
    table.write_text(filled("query", "from c", "-f", "csv").out)
    assert table.read_text() == 'id,note,status,n\n1,"",,\n2,"a, b",open,3\n3,,"",3\n'
    filled("query", "delete from c where true")
    assert filled("import", "c", table).code == 0
    assert filled("query", "from c", "-f", "jsonl").out == before


def test_rejects_never_overwrite_the_file(filled: Paasq, tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_text("not json")
    assert filled("import", "task", file, "--rejects", file).code == 2
    assert file.read_text() == "not json"
    assert filled("import", "task", file, "--rejects", tmp_path / "bad.jsonl").code == 1
    assert json.loads((tmp_path / "bad.jsonl").read_text())["text"] == "not json"


def test_import_into_nothing(filled: Paasq, tmp_path: Path) -> None:
    file = tmp_path / "x.jsonl"
    file.write_text("{}")
    outcome = filled("import", "tasks", file)
    assert outcome.code == 1
    assert "there is no collection tasks" in outcome.err
    assert "task" in outcome.err


def test_embed_fills_what_is_pending(filled: Paasq, tmp_path: Path) -> None:
    file = tmp_path / "notes.jsonl"
    bodies = ["Buy lemons", "The train to Oslo", *(f"Gate {n} opens at noon" for n in range(30))]
    file.write_text("".join(json.dumps({"id": str(n), "body": body}) + "\n" for n, body in enumerate(bodies)))
    filled("query", "collection note { key id: keyword  body: text(en)  vec: vector(auto) from body }")
    assert filled("import", "note", file).code == 0
    outcome = filled("embed")
    assert "32 vectors" in outcome.err
    assert "0 pending" in outcome.err
    found = filled("query", 'from note | near vec to "citrus fruit" | take 1 | select id', "-f", "json").json["rows"]
    assert found == [{"id": "0"}]


def test_snapshots(filled: Paasq, tmp_path: Path) -> None:
    assert filled("snapshot", "create", "monday").code == 0
    assert re.search(r"^monday │ \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ │", filled("snapshot", "list").out, re.MULTILINE)
    assert filled("snapshot", "verify", "monday", "--depth", "3").code == 0
    filled("query", 'put task {id: "late"}')
    assert filled("snapshot", "restore", "monday", tmp_path / "restored").code == 0
    rows = filled("query", "from task | sort id | select id", "-f", "json", "--data", tmp_path / "restored").json[
        "rows"
    ]
    assert rows == [{"id": "a"}, {"id": "b"}]
    again = filled("snapshot", "restore", "monday", tmp_path / "restored")
    assert again.code == 1
    assert "is not an empty folder" in again.err


def test_snapshots_are_reached_without_the_store(filled: Paasq, folder: Path, tmp_path: Path) -> None:
    assert filled("snapshot", "create", "monday", "--label", "before the move").code == 0
    filled("query", 'put task {id: "late"}')
    assert filled("snapshot", "create", "tuesday", "--to", tmp_path / "disk").code == 0
    assert filled("snapshot", "create", "wednesday").code == 0
    (folder / "store" / "data.mdb").write_bytes(b"\xff" * 5000)
    assert filled("status").code == 1
    listed = filled("snapshot", "list", "--json").json
    assert [(each["name"], each["parent"], each["labels"]) for each in listed] == [
        ("monday", None, ["before the move"]),
        ("wednesday", "monday", []),
    ]
    assert filled("snapshot", "verify", "wednesday", "--depth", "3").code == 0
    assert filled("snapshot", "restore", "wednesday", tmp_path / "a").code == 0
    assert filled("snapshot", "restore", "monday", tmp_path / "b", "--from", folder / "snapshots").code == 0
    assert filled("snapshot", "restore", "tuesday", tmp_path / "c", "--from", tmp_path / "disk").code == 0
    counts = [
        filled("query", "from task | summarize n = count()", "-f", "json", "--data", tmp_path / name).json["rows"]
        for name in "abc"
    ]
    assert counts == [[{"n": 3}], [{"n": 2}], [{"n": 3}]]
    nowhere = filled("snapshot", "list", "--from", tmp_path / "nowhere")
    assert (nowhere.code, "neither a data folder nor a folder of snapshots" in nowhere.err) == (1, True)


def test_a_damaged_store_is_captured_where_it_is_asked_for(filled: Paasq, folder: Path, tmp_path: Path) -> None:
    filled("query", 'put task {id: "canary"}')
    content = (folder / "store" / "data.mdb").read_bytes()
    at = content.rfind(b"canary")  # in a body or a key of the newest pages
    (folder / "store" / "data.mdb").write_bytes(content[:at] + b"c4nary" + content[at + 6 :])
    refused = filled("snapshot", "create", "monday")
    assert (refused.code, "the store is damaged, and so would the snapshot be" in refused.err) == (1, True)
    taken = filled("snapshot", "create", "monday", "--damaged")
    assert (taken.code, "the snapshot holds damaged entries: " in taken.err) == (0, True)
    assert "damaged: " in filled("snapshot", "list").out
    restored = filled("snapshot", "restore", "monday", tmp_path / "restored")
    assert (restored.code, "is damaged as the store was when the snapshot was taken" in restored.err) == (0, True)


def test_a_schedule_and_pruning(filled: Paasq, tmp_path: Path) -> None:
    assert filled("snapshot", "schedule", "--json").json["schedule"] is None
    rule = "every 1h keep 24 hourly 7 daily"
    assert filled("snapshot", "schedule", rule, "--to", tmp_path / "disk").code == 0
    shown = filled("snapshot", "schedule", "--json").json
    assert (shown["schedule"], shown["to"], shown["checks"]) == (rule, str(tmp_path / "disk"), [])
    assert "is not a schedule" in filled("snapshot", "schedule", "hourly").err
    assert filled("snapshot", "schedule", "--to", tmp_path / "disk").code == 2
    assert filled("snapshot", "schedule", "--off", "--json").json["schedule"] is None
    for name in ("monday", "tuesday"):
        filled("query", f'put task {{id: "{name}"}}')
        assert filled("snapshot", "create", name).code == 0
    assert filled("snapshot", "prune", "--keep", "1 last", "--json").json["deleted"] == []
    would = filled("snapshot", "prune", "--keep", "1 last", "--all", "--dry-run", "--json").json
    assert would == {"would_delete": ["monday"], "kept": ["tuesday"]}
    assert filled("snapshot", "prune", "--keep", "1 last", "--all", "--json").json["deleted"] == ["monday"]
    assert [each["name"] for each in filled("snapshot", "list", "--json").json] == ["tuesday"]


def test_run_says_which_statement_failed(filled: Paasq, tmp_path: Path) -> None:
    script = tmp_path / "three.paasq"
    script.write_text('put task {id: "c"};\n\npatch task:nothing set n = 1;\nput task {id: "d"};\n')
    outcome = filled("run", script)
    assert outcome.code == 1
    assert "there is no task:nothing" in outcome.err
    done = "three.paasq:3:1: statement 2 of 3 failed; the one before it was done, and is kept, as of sequence number "
    assert done in outcome.err
    assert "; none after it was run" in outcome.err
    rows = filled("query", 'from task | where id in ["c", "d"]', "--format", "json").json["rows"]
    assert [row["id"] for row in rows] == ["c"]


def test_query_says_which_statement_failed(filled: Paasq) -> None:
    seq = filled("query", "from task | take 1", "--format", "json").json["seq"]
    outcome = filled("query", 'put task {id: "c"}; put task {id: "d"}; put task {id: "c"} expect absent')
    done = f"statement 3 of 3 failed; those before it were done, and are kept, as of sequence number {seq + 2}\n"
    assert outcome.err.endswith(done)
    first = filled("query", 'put task {id: "c"} expect absent; from task')
    assert first.err.endswith("statement 1 of 2 failed; none after it was run\n")
    placed = filled("query", 'put task {id: "e"}; from task | take $n', "-p", "n=none")
    assert placed.err.endswith(
        f"statement 2 of 2 failed; the one before it was done, and is kept, as of sequence number {seq + 3}\n"
    )
    alone = filled("query", 'put task {id: "c"} expect absent')
    assert "statement" not in alone.err


@pytest.mark.parametrize(
    ("text", "given", "ids"),
    [
        ("from task | where id == $id", "id=7", ["7"]),
        ("from task | where id == $id", 'id="7"', ["7"]),
        ("from task | where n == $n", "n=7", ["seven"]),
        ("from task | where id == $id", "id=null", []),
        ("param $id: keyword; from task | where $id == id", "id=7", ["7"]),
        ("from task | where id in $ids", 'ids=["7", "seven"]', ["7", "seven"]),
        ("param $it: link<task>; from task | where id == key_of($it)", "it=task:7", ["7"]),
        ("param $it: link<task>; from task | where id == key_of($it)", 'it=task:"seven"', ["seven"]),
        ("param $it: link<task>; from task | where id == key_of($it)", "it=7", ["7"]),
        ("put task {id: $id}; from task | where id == $id", "id=1.50", ["1.50"]),
        ("delete task:none; from task | match title $words | select id", "words=2024", ["seven"]),
    ],
)  # fmt: skip
def test_a_parameter_is_text_where_text_is_asked_for(filled: Paasq, text: str, given: str, ids: list[str]) -> None:
    filled("query", 'put task {id: "7"}; put task {id: "seven", n: 7, title: "the year 2024"}; put task {id: "none"}')
    outcome = filled("query", text, "-p", given, "--format", "json")
    assert [row["id"] for row in outcome.json["rows"]] == ids, outcome.err


def test_a_parameter_of_a_script_is_text_too(filled: Paasq, tmp_path: Path) -> None:
    script = tmp_path / "one.paasq"
    script.write_text("param $id: keyword; put task {id: $id}; from task | where id == $id")
    outcome = filled("run", script, "-p", "id=7", "--format", "json")
    assert [row["id"] for row in outcome.json["rows"]] == ["7"], outcome.err


def test_run_of_one_statement(filled: Paasq, tmp_path: Path) -> None:
    """Beside its modules, on the definitions above it; what is wrong elsewhere does not matter."""
    (tmp_path / "lib.paasq").write_text("let large($n: int) = from task | where n > $n;\n")
    script = tmp_path / "three.paasq"
    script.write_text(
        'use "lib.paasq" as lib; from tusk;\n\nfrom lib.large(1)\n| select id; from task | where m == 1;\nput task {id: '
    )
    for place in ("3", "4", "3:1", "4:11"):
        assert filled("run", script, "--at", place, "--format", "json").json["rows"] == [{"id": "b"}]
    assert "three.paasq:4:32" in filled("run", script, "--at", "4:20").err
    assert "no statement that can be run is at 2" in filled("run", script, "--at", "2").err
    assert "write its line" in filled("run", script, "--at", "x").err


def test_a_script_may_begin_with_a_byte_order_mark(filled: Paasq, tmp_path: Path) -> None:
    script = tmp_path / "windows.paasq"
    script.write_bytes(b"\xef\xbb\xbffrom task\r\n| take 1;\r\n")
    assert filled("run", script, "--format", "json").json["rows"][0]["id"] == "a"


def test_import_keeps_a_record_whose_key_is_too_long(filled: Paasq, tmp_path: Path) -> None:
    file = tmp_path / "tasks.jsonl"
    file.write_text("".join(json.dumps({"id": key}) + "\n" for key in ("x", "k" * 401, "y")))
    outcome = filled("import", "task", file)
    assert outcome.code == 1
    assert "a key may have 1 to 400 bytes" in outcome.err
    assert "2 records" in outcome.err
    assert filled("query", "from task | summarize n = count()", "--format", "json").json["rows"] == [{"n": 4}]


DOUBTED = 'collection doc { key id: keyword  t: text  v: vector(384) from t }; put doc {id: "a", t: "blue"}'


def test_warnings_go_to_standard_error(command: Paasq, tmp_path: Path) -> None:
    script = tmp_path / "x.paasq"
    near = "from doc | near to {} | take 1 | select id"
    script.write_text(f"{DOUBTED};\n{near.format('$p')};\n{near.format(chr(34) + 'doc:a' + chr(34))}")
    ran = command("run", script, "-p", "p=doc:a", "--format", "jsonl")
    assert (ran.code, ran.out) == (0, '{"id":"a"}\n')
    assert ran.err.count("warning[PQ0472]") == 2
    assert ran.err.count("x.paasq:2:20") == ran.err.count("x.paasq:3:20") == 1
    asked = command("query", near.format("$p"), "-p", "p=doc:a", "--format", "csv")
    assert (asked.code, asked.out) == (0, "id\na\n")
    assert "<query>:1:20" in asked.err
