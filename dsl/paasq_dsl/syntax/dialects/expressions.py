"""Operators, literals and types of other languages: each rule recognises one and returns a hint with its fix."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from paasq_dsl.diagnostics import Diagnostic, Fix, make_diagnostic
from paasq_dsl.source_text import Span
from paasq_dsl.syntax.dialects.hint_builders import dialect_hint, lower_case_fix, replacement_hint, source_of
from paasq_dsl.syntax.dialects.statements import select_statement
from paasq_dsl.syntax.dialects.vocabulary import DECIMAL_TYPES
from paasq_dsl.syntax.keywords import CLAUSE_KEYWORDS, MEMBERSHIP_KEYWORDS, NAMELESS_KEYWORDS, STAGE_KEYWORDS
from paasq_dsl.syntax.lexer import Token, TokenKind, format_string, unescape_string

_INFIX = {
    "contains": "contains", "includes": "contains", "startswith": "starts_with", "starts_with": "starts_with",
    "endswith": "ends_with", "ends_with": "ends_with", "matches": "matches", "rlike": "matches", "regex": "matches",
}  # fmt: skip
_NOTHING = frozenset({"null", "none", "nil", "undefined", "missing"})
_UNITS = {
    "second": "s", "minute": "min", "hour": "h", "day": "d", "week": "w", "month": "mo", "year": "y", "sec": "s", "hr": "h",
}  # fmt: skip
_UNIT_AFTER_NUMBER = re.compile(r"(\d+)?([a-z]+?)s?", re.IGNORECASE)
_JOINED = {
    "=~": None,
    "!~": None,
    "===": "==",
    "!==": "!=",
    "=<": "<=",
    "=>": ">=",
    "!in": "not in",
    "in~": "in",
    "**": None,
}
_PLAIN = frozenset(
    {TokenKind.NAME, TokenKind.STRING, TokenKind.NUMBER, TokenKind.PARAM, TokenKind.TIME, TokenKind.DURATION}
)


def multi_token_operator(tokens: Sequence[Token], _: str) -> Diagnostic | None:
    """Operators that the scanner reads as several: `===`, `=~`, `!in`."""
    for i, token in enumerate(tokens):
        if token.kind not in {TokenKind.OPERATOR, TokenKind.ERROR} and token.text.lower() != "in":
            continue
        for size in (3, 2):
            part = tokens[i : i + size]
            text = "".join(t.text for t in part).lower()
            if len(part) == size and text in _JOINED and part[-1].end - token.start == len(text):
                better = _JOINED[text]
                return replacement_hint(part, better) if better else _without_case(tokens, i, i + size, text)
    return None


def _without_case(tokens: Sequence[Token], at: int, end: int, operator: str) -> Diagnostic:
    """`title =~ "Y"` of KQL compares without case."""
    span = tokens[at].span.cover(tokens[end - 1].span)
    if operator == "**":
        return dialect_hint("**", "power(a, b)", span)
    equals = "!=" if operator == "!~" else "=="
    if at and tokens[at - 1].kind is TokenKind.NAME and tokens[end : end + 1] and tokens[end].kind is TokenKind.STRING:
        better = f"lower({tokens[at - 1].text}) {equals} {format_string(unescape_string(tokens[end].text).lower())}"
        whole = tokens[at - 1].span.cover(tokens[end].span)
        return dialect_hint(operator, better, span, Fix(whole, better, f"write {better}"))
    return dialect_hint(operator, f"lower(a) {equals} lower(b)", span)


def word_operator(tokens: Sequence[Token], _: str) -> Diagnostic | None:
    """`is null`, `between a and b`, `like "%x%"`, `contains "x"`, `has_any`."""
    for i, token in enumerate(tokens[1:-1], 1):
        if token.kind is not TokenKind.NAME:
            continue
        word = token.text.lower()
        before, after = tokens[i - 1], tokens[i + 1]
        named = before.kind is TokenKind.NAME and before.text not in STAGE_KEYWORDS | NAMELESS_KEYWORDS
        plain = named and after.kind in _PLAIN
        if word == "is" and (found := _is_null(tokens, i)) is not None:
            return found
        if word == "between":
            return _between(tokens, i, plain=plain)
        if word in {"has_any", "has_all"}:
            return replacement_hint([token], word.replace("_", " "))
        function = _INFIX.get(word)
        if word in {"like", "ilike"} and tokens[0].text != "match":
            function, after = _of_pattern(after)
            plain = plain and function != ""
        if function is not None and after.text != "(" and before.text not in {"(", ","}:
            better = f"{function}({before.text}, {after.text})"
            if not plain:
                return dialect_hint(token.text, f"{function or 'matches'}(a, b)", token.span)
            return dialect_hint(token.text, better, token.span, _over(before, tokens[i + 1], better))
    return None


def _over(first: Token, last: Token, better: str) -> Fix:
    return Fix(first.span.cover(last.span), better, f"write {better}")


def _is_null(tokens: Sequence[Token], i: int) -> Diagnostic | None:
    negated = tokens[i + 1].text.lower() == "not"
    last = tokens[i + 1 + negated : i + 2 + negated]
    if not last:
        return None
    operator = "!=" if negated else "=="
    better = f"{operator} null" if last[0].text.lower() in _NOTHING else f"{operator} {last[0].text}"
    return replacement_hint(tokens[i : i + 2 + negated], better)


def _between(tokens: Sequence[Token], i: int, *, plain: bool) -> Diagnostic:
    """Both ends are in it, where `a..b` is without its end."""
    words = [t.text.lower() for t in tokens[i : i + 4]]
    if words[1] == "(" and (inside := _range_in_brackets(tokens, i)) is not None:
        return inside
    if not plain or len(words) < 4 or words[2] != "and" or tokens[i + 3].kind not in _PLAIN:
        return dialect_hint(tokens[i].text, "a >= 1 and a <= 5", tokens[i].span)
    name = tokens[i - 1].text
    better = f"{name} >= {tokens[i + 1].text} and {name} <= {tokens[i + 3].text}"
    return dialect_hint(tokens[i].text, better, tokens[i].span, _over(tokens[i - 1], tokens[i + 3], better))


def _range_in_brackets(tokens: Sequence[Token], i: int) -> Diagnostic | None:
    """`at between (a .. b)` of KQL, of a name."""
    depth, middle = 0, 0
    for end, token in enumerate(tokens[i + 1 :], i + 1):
        depth += (token.text == "(") - (token.text == ")")
        middle = end if token.text == ".." and depth == 1 else middle
        if depth == 0:
            break
    else:
        return None
    if not middle or tokens[i - 1].kind is not TokenKind.NAME:
        return None
    low, high, name = source_of(tokens[i + 2 : middle]), source_of(tokens[middle + 1 : end]), tokens[i - 1].text
    better = f"{name} >= {low} and {name} <= {high}"
    return dialect_hint("between", better, tokens[i].span, _over(tokens[i - 1], tokens[end], better))


def interpolated_string(tokens: Sequence[Token], _: str) -> Diagnostic | None:
    """`f"{id}: {title}"` of PRQL and Python."""
    for before, token in pairwise(tokens):
        if before.text not in {"f", "s"} or token.kind is not TokenKind.STRING or before.end != token.start:
            continue
        if before.text == "s":
            return dialect_hint('s"..."', "an expression", before.span)
        values: list[str] = []

        def place(found: re.Match[str], values: list[str] = values) -> str:
            values.append(found[1])
            return f"{{{len(values) - 1}}}"

        text = format_string(_VALUE_IN_TEXT.sub(place, unescape_string(token.text)))
        return replacement_hint([before, token], f"format({', '.join([text, *values])})")
    return None


_VALUE_IN_TEXT = re.compile(r"\{([^{}:]+)\}")


def null_coalescing(tokens: Sequence[Token], _: str) -> Diagnostic | None:
    """`effort ?? 0`."""
    for i, (one, other) in enumerate(pairwise(tokens)):
        if one.text != "?" or other.text != "?" or not 0 < i < len(tokens) - 2:
            continue
        before, after = tokens[i - 1], tokens[i + 2]
        plain = before.kind is TokenKind.NAME and after.kind in _PLAIN and tokens[i - 2].text not in {".", "->"}
        if not plain:
            return dialect_hint("??", "coalesce(a, b)", one.span.cover(other.span))
        return replacement_hint(tokens[i - 1 : i + 3], f"coalesce({before.text}, {after.text})")
    return None


def pipe_expression(tokens: Sequence[Token], _: str) -> Diagnostic | None:
    """`(n | in 5..10)`, `(n | as int)` and `(n | round 1)` of PRQL."""
    last = max((i for i, t in enumerate(tokens) if t.text == ")"), default=0)
    for i, token in enumerate(tokens[: max(last - 3, 0)]):
        words = [t.text for t in tokens[i : i + 3]]
        if token.text != "(" or words[2:] != ["|"]:
            continue
        end = next(j for j in range(i, last + 1) if tokens[j].text == ")")
        if end < i + 4:
            continue
        function, arguments = tokens[i + 3].text, tokens[i + 4 : end]
        if function == "in":
            better = f"{words[1]} in {source_of(arguments)}"
        elif function == "as":
            better = f"{source_of(arguments)}({words[1]})"
        else:
            dots = [j for j, t in enumerate(arguments) if t.text == "."]
            arguments = arguments[dots[-1] + 1 :] if dots else [tokens[i + 3], *arguments]
            better = f"{arguments[0].text}({', '.join([words[1], *(t.text for t in arguments[1:])])})"
        return replacement_hint(tokens[i : end + 1], better)
    return None


def _of_pattern(pattern: Token) -> tuple[str, Token]:
    """The function for a pattern of SQL, and the pattern without its signs; no function where it has them inside."""
    if pattern.kind is not TokenKind.STRING:
        return "", pattern
    text = unescape_string(pattern.text)
    text = text if "%" in text else text.replace("*", "%")  # as ES|QL writes it
    inside = text.strip("%")
    starts, ends = text.startswith("%"), text.endswith("%") and len(text) > 1
    if "%" in inside or "_" in inside:
        return "", pattern
    function = "contains" if starts and ends else "ends_with" if starts else "starts_with" if ends else "contains"
    return function, Token(pattern.kind, format_string(inside), pattern.start)


def bracketed_subquery(tokens: Sequence[Token], _: str) -> Diagnostic | None:
    """`in (task | ...)`, `in (select a from b)`, `== (from task | ...)`, `exists (from task | ...)`."""
    for i, token in enumerate(tokens[:-2]):
        if token.text != "(" or i == 0:
            continue
        before, first, second = tokens[i - 1], tokens[i + 1], tokens[i + 2]
        lists = before.text.lower() in MEMBERSHIP_KEYWORDS
        if lists and first.kind is TokenKind.NAME and second.text == "|":
            return dialect_hint(f"{first.text} | ...", f"from {first.text} | ...", first.span, _before(first, "from "))
        if lists and first.text.lower() == "select":
            inside = tokens[i + 1 : _closing(tokens, i)]
            edit = found.fix if (found := select_statement(inside, "head")) else None
            return dialect_hint("(select ...)", "(from ... | select ...)", token.span.cover(inside[-1].span), edit)
        if not lists and first.text == "from" and second.kind is TokenKind.NAME and before.text in _NO_LIST:
            better = _NO_LIST[before.text]
            edit = Fix(before.span, better, f"write {better}") if better else None
            return make_diagnostic("PQ0465", token.span.cover(first.span), fix=edit)
    return None


_NO_LIST = {"==": "in", "!=": "not in", "exists": None, "has": "has any"}


def _before(token: Token, word: str) -> Fix:
    return Fix(Span(token.start, token.start), word, f"write {word}{token.text}")


def _closing(tokens: Sequence[Token], opening: int) -> int:
    """Where the bracket that opens there closes; the end where it does not."""
    depth = 0
    for i, token in enumerate(tokens[opening:], opening):
        depth += (token.text in {"(", "["}) - (token.text in {")", "]"})
        if depth == 0:
            return i
    return len(tokens)


def parenthesised_list(tokens: Sequence[Token], _: str) -> Diagnostic | None:
    """`in ("a", "b")`."""
    for i, token in enumerate(tokens[:-1]):
        if token.text.lower() not in MEMBERSHIP_KEYWORDS or tokens[i + 1].text != "(":
            continue
        end = _closing(tokens, i + 1)
        if end < len(tokens) and tokens[i + 2].text != "from":
            better = f"[{source_of(tokens[i + 2 : end])}]"
            span = tokens[i + 1].span.cover(tokens[end].span)
            return make_diagnostic("PQ0126", tokens[i + 1].span, fix=Fix(span, better, f"write {better}"))
    return None


def comment_marker(tokens: Sequence[Token], _: str) -> Diagnostic | None:
    """`# ...` and `-- ...`."""
    for i, token in enumerate(tokens):
        double = (
            token.text == "-"
            and tokens[i + 1 : i + 2]
            and tokens[i + 1].text == "-"
            and tokens[i + 1].start == token.end
        )
        if token.text == "#" or double:
            return replacement_hint(tokens[i : i + 1 + bool(double)], "//")
    return None


def duration_with_space(tokens: Sequence[Token], _: str) -> Diagnostic | None:
    """`7 days` and `7days`."""
    for i, token in enumerate(tokens):
        number = token.kind is TokenKind.ERROR and token.text[0].isdigit()
        if not number and (token.kind is not TokenKind.NAME or i == 0 or tokens[i - 1].kind is not TokenKind.NUMBER):
            continue
        found = _UNIT_AFTER_NUMBER.fullmatch(token.text)
        unit = _UNITS.get(found[2].lower()) if found else None
        if found is not None and unit is not None:
            written_of = [token] if number else tokens[i - 1 : i + 1]
            return replacement_hint(written_of, f"{found[1] if number else tokens[i - 1].text}{unit}")
    return None


def unpadded_date(tokens: Sequence[Token], _: str) -> Diagnostic | None:
    """`@2026-1-2`."""
    for i, token in enumerate(tokens):
        part = tokens[i : i + 6]
        found = (
            re.fullmatch(r"@(\d{4})-(\d{1,2})-(\d{1,2})", "".join(t.text for t in part)) if token.text == "@" else None
        )
        if found is not None and part[-1].end - token.start == len(found[0]):
            return replacement_hint(part, f"@{found[1]}-{found[2]:0>2}-{found[3]:0>2}")
    return None


def subscript(tokens: Sequence[Token], _: str) -> Diagnostic | None:
    """`tags[0]`, `tags[-1]`, `tags[1..3]`."""
    for i, (before, token) in enumerate(pairwise(tokens)):
        if token.text != "[" or before.end != token.start:
            continue
        end = next((at for at, t in enumerate(tokens[i + 2 : i + 6], i + 2) if t.text == "]"), None)
        base = _path(tokens[: i + 1])
        better = _item_at(source_of(base), tokens[i + 2 : end]) if base and end else None
        if end and better:
            return replacement_hint([*base, *tokens[i + 1 : end + 1]], better)
    return None


def _path(tokens: Sequence[Token]) -> Sequence[Token]:
    """The name that the tokens end with, with what leads to it: `owner->mail.labels`."""
    start = len(tokens)
    while start and tokens[start - 1].kind is TokenKind.NAME and tokens[start - 1].text not in NAMELESS_KEYWORDS:
        start -= 1
        if not start or tokens[start - 1].text not in {".", "->"}:
            return tokens[start:]
        start -= 1
    return ()


def _item_at(base: str, inside: Sequence[Token]) -> str | None:
    """What gives the item, or the items, that the tokens in the brackets are the place of."""
    match [token.text for token in inside]:
        case [place] if inside[0].kind in {TokenKind.NUMBER, TokenKind.PARAM}:
            return f"at({base}, {place})"
        case ["-", "1"]:
            return f"last({base})"
        case [low, ".." | ":", high] if low.isdecimal() and high.isdecimal() and int(low) <= int(high):
            return f"slice({base}, {low}, {int(high) - int(low)})"
        case _:
            return None


def ternary(tokens: Sequence[Token], _: str) -> Diagnostic | None:
    """`a ? b : c`; in a collection `text?`, where a field may be left out unless it is required."""
    for before, token in pairwise(tokens):
        if token.text == "?" and tokens[0].text == "collection":
            fix = Fix(token.span, "", "take ? out: a field may be left out")
            return dialect_hint("?", before.text, token.span, fix)
        if token.text == "?" and (
            before.text in STAGE_KEYWORDS | NAMELESS_KEYWORDS or before.kind is TokenKind.OPERATOR
        ):
            return dialect_hint("?", "a parameter such as $name", token.span)
        if token.text == "?":
            return dialect_hint("?", "if(condition, then, else)", token.span)
    return None


def type_modifier(tokens: Sequence[Token], _: str) -> Diagnostic | None:
    """In a collection: `keyword[]`, `list<keyword>`, `not null`, `primary key`, round brackets."""
    if tokens[0].text not in {"collection", "param", "fn"}:
        return None
    if tokens[0].text == "collection" and len(tokens) > 3 and tokens[2].text == "(" and tokens[-1].text == ")":
        inside = source_of(tokens[3:-1])
        span = tokens[2].span.cover(tokens[-1].span)
        return dialect_hint("( )", "{ }", tokens[2].span, Fix(span, f"{{ {inside} }}", "write braces"))
    for i, token in enumerate(tokens):
        words = [t.text.lower() for t in tokens[i : i + 6]]
        if words[:1] and words[0] in DECIMAL_TYPES and words[1:2] + words[3:4] + words[5:] == ["(", ",", ")"]:
            span = token.span.cover(tokens[i + 5].span)
            edit = Fix(span, "int", "write int")
            return make_diagnostic("PQ0613", span, name=token.text, candidates=("int", "float"), fix=edit)
        if token.kind is TokenKind.NAME and words[1:3] == ["[", "]"]:
            return replacement_hint(tokens[i : i + 3], f"[{token.text}]")
        if words[:2] in (["list", "<"], ["array", "<"]) and words[3:4] == [">"]:
            return replacement_hint(tokens[i : i + 4], f"[{tokens[i + 2].text}]")
        if words[:2] == ["not", "null"]:
            return replacement_hint(tokens[i : i + 2], "required")
        if words[:2] == ["primary", "key"] and i >= 3 and tokens[i - 2].text == ":":
            field = source_of(tokens[i - 3 : i])
            better = f"key {field}"
            return dialect_hint(
                "primary key", better, token.span.cover(tokens[i + 1].span), _over(tokens[i - 3], tokens[i + 1], better)
            )
    if tokens[0].text == "fn":
        arrow = next((t for t in tokens if t.text == "->"), None)
        return dialect_hint("->", ":", arrow.span, Fix(arrow.span, ":", "write :")) if arrow else None
    return None


def upper_case(tokens: Sequence[Token], _: str) -> Diagnostic | None:
    """Keywords in capitals inside a fragment."""
    for before, token in pairwise(tokens):
        better, in_capitals = token.text.lower(), token.kind is TokenKind.NAME and token.text.isupper()
        if in_capitals and better in CLAUSE_KEYWORDS and before.text not in {".", "->"}:
            rest = tokens[tokens.index(token) :]
            return make_diagnostic("PQ0125", token.span, better=better, fix=lower_case_fix(rest))
    return None


EXPRESSION_RULES = (
    comment_marker, interpolated_string, null_coalescing, pipe_expression, multi_token_operator, word_operator,
    bracketed_subquery, parenthesised_list, duration_with_space, unpadded_date, subscript, ternary, type_modifier, upper_case,
)  # fmt: skip
