"""What a parser may go on with, in words for people."""

from __future__ import annotations

from collections.abc import Iterable

from paasq_dsl.syntax.keywords import STAGE_KEYWORDS, STATEMENT_KEYWORDS

_WORDS: dict[str, str] = {
    "NAME": "a name",
    "STRING": "a string in double quotes",
    "NUMBER": "a number",
    "DURATION": "a duration such as 7d",
    "TIME": "a time such as @2026-11-22",
    "PARAM": "a parameter such as $name",
    "REF": "a record such as task:7",
}
_SIGNS: dict[str, str] = {
    "LSQB": "[", "RSQB": "]", "LPAR": "(", "RPAR": ")", "LBRACE": "{", "RBRACE": "}", "COMMA": ",", "COLON": ":",
    "EQUAL": "=", "CIRCUMFLEX": "^", "VBAR": "|", "SEMICOLON": ";", "_DOT": ".", "_DOTDOT": "..", "_ARROW": "->",
    "SOURCES": "from", "__ANON_0": "param", "LT": "<", "GT": ">",
}  # fmt: skip
_END = "$END"
_VALUE = frozenset({"NAME", "STRING", "NUMBER", "PARAM", "LSQB", "LPAR"})
_VALUE_PARTS = _VALUE | {"TIME", "DURATION", "REF", "TRUE", "FALSE", "NULL", "MINUS", "NOT", "LONG_STRING"}
_OPERATORS = frozenset(
    "EQ NE LE GE LT GT PLUS MINUS STAR SLASH PERCENT IN NOT HAS ANY ALL AND OR _DOT _DOTDOT _ARROW".split()
)
_NO_LITERALS = _OPERATORS | {_END, "LONG_STRING", "NONE"}  # none of history is nothing to write by a guess
_CALLS = frozenset({"LPAR"})
_STAGES = frozenset(word.upper() for word in STAGE_KEYWORDS)
_PARAM = "__ANON_0"  # what Lark calls the word param, since PARAM is a kind of token
_STATEMENTS = frozenset(word.upper() for word in STATEMENT_KEYWORDS - {"param"}) | {"SOURCES", _PARAM}


def terminal_literal(terminal: str) -> str | None:
    """How a word or sign of the grammar is written; None of operators, the end, and what stands for many texts."""
    return None if terminal in _WORDS or terminal in _NO_LITERALS else _SIGNS.get(terminal, terminal.lower())


def describe_expected(terminals: Iterable[str], end: str) -> str:
    """``a value, `]` or the end of the stage``: groups first, never a terminal's name. `end` names the end."""
    left = set(terminals) - {"LONG_STRING"}
    left -= {"_DOT"} if len(left) > 1 else set()  # after a name it is always allowed, and is seldom what is missing
    parts: list[str] = []
    if left >= _VALUE:
        parts.append("a value")
        left -= _VALUE_PARTS
    if left >= _STAGES:
        parts.append("a stage")
        left -= _STAGES
    if left >= _STATEMENTS - {"SOURCES", _PARAM}:
        parts.append("a statement")
        left -= _STATEMENTS
    if "EQ" in left:
        parts.append("an operator")
        left -= _OPERATORS | _CALLS
    elif "AND" in left:
        parts += ["`and`", "`or`"]
        left -= _OPERATORS | _CALLS
    parts += sorted(_WORDS[t] for t in left if t in _WORDS)
    parts += sorted(f"`{_SIGNS.get(t, t.lower())}`" for t in left if t not in _WORDS and t != _END)
    parts += [end] if _END in left else []
    if not parts:
        return "something else"
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} or {parts[-1]}"
