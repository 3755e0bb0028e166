"""The PEP sample's preparation, on a small text written for it: where it cuts, what it cleans, what it keeps."""

from __future__ import annotations

import gzip
import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SAMPLES = Path(__file__).parents[2] / "samples"
BODY = """\
Before any heading.

Rationale
=========

See `the list <https://example.org/list>`__ and the footnote [#one]_; **never** touch ``**kwargs``::

    Not a heading
    =============

    def call(*args, **kwargs): ...

.. _a target: https://example.org

Details
-------

.. code-block:: python
   :class: good

   x = 1

Overview
========

Last words, see the plan_ or `old plan`_.

.. [#one] A note.
"""


@pytest.fixture(scope="module")
def prepare() -> ModuleType:
    spec = importlib.util.spec_from_file_location("prepare", SAMPLES / "peps" / "prepare.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def words(text: str) -> int:
    return len(text.split())


def pep(body: str, **fields: Any) -> dict[str, Any]:
    base: dict[str, Any] = {name: [] for name in ("authors", "topic", "requires", "replaces", "superseded_by")}
    return {
        **base, "number": 7, "title": "A style", "status": "Final", "type": "Process", "created": "2001-07-05",
        "python_version": None, "abstract": None, "body": body, **fields,
    }  # fmt: skip


def test_sections_carry_their_path_and_code_opens_none(prepare: ModuleType) -> None:
    assert [heading for heading, _ in prepare.sections(BODY)] == ["", "Rationale", "Rationale / Details", "Overview"]


def test_overline_is_a_style_of_its_own(prepare: ModuleType) -> None:
    text = "===\nTop\n===\n\nA\n=\n\nNot ruled\n\nBig\n===\n\nInner\n-----\n\n===\nNew\n===\n"
    assert [heading for heading, _ in prepare.sections(text)] == ["", "Top", "Top / Big", "Top / Big / Inner", "New"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("see `the list <https://example.org>`__ now", "see the list now"),
        ("as `said before`_, so", "as said before, so"),
        ("proved [#one]_ and [2]_", "proved [one] and [2]"),
        (".. [#one] A note.", "[one] A note."),
        ("**never** say *never* with `**kwargs` or a*b*c", "never say never with `**kwargs` or a*b*c"),
        ("Example::\n\n    f(*args, **kwargs)", "Example:\n\n    f(*args, **kwargs)"),
        (".. _label: https://example.org\nText", "Text"),
        (".. note:: Mind the gap.", "Mind the gap."),
        ("   :class: bad\n\n   x = 1", "   x = 1"),
    ],
)
def test_cleans_markup(prepare: ModuleType, text: str, expected: str) -> None:
    assert prepare.plain(text) == expected


@pytest.mark.parametrize("room", [3, 7, 20, 1000])
def test_cuts_within_room_and_loses_nothing(prepare: ModuleType, room: int) -> None:
    text = "One two three. Four five six seven eight nine.\n\nTen eleven.\n\n    code one\n    code two\n\nTwelve " * 5
    pieces = prepare.cut(text, room, words)
    assert all(0 < words(piece) <= room for piece in pieces)
    assert " ".join(pieces).split() == text.split()


def test_prefers_ends_of_paragraphs_and_equal_sizes(prepare: ModuleType) -> None:
    paragraphs = [" ".join(f"{letter}{n}" for n in range(10)) for letter in "abcdef"]
    assert prepare.cut("\n\n".join(paragraphs), 50, words) == [
        "\n\n".join(paragraphs[:3]),
        "\n\n".join(paragraphs[3:]),
    ]


def test_passages_are_numbered_and_cover_the_body(prepare: ModuleType) -> None:
    cut = list(prepare.passages(pep(BODY), words))
    assert [(p["id"], p["position"], p["section"]) for p in cut] == [
        ("7/1", 1, ""), ("7/2", 2, "Rationale"), ("7/3", 3, "Rationale / Details"), ("7/4", 4, "Overview"),
    ]  # fmt: skip
    assert (
        " ".join(p["body"] for p in cut).split()
        == " ".join(prepare.plain(t) for _, t in prepare.sections(BODY)).split()
    )
    assert "Not a heading" in cut[1]["body"]


def test_reads_the_most_read_first_and_copyright_last(prepare: ModuleType) -> None:
    ends = "\n\nCopyright\n=========\n\nPublic domain.\n"
    cut = [p for n in (7, 9, 8) for p in prepare.passages(pep("One.\n\nTwo\n===\n\nThree." + ends, number=n), words)]
    ids = [p["id"] for p in sorted(cut, key=prepare.reading_order)]
    assert ids == ["8/1", "8/2", "7/1", "9/1", "7/2", "9/2", "7/3", "8/3", "9/3"]


def test_record_of_a_pep(prepare: ModuleType) -> None:
    record = prepare.pep_record(pep("Abstract\n========\n\nShort.", python_version="2.6, 3.0", replaces=[216]))
    assert record == {
        "id": "7", "number": 7, "title": "A style", "authors": [], "status": "Final", "type": "Process", "topic": [],
        "created": "2001-07-05", "python_version": ["2.6", "3.0"], "requires": [], "replaces": ["216"],
        "superseded_by": [], "abstract": "Short.",
    }  # fmt: skip


def test_files_are_the_same_each_time(prepare: ModuleType, tmp_path: Path) -> None:
    for name in ("a.gz", "b.gz"):
        prepare.write(tmp_path / name, [{"title": "naïve"}])
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()
    assert gzip.decompress((tmp_path / "a.gz").read_bytes()) == '{"title": "naïve"}\n'.encode()


def test_what_is_shipped_is_whole() -> None:
    def load(name: str) -> list[dict[str, Any]]:
        with gzip.open(SAMPLES / "peps" / name, "rt", encoding="utf-8") as lines:
            return [json.loads(line) for line in lines]

    peps, passages = load("peps.jsonl.gz"), load("passages.jsonl.gz")
    assert len(peps) == 631
    assert {p["pep"] for p in passages} == {p["id"] for p in peps}
    assert len({p["id"] for p in passages}) == len(passages)
    assert all(p["body"].strip() for p in passages)
    assert passages[0]["id"] == "8/1"
