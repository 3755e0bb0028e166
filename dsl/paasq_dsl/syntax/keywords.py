"""Keywords of the language, by what they begin or precede, read from the grammar: the one place where they are written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
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


def _precedes(starts: frozenset[str], body: Sequence[str], at: int) -> bool:
    """May one of these terminals follow the word at a place?"""
    following = (f for s in _next_symbols(body, at + 1) for f in (_first_symbols(s) if s in _RULES else (s,)))
    return any(f in starts for f in following)


def _words_before(starts: frozenset[str], rules: Iterable[str]) -> frozenset[str]:
    """The words of the rules that one of these terminals may follow."""
    return frozenset(
        word.strip('"')
        for rule in rules
        for i, word in enumerate(_RULES[rule])
        if word.startswith('"') and word[1].isalpha() and _precedes(starts, _RULES[rule], i)
    )


def _rules_within(rule: str, found: set[str]) -> set[str]:
    """The rule, and those that it is made of."""
    if rule not in found:
        found.add(rule)
        for part in _RULES[rule]:
            if part in _RULES:
                _rules_within(part, found)
    return found


def _has_stages(rule: str) -> bool:
    """Outside its expressions, any of which may hold a pipeline."""
    parts = {part for part in _RULES[rule] if part in _RULES} - {rule, "expression"}
    return "stage" in parts or any(map(_has_stages, parts))


_RULES = _rules()
_ALL = {word for body in _RULES.values() for word in _keywords(body)}

ORDERED_STAGE_KEYWORDS = tuple(dict.fromkeys(_keywords([*_first_symbols("stage")])))  # in the order of the grammar
STAGE_KEYWORDS = frozenset(ORDERED_STAGE_KEYWORDS)
STATEMENT_KEYWORDS = frozenset(_keywords([*_first_symbols("head")]))
WATCH_EVENTS = tuple(_keywords(_RULES["event"]))
# Words of the grammar that begin neither a stage nor a statement.
CLAUSE_KEYWORDS = frozenset(_ALL - STAGE_KEYWORDS - STATEMENT_KEYWORDS)
# Those of them that a hint may take for no name of a field or a collection. The others have one place each in the language.
NAMELESS_KEYWORDS = CLAUSE_KEYWORDS - {
    "key", "emit", *WATCH_EVENTS, "collections", "views", "functions", "stages", "snapshots", "retention", "forgotten",
    "history", "store",
}  # fmt: skip
# After one of these, a word of a query names a column, a collection or a value, even where it is a keyword itself. After
# `max` and `seq` too, but these are columns more often than words of `passages` and `as of`.
NAME_PRECEDING_KEYWORDS = _words_before(frozenset({"NAME", "MINUS"}), sorted(_rules_within("stage", set()))) - {
    "max", "seq",
} | {"has", "any", "all", "let", "explain", "analyze", "watch"}  # fmt: skip  # what follows these is in another rule
# After one of these, a bracket or a minus begins an expression or a pipeline. `max` is a function too, `seq` a column.
EXPRESSION_PRECEDING_KEYWORDS = _words_before(frozenset({"MINUS", "LPAR", '"("'}), _RULES) - {"max", "seq"} | {
    "in", "has", "any", "all", "set",
}  # fmt: skip
PIPELINE_STAGES = frozenset(  # stages whose brackets hold pipelines
    word for word in STAGE_KEYWORDS if _has_stages(word)
)
OPTION_STAGES = frozenset(word for word in STAGE_KEYWORDS if "options" in _RULES[word])  # there = gives an option: k=60
MEMBERSHIP_KEYWORDS = frozenset({"in", "any", "all"})  # brackets after one may hold a pipeline that gives a list

MOMENTS = ("now", "today", "tomorrow", "yesterday")
