"""fn, use and view."""

from __future__ import annotations

from pathlib import Path

import pytest

from paasq_daemon.instance import Instance
from paasq_daemon.wire.errors import InvalidValue, QueryError
from paasq_daemon.wire.project_modules import ProjectModules
from paasq_dsl.modules import NO_MODULES, ModuleUnavailable
from paasq_dsl.syntax.parser import TEXT_CHARACTERS_MAX
from programs.conftest import Ask, Rows

MAIL = """
param $least: int = 2;
use "base.paasq" as base;
let long = from note | where n >= $least;
fn weight(n: int): float = base.half(n) + 1.0;
"""
MODULES = {"lib/mail.paasq": MAIL, "lib/base.paasq": "fn half(x: float): float = x / 2;"}


def test_function_is_inlined(rows: Rows) -> None:
    text = "fn twice(x: float): float = x * 2.0; fn more(x: int): float = twice(x) + 1.0;"
    assert rows(f"{text} from note | select more(n)") == [[3.0], [5.0], [None]]
    assert rows(f"{text} from note | where twice(n) > 3.0 | summarize s = sum(twice(n))") == [[4.0]]


def test_function_follows_links_and_takes_parameters(rows: Rows) -> None:
    text = "fn name_of(p: link<person>): text = coalesce(p->name, $other); from note | take 1 | select name_of(who)"
    assert rows(text, other="nobody") == [["Mira"]]


def test_plans_of_one_form_keep_their_own_literals(rows: Rows) -> None:
    for factor in (2, 3):
        assert rows(f"fn f(x: int): int = x * {factor}; from note | take 1 | select f(n)") == [[factor]]


def test_module(ask: Ask) -> None:
    text = 'use "lib/mail.paasq" as mail; from mail.long | select id, mail.weight(n), $mail.least'
    assert ask(text.replace(", $mail.least", ""), MODULES).rows == [["b", 2.0]]
    answer = ask(text.replace("$mail.least", "least = $mail.least"), MODULES, **{"mail.least": 1})
    assert answer.rows == [["a", 1.5, 1], ["b", 2.0, 1]]


def test_module_is_part_of_the_plan_key(ask: Ask) -> None:
    text = 'use "m" as m; from note | take 1 | select m.f(n)'
    assert ask(text, {"m": "fn f(n: int): int = n + 1"}).rows == [[2]]
    assert ask(text, {"m": "fn f(n: int): int = n + 9"}).rows == [[10]]


@pytest.mark.parametrize(
    ("modules", "said"),
    [
        ({}, "there is no module m"),
        ({"m": "from note"}, "nothing else"),
        ({"m": 'use "m" as m'}, "uses itself"),
        ({"m": "fn f(n: int): int = m"}, "no field m"),
    ],
)
def test_modules_that_are_wrong(ask: Ask, modules: dict[str, str], said: str) -> None:
    with pytest.raises(QueryError, match=said):
        ask('use "m" as m; from note', modules)


def test_no_module_outside_the_project(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "lib").mkdir(parents=True)
    (project / ".git").mkdir()
    (tmp_path / "secret.paasq").write_text("fn f(): int = 1")
    (project / "lib" / "link.paasq").symlink_to(tmp_path / "secret.paasq")
    (project / "lib" / "own.paasq").write_text('use "../top.paasq" as top;')
    (project / "top.paasq").write_text("fn g(): int = 1;")
    find = ProjectModules(project / "lib" / "script.paasq")
    (project / "lib" / "large.paasq").write_text(" " * (TEXT_CHARACTERS_MAX + 1))
    refused = {
        "link.paasq": "PQ0236",
        "../../secret.paasq": "PQ0236",
        "/etc/passwd": "PQ0235",
        "missing.paasq": "PQ0234",
        "large.paasq": "PQ0237",
    }
    for path, code in refused.items():
        with pytest.raises(ModuleUnavailable) as why:
            find(path, None)
        assert why.value.code == code
    text = 'use "own.paasq" as own; use "link.paasq" as link; use "../../secret.paasq" as s'
    assert find.read_all(text).keys() == {"own.paasq", "../top.paasq"}


def test_no_module_without_a_file() -> None:
    with pytest.raises(ModuleUnavailable) as why:
        NO_MODULES("lib/mail.paasq", None)
    assert why.value.code == "PQ0233"


def test_view(rows: Rows, ask: Ask) -> None:
    assert rows('view long = from note | where n > 1 and mail == "m2"; from long | select id') == [["b"]]
    assert rows("from long | select id, tags") == [["b", ["x", "y"]]]
    assert rows("view wide = from long | select id; from wide") == [["b"]]
    assert rows("show views") == [
        ["long", 'from note | where n > 1 and mail == "m2"', ""],
        ["wide", "from long | select id", ""],
    ]
    ask("view long = from note | where n == 1")
    assert rows("from wide") == [["a"]]
    ask("alter collection note drop field n")
    with pytest.raises(QueryError, match="no longer fits"):
        ask("from wide")
    ask("drop view long")
    with pytest.raises(QueryError, match="no longer fits"):
        ask("from wide")


def test_views_in_a_circle(ask: Ask) -> None:
    ask("view one = from note; view two = from one")
    with pytest.raises(QueryError, match="made from itself"):
        ask("view one = from two")
    assert len(ask("from two").rows) == 3


def test_a_parameter_that_is_not_there(ask: Ask) -> None:
    with pytest.raises(InvalidValue, match="no parameter"):
        ask('use "lib/mail.paasq" as mail; from mail.long', MODULES, **{"mail.most": 1})


OF = """
let of($who: link<person>, $least: int = 1, $most: int = $least * 10) =
  from note | where who == $who and n >= $least and n < $most | select id, n;
"""


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("of(person:mira)", [["a", 1]]),
        ("of(person:mira, 0, 2)", [["a", 1]]),
        ("of(person:mira, 2)", []),
        ("of(person:ben)", []),
        ("of(null)", [["b", 2]]),
        ("of($someone, $low)", [["a", 1]]),
        ("of($who)", [["a", 1]]),  # the run's own $who is another one
    ],
)
def test_pipeline_with_parameters(rows: Rows, source: str, found: list[list[object]]) -> None:
    params = {"someone": "mira", "low": 1, "who": "mira"}
    used = {name: value for name, value in params.items() if f"${name}" in source}
    assert rows(f"{OF} from {source}", **used) == found


def test_wherever_a_source_may_stand(ask: Ask, rows: Rows) -> None:
    assert rows(f"{OF} from person | select id | union (from of(person:mira)), (from of(null)) | select id") == [
        ["mira"], ["a"], ["b"],
    ]  # fmt: skip
    seq = ask('put note {id: "a", n: 5, who: person:mira}').seq
    assert rows(f"{OF} from of(person:mira) as of seq {seq - 1}") == [["a", 1]]
    assert rows("let at($seq: int) = from note as of seq $seq; from at($then) | take 1 | select n", then=seq - 1) == [
        [1]
    ]
    ask(f'{OF} put archive from (from of(person:mira) | select id, title = "x")')
    assert rows("from archive | select id") == [["a"]]
    assert rows(f"{OF} let twice($p: link<person>) = from of($p) | where id != $p->name; from twice(person:mira)") == [
        ["a", 5]
    ]


def test_values_are_no_part_of_the_plan(instance: Instance) -> None:
    text = f"{OF} from of($p, 3)"
    first = instance.engine.compiler.compile(text, instance.catalog.current(), "<query>")
    other = instance.engine.compiler.compile(text.replace("3", "4"), instance.catalog.current(), "<query>")
    assert other.cache_hit
    assert other.compiled is first.compiled
    assert other.compiled.free_parameters == {"p"}


def test_what_a_pipeline_takes_is_not_given_to_the_run(ask: Ask) -> None:
    with pytest.raises(InvalidValue, match=r"no parameter \$who"):
        ask(f"{OF} from of(person:mira)", who="mira")


def test_module_with_parameters(ask: Ask) -> None:
    mail = (
        "param $floor: int = 0; let of($who: link<person>, $least: int = 1) = "
        "from note | where who == $who and n >= $least + $floor;"
    )
    text = 'use "lib/mail.paasq" as mail; from mail.of($me) | select id'
    assert ask(text, {"lib/mail.paasq": mail}, me="mira").rows == [["a"]]
    assert ask(text, {"lib/mail.paasq": mail}, me="mira", **{"mail.floor": 1}).rows == []


def test_view_with_parameters(ask: Ask, rows: Rows) -> None:
    ask(
        "/// whose they are\nview of($who: link<person>, $least: int = 1) = from note | where who == $who and n >= $least"
    )
    assert rows("from of(person:mira) | select id") == [["a"]]
    assert rows("from of($p, 2) | select id", p="mira") == []
    shown = [
        "of($who: link<person>, $least: int = 1)",
        "from note | where who == $who and n >= $least",
        "whose they are",
    ]
    assert rows("show views") == [shown]
    assert rows("describe of") == [shown]
    ask("view long($who: link<person>) = from of($who, 0) | where length(title) > 3")
    assert rows("from long(person:mira) | select id") == [["a"]]
    ask("alter collection note drop field who")
    with pytest.raises(QueryError, match=r"the view long no longer fits .* the view of no longer fits"):
        ask("from long(person:mira)")


def test_defaults_of_a_function(rows: Rows) -> None:
    text = "fn scaled(n: int, by: int = n * 2): int = n * by; from note | where n > 1"
    assert rows(f"{text} | select scaled(n), more = scaled(n, 10)") == [[8, 20]]


def test_what_grows_too_large_is_refused(ask: Ask) -> None:
    """A parameter that occurs twice in each body doubles with each pipeline that passes it on."""
    lets = "let p0($x: int) = from note | where n == $x + $x;"
    lets += "".join(f"let p{i + 1}($x: int) = from p{i}($x + $x);" for i in range(14))
    with pytest.raises(QueryError, match="too large"):
        ask(f"{lets} from p14(1)")


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("put note {id: $id}; from note | take $most", ["id", "most"]),
        ('let some = from note | where n > $least; put note {id: "d"}; from some | take $most', ["least", "most"]),
        ('fn f(x: int): int = x + $more; put note {id: "d"}; from note | select f(n)', ["more"]),
        ('param $least: int; put note {id: "d"}; from note | where n > $least', ["least"]),
    ],
)
def test_a_script_without_a_value_is_refused_before_its_first_statement(
    ask: Ask, text: str, missing: list[str]
) -> None:
    seq = ask("from note").seq
    with pytest.raises(QueryError) as refused:
        ask(text)
    assert refused.value.progress is None
    assert [d["message"].partition(";")[0] for d in refused.value.diagnostics] == [
        f"no value was given for ${name}" for name in missing
    ]
    places = [text[d["start"] : d["end"]] for d in refused.value.diagnostics]
    assert places == [f"${name}" for name in missing]
    assert ask("from note").seq == seq


def test_what_needs_no_value_is_not_asked_for_one(ask: Ask) -> None:
    text = """
        param $least: int = 2; let unused = from note | take $never; let own($n: int) = from note | where n == $n;
        explain from note | take $most; from own(1) | where n < $least | select id
    """
    assert ask(text).rows == [["a"]]
    text = 'use "lib/mail.paasq" as mail; put note {id: "d", n: 2}; from mail.long | where n <= $mail.least | select id'
    assert ask(text, MODULES).rows == [["b"], ["d"]]


def test_a_let_is_checked_against_what_an_alter_leaves(ask: Ask, rows: Rows) -> None:
    many = 'let many = from note | where n > 1; put note {id: "d"};'
    with pytest.raises(QueryError, match="the let many no longer fits what it is made from: note has no field n"):
        ask(f"{many} alter collection note rename field n to amount; from many")
    assert rows('from note | where id == "d"') == []
    assert rows(f"{many} alter collection note add field extra: int = 7; from many | select id, extra") == [["b", 7]]
