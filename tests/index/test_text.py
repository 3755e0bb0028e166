"""Full text: scores are BM25, top-k is exact under any mask, and the index follows the store whatever happens to it."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from index.library import NOTE, WORDS, create, opened
from paasq_daemon.index.analyzers import LANGUAGES, analyze
from paasq_daemon.index.append_files import read_index_manifest, write_index_manifest
from paasq_daemon.index.column import DictionaryColumn
from paasq_daemon.index.index_view import IndexView
from paasq_daemon.index.text_index import TEXT_INDEX_FORMAT_VERSION
from paasq_daemon.index.text_search import TextHits
from paasq_daemon.store.store import Store
from paasq_dsl.catalog import Catalog
from paasq_dsl.syntax.match_query import Clause, ClauseKind, MatchQuery, Occur, parse_match_query
from paasq_dsl.types import text_in

TITLE, BODY, LINES = 2, 3, 13


def put(store: Store, key: str, title: str | None = None, **fields: object) -> None:
    given: dict[int, Any] = {TITLE: title, BODY: fields.get("body"), LINES: fields.get("lines")}
    values = {field: value for field, value in given.items() if value is not None}
    store.write(lambda t: t.put(NOTE.id, key, values, {})).result()


def put_all(store: Store, titles: Iterable[str], start: int = 0) -> None:
    numbered = enumerate(titles, start)
    store.write(lambda t: [t.put(NOTE.id, f"k{i}", {TITLE: title}, {}) for i, title in numbered]).result()


def search(
    view: IndexView,
    text: str,
    k: int | None = None,
    mask: np.ndarray | None = None,
    weights: Mapping[str, float] = MappingProxyType({"title": 1.0}),
) -> TextHits:
    return view.collection("note").text.search(parse_match_query(text), weights, k, mask)


def bm25(documents: list[list[str]], query: list[str]) -> np.ndarray:
    """Robertson and Zaragoza, The Probabilistic Relevance Framework, 2009; k1 = 1.2, b = 0.75 and Lucene's idf."""
    k1, b, count = 1.2, 0.75, len(documents)
    mean = sum(map(len, documents)) / count
    scores = np.zeros(count)
    for word in query:
        holding = sum(word in document for document in documents)
        idf = math.log(1 + (count - holding + 0.5) / (holding + 0.5))
        for number, document in enumerate(documents):
            tf = Counter(document)[word]
            scores[number] += idf * tf * (k1 + 1) / (tf + k1 * (1 - b + b * len(document) / mean))
    return scores


def test_scores_are_the_published_formula_under_every_mask(tmp_path: Path) -> None:
    rng = random.Random(1)
    titles = [" ".join(rng.choices(WORDS, k=rng.randint(1, 20))) for _ in range(900)]
    documents = [[term.text for term in analyze(title, "en")] for title in titles]
    with opened(tmp_path) as (store, indexes):
        create(store)
        for start in range(0, 900, 300):  # three segments
            part = titles[start : start + 300]
            put_all(store, part, start)
            with indexes.read() as view:
                search(view, "falcon")
        with indexes.read() as view:
            for words in (["falcon"], ["running", "budget"], ["draft", "cafe", "launch"]):
                expected = bm25(documents, [term.text for word in words for term in analyze(word, "en")])
                for share in (1.0, 0.5, 0.1, 0.01, 0.0):
                    mask = np.array([rng.random() < share for _ in titles])
                    for k in (1, 10, 200, None):
                        hits = search(view, " ".join(words), k, mask)
                        rows = np.flatnonzero(mask & (expected > 0))
                        order = rows[np.lexsort((rows, -expected[rows].astype(np.float32).round(4)))][:k]
                        np.testing.assert_allclose(hits.scores, expected[order], rtol=1e-4)
                        assert set(hits.ordinals.tolist()) <= set(rows.tolist())
                        every = search(view, " ".join(words), None, mask)
                        assert hits.ordinals.tolist() == every.ordinals[:k].tolist()  # pages fit together


def test_ties_go_by_ordinal_over_all_segments(tmp_path: Path) -> None:
    with opened(tmp_path) as (store, indexes):
        create(store)
        for number in range(300):
            put(store, f"k{number}", "same words")
            if number % 60 == 0:
                with indexes.read() as view:
                    search(view, "same")
        with indexes.read() as view:
            for k in (1, 7, 64, 65, 299):
                assert search(view, "same", k).ordinals.tolist() == list(range(k))


CASES = {  # match text -> keys of the records that match
    "running": {"a", "b"},  # by stem
    "runni*": {"a"},
    "run*": {"a", "b", "e"},
    "RUN": {"a", "b"},
    "café": {"c"},
    "CAFE": {"c"},
    "lanuch~1": {"d"},
    "lanuch~0": set(),
    "the": set(),  # a stop word alone
    "the running": {"a", "b"},
    "+the running": {"a", "b"},
    "+running +river": {"a"},
    "running -river": {"b"},
    "-river": set(),
    '"along the river"': {"a"},
    '"along river"': set(),  # the stop word counts as a word
    '"along river"~1': {"a"},
    '"river along"~1': set(),
    "wi-fi": {"d"},
    "fi-wi": set(),
    "wi-f*": {"d"},
    '"wi fi launch"': {"d"},
    r"\-river": {"a"},
    "": set(),
    "zzz*": set(),
    "th*": {"a", "d"},  # whole words, stop words too
}


@pytest.mark.parametrize("text", CASES)
def test_what_matches(tmp_path: Path, text: str) -> None:
    with opened(tmp_path) as (store, indexes):
        create(store)
        put(store, "a", "Running along the river")
        put(store, "b", "He runs")
        put(store, "c", "Ein Café, naïve")
        put(store, "d", "the wi-fi launch")
        put(store, "e", "a runner")
        with indexes.read() as view:
            keys = view.collection("note").column("_key")
            assert isinstance(keys, DictionaryColumn)
            found = {keys.dictionary[o] for o in search(view, text).ordinals}
    assert found == CASES[text]


def test_words_of_grammar_weigh_little(tmp_path: Path) -> None:
    with opened(tmp_path) as (store, indexes):
        create(store)
        put(store, "a", "how do you do")
        put(store, "b", "bread")
        with indexes.read() as view:
            assert search(view, "how do I bake bread").ordinals.tolist() == [1, 0]
            assert search(view, "how").ordinals.tolist() == [0]  # still found
            (quoted,), (bare,) = search(view, '"how"').scores, search(view, "how").scores
            assert quoted == pytest.approx(5 * bare)


def test_several_fields(tmp_path: Path) -> None:
    with opened(tmp_path) as (store, indexes):
        create(store)
        put(store, "a", "falcon", body="budget")
        put(store, "b", "budget", body="falcon")
        put(store, "c", "falcon falcon budget", lines=["a river", "falcon bank"])
        put(store, "d", body="the plain text keeps the stop words")
        with indexes.read() as view:
            both = {"title": 3.0, "body": 1.0}
            assert (
                search(view, "falcon", weights=both).ordinals.tolist()[2] == 1
            )  # it has the word where it weighs less
            assert set(search(view, "+falcon +budget", weights=both).ordinals.tolist()) == {0, 1, 2}
            assert search(view, "falcon -budget", weights=both).ordinals.tolist() == []
            alone = search(view, "falcon", 1).scores
            np.testing.assert_allclose(search(view, "falcon", 1, weights={"title": 2.5}).scores, 2.5 * alone, rtol=1e-6)
            np.testing.assert_allclose(search(view, "falcon^2.5", 1).scores, 2.5 * alone, rtol=1e-6)
            assert search(view, "the", weights=both).ordinals.tolist() == [3]
            assert search(view, "falcon", weights={"lines": 1.0}).ordinals.tolist() == [2]
            assert search(view, '"river falcon"', weights={"lines": 1.0}).ordinals.tolist() == []  # two texts, not one
            with pytest.raises(KeyError, match="not a text field"):
                search(view, "x", weights={"stars": 1.0})


def test_changes_are_seen_at_once_and_old_views_keep_theirs(tmp_path: Path) -> None:
    with opened(tmp_path) as (store, indexes):
        create(store)
        put(store, "a", "falcon one")
        with indexes.read() as never_searched, indexes.read() as searched:
            assert len(search(searched, "falcon").ordinals) == 1
            put(store, "a", "falcon two")
            put(store, "b", "falcon three")
            with indexes.read() as now:
                assert search(now, "falcon").ordinals.tolist() == [1, 2]
                assert search(now, "one").ordinals.tolist() == []
            for old in (never_searched, searched):
                assert search(old, "falcon").ordinals.tolist() == [0]
        store.write(lambda t: t.delete(NOTE.id, "b")).result()
        with indexes.read() as now:
            assert search(now, "falcon").ordinals.tolist() == [1]


def test_a_record_born_and_dead_before_the_first_search_is_seen_by_its_view(tmp_path: Path) -> None:
    with opened(tmp_path) as (store, indexes):
        create(store)
        put(store, "a", "falcon one")
        with indexes.read() as old:
            put(store, "a", "falcon two")
            with indexes.read() as now:
                assert search(now, "falcon").ordinals.tolist() == [1]
            assert search(old, "falcon").ordinals.tolist() == [0]
        put(store, "c", "something else")
        with indexes.read() as now:
            assert search(now, "falcon").ordinals.tolist() == [1]


def _check_words(view: IndexView, count: int) -> None:
    for word in ("falcon", "odd"):
        step = {"falcon": 1, "odd": 2}[word]
        expected = [n for n in range(count) if n % step == step - 1]
        assert sorted(search(view, word).ordinals.tolist()) == expected
    assert search(view, "gone").ordinals.tolist() == []


def test_restarts_find_the_same_with_any_file_damaged(tmp_path: Path) -> None:
    titles = ["falcon" + (" odd" if number % 2 else "") for number in range(50)]
    with opened(tmp_path) as (store, indexes):
        create(store)
        put_all(store, titles[:40])
        with indexes.read() as view:
            search(view, "falcon")
        put_all(store, titles[40:], 40)
        with indexes.read() as view:
            _check_words(view, 50)
    folder = tmp_path / "index" / str(NOTE.id) / "text"
    names = [p.name for p in folder.iterdir() if p.stat().st_size and not p.name.endswith(".lock")]
    assert len(names) >= 8
    for number, name in enumerate(sorted(names)):
        path = folder / name
        if path.exists():  # an earlier rebuild may have named the segments anew
            raw = bytearray(path.read_bytes())
            raw[(number * 7919) % len(raw)] ^= 1 << number % 8
            path.write_bytes(raw)
        with opened(tmp_path) as (_, indexes), indexes.read() as view:
            _check_words(view, 50)
    for path in folder.iterdir():
        path.unlink()
        with opened(tmp_path) as (_, indexes), indexes.read() as view:
            _check_words(view, 50)
        break


def test_an_index_behind_the_store_is_brought_up_without_doubles(tmp_path: Path) -> None:
    with opened(tmp_path) as (store, indexes):
        create(store)
        put_all(store, ["falcon one", "falcon two"])
        with indexes.read() as view:
            search(view, "falcon")
    with Store.open(tmp_path, sync=False) as store:
        put(store, "k0", "falcon three")
        put(store, "k9", "falcon four")
    for _ in range(2):
        with opened(tmp_path) as (_, indexes), indexes.read() as view:
            assert search(view, "falcon").ordinals.tolist() == [1, 2, 3]
            assert search(view, "one").ordinals.tolist() == []
            assert view.collection("note").text.words_with_prefix("title", "fo", 5) == [("four", 1)]


def test_a_failing_commit_is_told_and_mended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with opened(tmp_path) as (store, indexes):
        create(store)
        put(store, "a", "falcon")
        with indexes.read() as view:
            search(view, "falcon")
        put(store, "b", "falcon")
        with monkeypatch.context() as patch:
            patch.setattr("paasq_daemon.index.text_index._documents", lambda *_: 1 / 0)
            with indexes.read() as view, pytest.raises(ZeroDivisionError):
                search(view, "falcon")
        with indexes.read() as view:
            assert search(view, "falcon").ordinals.tolist() == [0, 1]


def test_nothing_that_is_asked_can_break_it(tmp_path: Path) -> None:
    rng = random.Random(3)
    alphabet = ['"', "~", "^", "*", "+", "-", " ", "\\", "1", "a", "the", "\0", "\ud800", "é", "東", "\U0001f600", "("]
    with opened(tmp_path) as (store, indexes):
        create(store)
        put(store, "a", "falcon \0 half \U0001f600 " + "x" * 70_000)
        with indexes.read() as view:
            text = view.collection("note").text
            for _ in range(400):
                clauses = tuple(
                    Clause(
                        rng.choice(list(Occur)),
                        rng.choice(list(ClauseKind)),
                        "".join(rng.choices(alphabet, k=rng.randint(0, 8))),
                        boost=rng.choice([0.0, 1.0, 1000.0]),
                        edit_distance=rng.randint(0, 2),
                        slop=rng.randint(0, 100),
                    )
                    for _ in range(rng.randint(0, 20))
                )
                text.search(MatchQuery(clauses), {"title": 1.0, "lines": 2.0}, rng.choice([None, 0, 1, 10**12]))
                text.snippet(MatchQuery(clauses), "title", "".join(rng.choices(alphabet, k=50)), rng.randint(0, 30))
            excluded = (Clause(Occur.MUST_NOT, ClauseKind.PREFIX, "a"),) * 255
            many = MatchQuery((*excluded, Clause(Occur.MUST, ClauseKind.WORD, "half")))
            assert search(view, "half").ordinals.tolist() == [0]
            assert text.search(many, {"title": 1.0}, 10).ordinals.tolist() == [0]
            too_many = MatchQuery((Clause(Occur.SHOULD, ClauseKind.WORD, "half"),) * 30_000)
            with pytest.raises(ValueError, match="256 clauses"):
                text.search(too_many, {"title": 1.0}, 10)


def test_words_for_completion(tmp_path: Path) -> None:
    with opened(tmp_path) as (store, indexes):
        create(store)
        put_all(store, ["running shoes", "running river", "The Runner", "Café"])
        with indexes.read() as view:
            words = view.collection("note").text.words_with_prefix
            assert words("title", "Run", 10) == [("running", 2), ("runner", 1)]
            assert words("title", "caf", 10) == [("cafe", 1)]
            assert words("title", "CAFÉ", 10) == [("cafe", 1)]
            assert words("title", "", 1) == [("running", 2)]
            assert words("title", "x", 0) == []


def test_every_language_has_an_analyzer() -> None:
    assert {language for language in LANGUAGES if [t.text for t in analyze("2026", language)] == ["2026"]} == LANGUAGES
    assert [t.text for t in analyze("die Häuser für", "de")] == ["haus"]
    assert len({t.text for word in ("Häuser", "hauser", "Haus") for t in analyze(word, "de")}) == 1


def test_an_index_of_an_older_format_is_built_anew(tmp_path: Path) -> None:
    with opened(tmp_path) as (store, indexes):
        create(store)
        put(store, "a", "falcon", body="a long text about the falcon and about nothing else")
        with indexes.read() as view:
            expected = search(view, "falcon", weights={})
    (manifest,) = tmp_path.rglob("paasq.json")
    write_index_manifest(manifest, read_index_manifest(manifest, TEXT_INDEX_FORMAT_VERSION) | {"format": 1})
    for file in manifest.parent.glob("*.idx"):
        file.unlink()
    with opened(tmp_path) as (_, indexes), indexes.read() as view:
        assert search(view, "falcon", weights={}) == expected


def test_all_fields_as_one_score_as_one_text(tmp_path: Path) -> None:
    """A short title counts three times; a word in both fields is worth what it is worth in the whole."""
    records = [("falcon", "the falcon is a bird of prey"), ("river", "a falcon at the lake"), ("stone bank", "a bank")]
    with opened(tmp_path) as (store, indexes):
        fields = tuple(replace(f, type=text_in("en")) if f.name == "body" else f for f in NOTE.fields)
        catalog = Catalog(1, {"note": replace(NOTE, fields=fields)})
        store.write(lambda t: t.set_catalog(catalog)).result()
        for number, (title, body) in enumerate(records):
            put(store, f"k{number}", title, body=body)
        documents = [
            [
                term.text
                for term in analyze(" ".join([title] * (3 if len(title) * 3 <= len(body) else 1) + [body]), "en")
            ]
            for title, body in records
        ]
        with indexes.read() as view:
            hits = search(view, "falcon", weights={})
            np.testing.assert_allclose(hits.scores, bm25(documents, ["falcon"])[hits.ordinals], rtol=1e-5)
            assert hits.ordinals.tolist() == [0, 1]
            assert search(view, "+bird +river", weights={}).ordinals.tolist() == []
            assert search(view, '"river falcon"~5', weights={}).ordinals.tolist() == []  # over no border of fields
