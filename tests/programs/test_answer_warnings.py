"""Warnings of answers: those of the text, and of the literals and parameters of this run, whatever the plan's first were."""

from __future__ import annotations

from typing import Any

import pytest

from paasq_daemon.instance import Instance
from paasq_daemon.wire.answer import Answer
from paasq_daemon.wire.request import Budget, Request
from tokens import assert_tokens_counted

SCHEMA = """
collection note {
  key id: keyword
  title: text
  v: vector(384) from title
};
put note [{id: "n1", title: "Blue whales"}, {id: "n 2", title: "Red stone"}];
view marked = from note | match "whales AND stone";
"""


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Any:
    opened = Instance.open(tmp_path_factory.mktemp("warnings") / "data", sync=False)
    opened.engine.query(Request(SCHEMA))
    yield opened
    opened.close()


def asked(instance: Instance, text: str, tokens: int | None = None, **params: Any) -> Answer:
    return instance.engine.query(Request(text, params, Budget(tokens=tokens)))


def warned(instance: Instance, text: str, **params: Any) -> list[tuple[str, str]]:
    """Each code with the part of the text that it is about."""
    return [(w["code"], text[w["start"] : w["end"]]) for w in asked(instance, text, **params).warnings]


@pytest.mark.parametrize("value", ["note:n1", 'note:"n 2"', " note:n1\n", "note:absent"])
def test_a_text_that_reads_as_a_record(instance: Instance, value: str) -> None:
    assert warned(instance, "from note | near to $p | take 1", p=value) == [("PQ0472", "$p")]
    quoted = '"' + value.replace('"', '\\"').replace("\n", "\\n") + '"'
    assert warned(instance, f"from note | near to {quoted} | take 1") == [("PQ0472", quoted)]


@pytest.mark.parametrize("value", ["blue sea", "other:n1", "note: n1", "note:", "see note:n1", "note:n1@2"])
def test_a_text_that_is_a_text(instance: Instance, value: str) -> None:
    assert not warned(instance, "from note | near to $p | take 1", p=value)
    assert not warned(instance, f'from note | near to "{value}" | take 1')


def test_a_parameter_that_has_a_type_is_what_it_says(instance: Instance) -> None:
    for type_ in ("text", "keyword"):
        assert not warned(instance, f"param $p: {type_}; from note | near to $p | take 1", p="note:n1")
    assert not warned(instance, "param $p: link<note>; from note | near to $p | take 1", p="n1")


def test_each_run_is_warned_of_its_own_values_at_its_own_places(instance: Instance) -> None:
    text = 'from note  |  near to "{}" | take 1'
    for value, found in (("a", []), ("note:n1", ["PQ0472"]), ("b", []), ("note:absent", ["PQ0472"])):
        assert [code for code, _ in warned(instance, text.format(value))] == found
    assert warned(instance, 'from note | match "a AND b"') == [("PQ0470", '"a AND b"')]
    assert warned(instance, 'from note | match "ab"') == []
    assert warned(instance, 'from    note | match "b AND c"') == [("PQ0470", '"b AND c"')]
    (warning,) = asked(instance, 'from note | match "d AND NOT e"').warnings
    assert warning["edit"]["text"] == '"+d -e"'


def test_wherever_it_stands_and_once(instance: Instance) -> None:
    inner = 'from note | near to "note:n1" | take 1 | select id'
    literal = [("PQ0472", '"note:n1"')]
    assert warned(instance, f"from note | where id in ({inner})") == literal
    assert warned(instance, f"dryrun delete from note where id in ({inner})") == literal
    assert warned(instance, f"let a = {inner}; from a | union (from a)") == literal
    assert warned(instance, 'from note | fuse rrf (a: near to "note:n1", b: match "x AND y") | take 1') == [
        *literal,
        ("PQ0470", '"x AND y"'),
    ]
    assert warned(instance, "from marked") == [("PQ0470", "marked")]
    assert warned(instance, 'resolve "note:n1"') == [("PQ0438", '"note:n1"')]
    assert warned(instance, f"{inner}; from note | take 1") == literal


def test_what_comes_from_a_module_stands_where_it_is_used(instance: Instance) -> None:
    module = 'let both = from note | match "a AND b"; let like = from note | near to "note:n1"'
    request = Request('use "m.paasq" as m; from m.both', modules={"m.paasq": module})
    warnings = instance.engine.query(request).warnings
    assert [(w["code"], w["start"], w["edit"]) for w in warnings] == [("PQ0470", 4, None), ("PQ0472", 4, None)]


def test_they_are_paid_for(instance: Instance) -> None:
    plain, doubtful = (asked(instance, "from note | near to $p | take 1", p=p) for p in ("a", "note:n1"))
    assert (doubtful.tokens or 0) > (plain.tokens or 0) + 50
    for answer in (plain, doubtful):
        assert_tokens_counted(answer)
    cut = asked(instance, "from note | near to $p", tokens=doubtful.tokens, p="note:n1")
    assert (len(cut.rows), cut.reason) == (1, "tokens")
    assert_tokens_counted(cut)
