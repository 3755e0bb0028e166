"""alter ... redefine field: another declaration of a field, which its records must fit, and with which they keep their values."""

from __future__ import annotations

import pytest

from paasq_daemon.instance import Instance
from paasq_daemon.wire.errors import ConflictError, InvalidValue, PaasqError, QueryError
from programs.conftest import Rows

SCHEMA = """
collection t { key id: keyword  n: int default 3  k: keyword  twice: int = n * 2  v: vector(auto) from k };
put t [{id: "a", n: 1, k: "x"}, {id: "b", n: null}, {id: "c", k: "y"}]
"""
READ = "from t | sort id | select n"


def rules(rows: Rows, name: str) -> list[str]:
    return next(row[1:3] for row in rows("show fields of t") if row[0] == name)


@pytest.fixture(autouse=True)
def filled(rows: Rows) -> None:
    rows(SCHEMA)


def test_another_default_leaves_what_was_written(rows: Rows) -> None:
    assert rows("alter collection t redefine field n: int default 9; " + READ) == [[1], [None], [3]]
    assert rows('put t {id: "d"}; ' + READ) == [[1], [None], [3], [9]]
    assert rows("alter collection t redefine field n: int; " + READ) == [[1], [None], [3], [9]]
    assert rows('put t {id: "e"}; ' + READ)[-1] == [None]


def test_a_field_that_was_added_keeps_the_default_of_then(rows: Rows) -> None:
    rows("alter collection t add field m: int default 1; alter collection t redefine field m: int default 2")
    assert rows("from t | select m") == [[1]] * 3
    rows("alter collection t add field o: int; alter collection t redefine field o: int default 2")
    assert rows("from t | select o") == [[None]] * 3


def test_the_past_has_the_default_of_then(rows: Rows, instance: Instance) -> None:
    rows('alter collection t add field m: int default 1; alter collection t add field s: text(en) default "old"')
    before = instance.store.seq
    rows("alter collection t redefine field m: int default 2; alter collection t redefine field m: int")
    rows('alter collection t redefine field s: text(en) default "new"; put t {id: "z"}')
    past = f"from t as of seq {before} | sort id"
    assert rows(f"{past} | select m, s") == [[1, "old"]] * 3
    assert len(rows(f'from t as of seq {before} | match s "old"')) == 3
    assert rows("from t | sort id | select m, s") == [[1, "old"]] * 3 + [[None, "new"]]
    assert rows('from t | match s "new" | select id') == [["z"]]


def test_required_where_all_records_have_a_value(rows: Rows) -> None:
    with pytest.raises(InvalidValue, match=r"1 of 3 records of t have no n, such as t:b") as refused:
        rows("alter collection t redefine field n: int required")
    assert refused.value.hint == "write: patch t where n == null set n = ..."
    assert rules(rows, "n") == ["int", "default 3"]
    rows("patch t where n == null set n = 7; alter collection t redefine field n: int required")
    assert rules(rows, "n") == ["int", "required"]
    with pytest.raises(PaasqError, match="n is required"):
        rows('put t {id: "z"}')


def test_unique_where_no_two_records_have_one_value(rows: Rows) -> None:
    rows('put t {id: "d", k: "x"}')
    with pytest.raises(ConflictError, match=r"1 values of t.k are those of several records, such as 'x'"):
        rows("alter collection t redefine field k: keyword unique")
    rows("delete t:d; alter collection t redefine field k: keyword unique")
    with pytest.raises(ConflictError, match=r"t.k is unique"):
        rows('put t {id: "d", k: "x"}')


def test_another_type_converts_all_values(rows: Rows) -> None:
    with pytest.raises(QueryError, match=r"twice is computed from t.n"):
        rows("alter collection t redefine field n: text")
    rows('alter collection t drop field twice; alter collection t redefine field n: text default "none"')
    assert rows(READ) == [["1"], [None], ["3"]]
    with pytest.raises(InvalidValue, match=r"2 of 3 values of t.k are no int, such as 'x' of t:a"):
        rows("alter collection t drop field v; alter collection t redefine field k: int")


def test_vectors_and_versions_stay(rows: Rows, instance: Instance) -> None:
    before = rows('from t | sort id | near v to "x" | select id, _score')
    rows("alter collection t redefine field n: int default 4")
    assert rows('from t | sort id | near v to "x" | select id, _score') == before
    assert instance.embedding.run(seconds_max=None) == {"embedded": 0, "pending": 0}
    assert rows("from t | sort id | select _version") == [[1], [1], [1]]


def test_what_is_made_by_the_store_is_not_redefined(rows: Rows) -> None:
    for name, declaration in (("twice", "int"), ("k", 'keyword = "a"'), ("v", "vector(384)")):
        with pytest.raises(QueryError, match=f"t.{name} is computed, so its type"):
            rows(f"alter collection t redefine field {name}: {declaration}")
    with pytest.raises(QueryError, match=r"t.k can't be both a value and an object"):
        rows("alter collection t redefine field k: {a: int}")


def test_a_declaration_gives_docs_to_a_collection_that_exists(rows: Rows) -> None:
    rows("/// Things.\ncollection t { /// Its key.\n key id: keyword  n: int default 3  k: keyword  twice: int = n * 2"
         "  v: vector(auto) from k }")  # fmt: skip
    assert [row[-1] for row in rows("show collections") if row[0] == "t"] == ["Things."]
    assert rules(rows, "id") == ["keyword", "key"]
    assert rows("show fields of t")[0][3] == "Its key."
    rows("collection t { key id: keyword  n: int default 3  k: keyword  twice: int = n * 2  v: vector(auto) from k }")
    assert rows("show fields of t")[0][3] == "Its key."
    rows("/// How many.\nalter collection t redefine field n: int default 3")
    assert rows("show fields of t")[1][3] == "How many."
