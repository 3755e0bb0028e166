"""Stages that other languages build otherwise than a word for a word, written as they are here: each a rule with its edit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from paasq_dsl.diagnostics import Diagnostic, Fix, make_diagnostic
from paasq_dsl.source_text import Span
from paasq_dsl.syntax.dialects.hint_builders import dialect_hint, replacement_hint, source_of
from paasq_dsl.syntax.dialects.vocabulary import DIALECT_FUNCTIONS
from paasq_dsl.syntax.lexer import Token, TokenKind, format_string

_AGGREGATING = frozenset({"aggregate", "summarize", "stats"})
_RETRIEVING = {"match": "text", "near": "vector", "find": "both"}  # with what a branch of it may be called


def split_at(tokens: Sequence[Token], separator: str = ",") -> Iterator[list[Token]]:
    """The tokens between separators that are in no bracket."""
    part: list[Token] = []
    depth = 0
    for token in tokens:
        depth += (token.text in {"(", "[", "{"}) - (token.text in {")", "]", "}"})
        if depth == 0 and token.text == separator:
            yield part
            part = []
        else:
            part.append(token)
    yield part


def group_block(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """`group kind (aggregate {n = count this})` of PRQL."""
    words = [t.text.lower() for t in tokens]
    if start != "stage" or words[0] != "group" or "(" not in words:
        return None
    opening = words.index("(")
    keys = _without_braces(tokens[1:opening])
    inside = tokens[opening + 1 : -1]
    if words[opening + 1 : opening + 2] == ["aggregate"] and words[-1] == ")" and keys:
        return replacement_hint(tokens, f"summarize {_applied(_without_braces(inside[1:]))} by {source_of(keys)}")
    if words[opening + 1 :] == ["take", "1", ")"] and keys:
        return replacement_hint(tokens, f"distinct by {source_of(keys)}")
    return dialect_hint("group", "summarize n = count() by key", tokens[0].span)


def prefix_aggregates(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """`aggregate {n = count this, average price}` of PRQL, where a function precedes its argument."""
    if start != "stage" or tokens[0].text.lower() not in _AGGREGATING:
        return None
    inside = _without_braces(tokens[1:])
    if not any(_called(item) for item in split_at(inside)):
        return None
    return replacement_hint(tokens, f"summarize {_applied(inside)}")


def _without_braces(tokens: Sequence[Token]) -> Sequence[Token]:
    in_braces = len(tokens) > 1 and tokens[0].text == "{" and tokens[-1].text == "}"
    return tokens[1:-1] if in_braces else tokens


def _applied(items: Sequence[Token]) -> str:
    return ", ".join(_called(item) or source_of(item) for item in split_at(items))


def _called(item: Sequence[Token]) -> str | None:
    """`m = average price` as `m = avg(price)`."""
    name, value = (item[:2], item[2:]) if len(item) == 4 and item[1].text == "=" else (item[:0], item)
    if len(value) != 2 or any(t.kind is not TokenKind.NAME for t in value) or value[0].text in {"by", "fill"}:
        return None
    function = DIALECT_FUNCTIONS.get(value[0].text.lower(), value[0].text)
    call = f"{function}({'' if value[1].text == 'this' else value[1].text})"
    return f"{name[0].text} = {call}" if name else call


def trailing_group_by(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """`summarize count() group by kind`."""
    if start != "stage" or tokens[0].text != "summarize":
        return None
    for i, token in enumerate(tokens[:-1]):
        if [token.text.lower(), tokens[i + 1].text.lower()] == ["group", "by"]:
            return replacement_hint(tokens[i : i + 2], "by")
    return None


def trailing_offset(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """`take 5 offset 10`."""
    words = [t.text.lower() for t in tokens]
    if start != "stage" or len(words) != 4 or words[0] not in {"take", "limit"} or words[2] != "offset":
        return None
    return replacement_hint(tokens, f"skip {words[3]} | take {words[1]}")


def arg_max(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """KQL returns the whole row of an extreme by `summarize arg_max (at, *) by sender`."""
    words = [t.text.lower() for t in tokens]
    if start != "stage" or words[1:3] not in (["arg_max", "("], ["arg_min", "("]) or words[-1] == "*":
        return None
    if words[4:7] != [",", "*", ")"] or words[7:8] not in ([], ["by"]):
        return None
    direction = " desc" if words[1] == "arg_max" else ""
    rest = f"distinct by {source_of(tokens[8:])}" if len(tokens) > 8 else "take 1"
    return replacement_hint(tokens, f"sort {tokens[3].text}{direction} | {rest}")


def make_series(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """`make-series avg(value) default=0 on at step 1d by name` of KQL."""
    words = [t.text.lower() for t in tokens]
    if start != "stage" or words[:3] != ["make", "-", "series"] or "on" not in words or "step" not in words:
        return None
    on, step = words.index("on"), words.index("step")
    by = words.index("by") if "by" in words else len(words)
    end = words.index("default") if "default" in words else on
    if not end <= on < step == on + 2 < by:
        return None
    time, filling = tokens[on + 1].text, source_of(tokens[end + 2 : on]) or "0"
    keys = f"{source_of(tokens[by + 1 :])}, " if by < len(words) else ""
    bucket = f"{time} = bucket({time}, {source_of(tokens[step + 1 : by])})"
    return replacement_hint(tokens, f"summarize {source_of(tokens[3:end])} by {keys}{bucket} fill {filling}")


def join(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """`join kind=inner (person) on $left.owner == $right.id` of KQL, `join p=person (this.owner == p.id)` of PRQL,
    `lookup join person on owner` of ES|QL, where they name one field on each side; `lookup person on ...`."""
    words = [t.text.lower() for t in tokens]
    bare = words[0] == "lookup" and words[1:2] not in (["one"], ["many"], ["join"])
    if start != "stage" or not (bare or "join" in words[:3]):
        return None
    rest = list(tokens[1 if bare else words.index("join") + 1 :])
    if [t.text.lower() for t in rest[:1]] in (["kind"], ["side"]):
        rest = rest[1:] if rest[0].kind is TokenKind.REF else rest[3:]
    elif rest and rest[0].kind is TokenKind.REF:
        rest = rest[1:]
    found = source_of(tokens[: 1 if bare else words.index("join") + 1])
    alias, rest = (rest[0].text, rest[2:]) if [t.text for t in rest[1:2]] == ["="] else ("", rest)
    alias = alias or _name_after(rest)
    rest = rest[: -2 if rest[-2:-1] and rest[-2].text == "as" else None]
    rest = [rest[1], *rest[3:]] if [t.text for t in rest[:1] + rest[2:3]] == ["(", ")"] else rest
    if not rest or rest[0].kind is not TokenKind.NAME:
        return dialect_hint(found, "lookup one collection on value == collection.field as name", tokens[0].span)
    target, condition = rest[0].text, [t for t in rest[1:] if t.text not in {"on", "(", ")"}]
    sides = _sides([t.text for t in condition], {target, alias, "right", "$right", "that"})
    if sides is None:
        return dialect_hint(
            found, f"lookup one {target} on value == {target}.field as {alias or target}", tokens[0].span
        )
    return replacement_hint(tokens, f"lookup one {target} on {sides[0]} == {target}.{sides[1]} as {alias or target}")


def _name_after(tokens: Sequence[Token]) -> str:
    return tokens[-1].text if len(tokens) > 1 and tokens[-2].text == "as" else ""


def _sides(condition: list[str], of_target: set[str]) -> tuple[str, str] | None:
    """The field of the row and that of the other collection."""
    match condition:
        case [name] | ["==", name]:
            return name, name
        case [one, ".", left, "==", other, ".", right] if (one in of_target) != (other in of_target):
            return (left, right) if other in of_target else (right, left)
        case [left, "==", other, ".", right] if other in of_target:
            return left, right
        case [left, "==", right]:
            return left, right
    return None


def field_prefix(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """`match title:lemon`."""
    if start != "stage" or tokens[0].text not in {"match", "find"} or len(tokens) != 2:
        return None
    if tokens[1].kind is not TokenKind.REF:
        return None
    field, _, word = tokens[1].text.partition(":")
    words = word if word.startswith('"') else format_string(word)
    return replacement_hint(
        tokens, f"match {field} {words}" if tokens[0].text == "match" else f"find {words} in {field}"
    )


def union_without_brackets(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """`union from mail`, and `union mail, note` of KQL."""
    if start != "stage" or tokens[0].text != "union" or len(tokens) < 2 or tokens[1].text == "(":
        return None
    if tokens[1].text == "from":
        return replacement_hint(tokens, f"union ({source_of(tokens[1:])})")
    names = [source_of(part) for part in split_at(tokens[1:])]
    if any(not name.isidentifier() for name in names):
        return None
    return replacement_hint(tokens, f"union {', '.join(f'(from {name})' for name in names)}")


def unnamed_branches(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """`fuse rrf (match "a", near to "b")`."""
    opening = next((i for i, t in enumerate(tokens) if t.text == "("), 0)
    if start != "stage" or tokens[0].text != "fuse" or not opening or tokens[-1].text != ")":
        return None
    branches = [b for b in split_at(tokens[opening + 1 : -1]) if b]
    unnamed = [b for b in branches if b[0].text in _RETRIEVING and [t.text for t in b[1:2]] != [":"]]
    if not unnamed:
        return None
    names: list[str] = []
    for branch in branches:
        name = branch[0].text if branch not in unnamed else _RETRIEVING[branch[0].text]
        names.append(f"{name}{names.count(name) + 1}" if name in names else name)
    texts = [f"{n}: {source_of(b)}" if b in unnamed else source_of(b) for n, b in zip(names, branches, strict=True)]
    span = Span(tokens[opening].start, tokens[-1].end)
    edit = Fix(span, f"({', '.join(texts)})", f"write {names[branches.index(unnamed[0])]}: ...")
    return make_diagnostic(
        "PQ0101",
        unnamed[0][0].span,
        expected="a name and `:` before a branch",
        found=f"`{unnamed[0][0].text}`",
        fix=edit,
    )


def percent_sample(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """`sample 10%`."""
    if start != "stage" or len(tokens) != 3 or [tokens[0].text, tokens[2].text] != ["sample", "%"]:
        return None
    return (
        replacement_hint(tokens[1:], f"{float(tokens[1].text) / 100:g}") if tokens[1].kind is TokenKind.NUMBER else None
    )


def render_chart(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """`render timechart`."""
    if start != "stage" or tokens[0].text.lower() != "render":
        return None
    return make_diagnostic("PQ0420", tokens[0].span)


def metadata_columns(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """`from mail METADATA _score` of ES|QL."""
    if start != "head" or len(tokens) < 3 or [tokens[0].text, tokens[2].text.lower()] != ["from", "metadata"]:
        return None
    edit = Fix(Span(tokens[1].end, tokens[-1].end), "", "take it out")
    return make_diagnostic("PQ0421", tokens[2].span, fix=edit)


STAGE_RULES = (
    group_block,
    prefix_aggregates,
    trailing_group_by,
    trailing_offset,
    arg_max,
    make_series,
    join,
    field_prefix,
    union_without_brackets,
    unnamed_branches,
    percent_sample,
    render_chart,
    metadata_columns,
)
