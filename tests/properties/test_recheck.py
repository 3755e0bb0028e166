"""A text checked again and again while it is edited says what it says when it is checked for the first time."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from paasq_dsl.binder.incremental import IncrementalChecker
from paasq_dsl.binder.script import bind_script
from paasq_dsl.diagnostics import Diagnostic
from paasq_dsl.syntax.parser import DIAGNOSTICS_MAX, parse_script
from properties.texts import LANGUAGE, NOISE, SAMPLES
from schemas import catalog, modules

STATEMENTS = (
    "collection own { key id: keyword n: int other: link<plain> }",
    "collection own { key id: keyword n: float }",
    "collection plain2 { key id: keyword to: [link<own>] body: text e: vector(auto) from body }",
    "alter collection own add field n2: int",
    "alter collection plain rename field n to amount",
    "drop collection own",
    "let some = from plain | where n > 1",
    "let some = from own | select id, m = n + 1",
    "let more = from some | take 3",
    "fn half(x: float): float = x / 2.0",
    "fn half(x: int): int = x",
    "fn half(x: float): float = y / 2.0",
    "fn quarter(x: float): float = half(half(x))",
    "param $p: int = 3",
    "param $p: link<own>",
    'use "lib/mail.paasq" as mail',
    'use "undeclared" as mail',
    "view seen = from plain | where n > 1 | select id, n",
    "view seen = from own | where half(n) > 1.0",
    "drop view seen",
    "from seen | where n > 3 and m == 2",
    "from some | where m == 2 | sort n",
    "from more | select id, n, m",
    "from own | where half(n) > $p and quarter(2.0) < 1.0",
    "from own | select other->amount, other->n | where $mail.most == 1",
    "from plain2 | select to->n | near e to own:a",
    "from plain | where amount == 1 or n == 2",
    "from stale | take 1",
    'put own {id: "a", n: half(2)} expect absent',
    "tx { put own {n: 1}; patch own:a set n = 2 }",
    "dryrun delete from own where n == $p",
    "show fields of own",
    "describe seen",
    "describe half",
    "/// doc\nfrom own | where",
    "from own | wher n == 1 | take take",
    "fuse rrf",
    *(s for s in LANGUAGE.split(";") if s.strip()),
)
TYPED = (
    *NOISE,
    ";",
    "; ",
    ";\n",
    '"',
    "own",
    "some",
    "n",
    "x",
    "1",
    "own2",
    "// ",
    "tx ( { a; b } ;",
    "fuse x; (a:b);",
    "tx | take {",
)


def checked_anew(text: str) -> tuple[tuple[Diagnostic, ...], list[object]]:
    """Every diagnostic, and what the text declares, in the order that says which names come first."""
    script, of_form = parse_script(text)
    bound = bind_script(script, catalog(), resolve_module=modules)
    found = sorted((*of_form, *bound.diagnostics), key=lambda d: (d.span.start, d.code))
    known = [bound.catalog.collections, bound.catalog.views, bound.parameters, bound.functions]
    return tuple(found), [list(each.items()) for each in known]


def same_as_anew(checker: IncrementalChecker, text: str) -> None:
    diagnostics, declared = checked_anew(text)
    again = checker.check(text, catalog(), modules)
    found = again.environment
    known = [found.catalog.collections, found.catalog.views, found.parameters, found.functions]
    assert [list(each.items()) for each in known] == declared
    assert len(diagnostics) >= DIAGNOSTICS_MAX or again.diagnostics == diagnostics


@st.composite
def edits(draw: st.DrawFn) -> list[str]:
    """A script of a few statements, and its states while it is edited; some edits are taken back."""
    parts = draw(st.lists(st.sampled_from(STATEMENTS), min_size=1, max_size=12))
    states = [";\n".join(parts)]
    for _ in range(draw(st.integers(1, 6))):
        text = states[-1]
        match draw(st.sampled_from(["type", "type", "cut", "swap", "undo"])):
            case "type":
                at = draw(st.integers(0, len(text)))
                states.append(text[:at] + draw(st.sampled_from(TYPED)) + text[at:])
            case "cut":
                at = draw(st.integers(0, len(text)))
                states.append(text[:at] + text[at + draw(st.sampled_from([1, 2, 5, 40])) :])
            case "swap":
                at = draw(st.integers(0, len(parts) - 1))
                parts[at] = draw(st.sampled_from(STATEMENTS))
                states.append(";\n".join(parts))
            case _:
                states.append(draw(st.sampled_from(states)))
    return states


@settings(max_examples=250, deadline=None)
@given(edits())
def test_edited_scripts(states: list[str]) -> None:
    checker = IncrementalChecker()
    for text in states:
        same_as_anew(checker, text)


def test_every_key_press_of_a_script() -> None:
    """The tour of the samples as it is typed, a word at a time."""
    checker = IncrementalChecker()
    text = SAMPLES["peps/schema.paasq"] + SAMPLES["peps/tour.paasq"]
    for end in range(0, len(text), 37):
        same_as_anew(checker, text[:end])


def test_a_module_that_changes() -> None:
    text = 'use "lib/mail.paasq" as mail; from plain | where n == $mail.most'
    checker = IncrementalChecker()
    assert not checker.check(text, catalog(), modules).diagnostics
    assert [d.code for d in checker.check(text, catalog()).diagnostics] == ["PQ0233", "PQ0202"]
