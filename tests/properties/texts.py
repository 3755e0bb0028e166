"""Texts to try the language on: the samples, every example of the registries, and what chance makes of them."""

from __future__ import annotations

import random
from pathlib import Path

from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.functions.signature import FunctionKind
from paasq_dsl.stages import STAGES
from paasq_dsl.syntax.lexer import TRIVIA, TokenKind, tokenize

SAMPLES = {p.relative_to(p.parents[1]).as_posix(): p.read_text("utf-8") for p in sorted(
    (Path(__file__).parents[2] / "samples").glob("*/*.paasq")
)}  # fmt: skip
LANGUAGE = """
/// open tasks of one person
param $me: link<person> = person:mira;  param $q: text; param $v: [float];
let recent = from note | where created > @now - 7d and not (tags has any ["a", "b"] or body == null);
from recent | fuse rrf k=60 weights=[1, 0.5] (text: match title^3, body "x \\"y z\\"" | take 5,
  vec: near embedding to "quarterly budget" exact=true | where _key != "a" | take 100) | take 8;
from meeting | where start in @today..@tomorrow | select title, who = attendees->name, n = -1 - -2, (1 + 2) * 3;
from metric | summarize h = avg(value), count() by day = bucket(at, 1d), name fill null
  | sort day desc, n | page 5 after $c;
put task [{title: "Call Ana", due: @tomorrow + 9h, source: mail:42,}, {}] expect absent;
patch task:"a b" set status = "done", n = n + 1 expect _version == 3; patch task where done set done = false;
tx { patch list:1 set n = n + 1; put log {at: @now, what: "add"}; delete list:2 expect present };
delete from note where created < @now - 5y;
explain analyze from paper:2401.1234 | follow cites depth 1..2 | facet sender, labels top 10, `odd name`;
collection `odd` { key: keyword key id: keyword default: int default -1 required tags: [link<odd>] a: text(en)
  e: vector(auto) from id, a v: vector(3) from: link<odd> /// of its own
  unique: int unique };
/// twice as much
fn double(x: float, p:link<person>): link<person>=if(x > 2.0, p, null); use "lib/mail.paasq" as mail;
from mail.recent as of seq 12 | select mail.weight(n, task:7), $mail.me; from note as of snapshot "monday" | take 1;
view busy = from note | where n > 3 and body == "x" | take 5; drop view busy;
show collections; show fields of note; describe note;
alter collection note add field seen:bool default false unique; alter collection note drop field seen;
alter collection note rename field title to subject; alter collection note retype field n to [float];
drop collection note; drop collection note and its records;
dryrun patch task:7 set status = "done" expect present; dryrun tx { put log {at:@now}; delete list:2 };
put archive from (from note as of seq 4 | where created < @now - 1y and not done | select id, title) expect absent;
tx { put archive from (from note | where done); delete from note where done };
snapshot "before import"; verify snapshot $name; resolve ["pep:8@3.abstract[120..340]", $c];
"""


def every_text() -> dict[str, str]:
    """Texts without errors of form, by a name for the test."""
    texts = {**SAMPLES, "language": LANGUAGE}
    texts |= {f"verb {v.keyword}": v.example for v in STAGES}
    return texts | {f"function {f.name}": function_text(f.name) for f in FUNCTIONS.values()}


def function_text(name: str) -> str:
    """The function's example as a query: a condition, or after a summarize a condition on the aggregate."""
    found = FUNCTIONS[name]
    if found.kind is FunctionKind.WINDOW:
        return f"from sample | sort n | extend said = {found.example}"
    if found.kind is FunctionKind.SCALAR:
        return f'from sample | match "a" | where {found.example}'
    left, right = found.example.split(" == ")
    call = left if left.startswith(name) else left[left.index(name) : left.rindex(")")]
    return f"from sample | summarize value = {call} by kind | where {left.replace(call, 'value')} == {right}"


TRIVIA_TO_TRY = (
    " ",
    "  ",
    "\n",
    "\n\n\n",
    "\t",
    " // one\n",
    "\n// own\n",
    " /* in */ ",
    "\n/* a\n  b */\n",
    "\n/// doc\n",
    " /*x*/",
)


def respaced(text: str, chance: random.Random) -> str:
    """The same tokens with other white space and comments between them; `///` comments only where they mean nothing.

    None before a colon: behind one, `key` and its like are fields of that name only with the colon next to them.
    """
    tokens = [t for t in tokenize(text) if t.kind not in TRIVIA]
    out: list[str] = []
    declaring = False  # a `///` inside a collection is the doc of its next field
    for i, token in enumerate(tokens):
        out.append(token.text)
        declaring = token.text != ";" and (
            declaring or (token.text == "collection" and (i == 0 or tokens[i - 1].text == ";"))
        )
        following = tokens[i + 1].text if i + 1 < len(tokens) else ";"
        trivia = chance.choices(TRIVIA_TO_TRY, (20, *(1,) * (len(TRIVIA_TO_TRY) - 1)))[0]
        means_more = ("///" in trivia and (declaring or ";" in {token.text, following})) or (
            following == ":" and "/" in trivia
        )
        out.append(" " if means_more else trivia)
    return "".join(out)


NOISE = (
    *"()[]{}|;,:=<>\"'`$@.^-+*/%!&#\\\x00\n\t é漢\u2028\ud800😀", "/*", '"""', "//", "///", "((((", "| where", "| fuse rrf (",
    "from", "task:7", "1m", "9" * 30, "@2026-99-99", "1e999", "not ", "==", "tx {", "9" * 5 + "y",
)  # fmt: skip


def broken(text: str, chance: random.Random) -> str:
    """The text with a few tokens or characters taken out, put in, doubled or exchanged."""
    pieces = [t.text for t in tokenize(text)] if chance.random() < 0.7 else list(text)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(pieces) + 1)
        match chance.randrange(4):
            case 0:
                del pieces[at : at + chance.randint(1, 3)]
            case 1:
                pieces.insert(at, chance.choice(NOISE) * chance.choice((1, 1, 1, 2, 100)))
            case 2:
                pieces[at:at] = pieces[at : at + 5]
            case _:
                other = chance.randrange(len(pieces) + 1)
                pieces[at : at + 1], pieces[other : other + 1] = pieces[other : other + 1], pieces[at : at + 1]
    return "".join(pieces)


def comments(text: str) -> list[str]:
    return [t.text.rstrip() for t in tokenize(text) if t.kind in {TokenKind.COMMENT, TokenKind.DOC}]
