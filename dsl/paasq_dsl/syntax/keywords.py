"""Keywords of the language, by what they begin or precede, read from the grammar: the one place where they are written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from importlib.resources import files

_RULE = re.compile(r"^[?!]?(\w+)(?:\.\d+)?: (.*(?:\n +\|.*)*)$", re.MULTILINE)
_SYMBOL = re.compile(r'"[^"]+"|\w+|[\[\]()|]')  # of a rule's body; + * ? change nothing of what may follow a word
_WORD_TERMINAL = re.compile(r'"([a-z]+)"|/([a-z]+)\\b.*/')
_ENDS = {"[": "]", "(": ")"}


def _rules() -> dict[str, list[str]]:
    """The symbols of each rule, and of each terminal that is a word: that word in quotes."""
    text = files("paasq_dsl.syntax").joinpath("grammar.lark").read_text("utf-8")
    bodies = {name: re.sub(r"->\s*\w+", "", body) for name, body in _RULE.findall(text)}
    words = {n: m[1] or m[2] for n, body in bodies.items() if n.isupper() and (m := _WORD_TERMINAL.fullmatch(body))}
    return {
        name: [f'"{words[s]}"' if s in words else s for s in _SYMBOL.findall(body)]
        for name, body in bodies.items()
        if name.islower()
    }


def _next_symbols(body: Sequence[str], at: int) -> Iterator[str]:
    """The symbols that may come at a place of a rule; none where the rule may end there."""
    if at == len(body):
        return
    symbol = body[at]
    if symbol in _ENDS:
        end = _group_end(body, at)
        starts = [i + 1 for i in range(at, end) if i == at or (body[i] == "|" and _group_end(body, i) == end)]
        for start in [*starts, *([end + 1] if symbol == "[" else [])]:
            yield from _next_symbols(body, start)
    elif symbol == "|":
        yield from _next_symbols(body, _group_end(body, at))
    elif symbol in _ENDS.values():
        yield from _next_symbols(body, at + 1)
    else:
        yield symbol


def _group_end(body: Sequence[str], at: int) -> int:
    """Where the group that begins at a place, or that it is in, ends; the length of the body outside all groups."""
    depth = 0
    for i in range(at + (body[at] in _ENDS), len(body)):
        if body[i] in _ENDS.values():
            if depth == 0:
                return i
            depth -= 1
        depth += body[i] in _ENDS
    return len(body)


def _first_symbols(rule: str) -> Iterator[str]:
    """The terminals, and words in quotes, that a rule may begin with."""
    body = _RULES[rule]
    starts = [0, *(i + 1 for i, s in enumerate(body) if s == "|" and _group_end(body, i) == len(body))]
    for symbol in (s for start in starts for s in _next_symbols(body, start)):
        yield from _first_symbols(symbol) if symbol in _RULES else (symbol,)


def _keywords(symbols: Sequence[str]) -> Iterator[str]:
    return (s.strip('"') for s in symbols if s.strip('"').isalpha() and s.startswith('"'))


def _precedes_value(body: Sequence[str], at: int) -> bool:
    """May something that is no keyword follow the word at a place?"""
    following = (f for s in _next_symbols(body, at + 1) for f in (_first_symbols(s) if s in _RULES else (s,)))
    return any(not f.strip('"').islower() and f not in {'","', '"="', '"{"'} for f in following)


def _has_stages(rule: str) -> bool:
    """Outside its expressions, any of which may hold a pipeline."""
    parts = {part for part in _RULES[rule] if part in _RULES} - {rule, "expression"}
    return "stage" in parts or any(map(_has_stages, parts))


_RULES = _rules()
_ALL = {word for body in _RULES.values() for word in _keywords(body)}

ORDERED_STAGE_KEYWORDS = tuple(dict.fromkeys(_keywords([*_first_symbols("stage")])))  # in the order of the grammar
STAGE_KEYWORDS = frozenset(ORDERED_STAGE_KEYWORDS)
STATEMENT_KEYWORDS = frozenset(_keywords([*_first_symbols("head")]))
# Words of the grammar that begin neither a stage nor a statement.
CLAUSE_KEYWORDS = frozenset(_ALL - STAGE_KEYWORDS - STATEMENT_KEYWORDS)
# After one of these, a word names a column, a collection or a value, even where it is a keyword itself.
VALUE_PRECEDING_KEYWORDS = frozenset(
    word.strip('"')
    for body in _RULES.values()
    for i, word in enumerate(body)
    if word.startswith('"') and word[1].isalpha() and _precedes_value(body, i)
) | {"has", "any", "all", "explain", "analyze", "watch"}  # what follows these is in another rule
PIPELINE_STAGES = frozenset(  # stages whose brackets hold pipelines
    word for word in STAGE_KEYWORDS if _has_stages(word)
)
OPTION_STAGES = frozenset(word for word in STAGE_KEYWORDS if "options" in _RULES[word])  # there = gives an option: k=60
MEMBERSHIP_KEYWORDS = frozenset({"in", "any", "all"})  # brackets after one may hold a pipeline that gives a list
WATCH_EVENTS = tuple(_keywords(_RULES["event"]))

MOMENTS = ("now", "today", "tomorrow", "yesterday")
