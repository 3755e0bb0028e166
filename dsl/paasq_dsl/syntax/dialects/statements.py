"""Statements of other query languages: each rule recognises one and returns a hint with its equivalent and a fix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from paasq_dsl.diagnostics import Diagnostic, Fix, make_diagnostic
from paasq_dsl.source_text import Span
from paasq_dsl.syntax.dialects.hint_builders import (
    KEYWORDS,
    TITLE_MAX,
    dialect_hint,
    lower_case_fix,
    replacement_hint,
    respaced,
    source_of,
)
from paasq_dsl.syntax.dialects.vocabulary import DIALECT_PHRASES, DIALECT_STAGES, DIALECT_STATEMENTS
from paasq_dsl.syntax.keywords import STAGE_KEYWORDS, STATEMENT_KEYWORDS
from paasq_dsl.syntax.lexer import Token, TokenKind

_SELECT = "from <collection> | select ..."
_ITEMS = frozenset({"select", "extend", "summarize", "facet", "sort", "distinct"})


def select_statement(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """`select a from b where c order by d limit 5`, the whole of it."""
    if start != "head" or tokens[0].text.lower() != "select":
        return None
    clauses = _clauses(tokens)
    source = clauses.get("from", [])
    if len(source) != 1 or not clauses["select"]:
        return dialect_hint(tokens[0].text, _SELECT, tokens[0].span)
    stages = [f"from {source[0].text}"]
    stages += [f"where {_condition(clauses['where'])}"] if "where" in clauses else []
    items = source_of(clauses["select"]).replace("(*)", "()")
    if "group" in clauses or any(t.text == "(" for t in clauses["select"]):
        aggregates = ", ".join(item for item in items.split(", ") if "(" in item)
        grouped = f" by {source_of(clauses['group'])}" if "group" in clauses else ""
        stages.append(f"summarize {aggregates}{grouped}")
        items = "*"
    stages += [f"sort {source_of(clauses['order']).lower()}"] if "order" in clauses else []
    stages += [f"skip {source_of(clauses['offset'])}"] if "offset" in clauses else []
    stages += [f"take {source_of(clauses['limit'])}"] if "limit" in clauses else []
    stages += [] if items == "*" else [f"select {items}"]
    edit = Fix(tokens[0].span.cover(tokens[-1].span), " | ".join(stages), "write it as a pipeline")
    return dialect_hint(tokens[0].text, _SELECT, tokens[0].span, edit)


def _clauses(tokens: Sequence[Token]) -> dict[str, list[Token]]:
    """The tokens after each word that begins a clause."""
    clauses: dict[str, list[Token]] = {}
    word, depth = "", 0
    for token in tokens:
        depth += (token.text == "(") - (token.text == ")")
        lowered = token.text.lower()
        if depth == 0 and lowered in {"select", "from", "where", "group", "order", "limit", "offset", "set", "update"}:
            word = lowered
            clauses[word] = []
        elif not (lowered == "by" and not clauses[word]):
            clauses[word].append(token)
    return clauses


def _condition(tokens: Sequence[Token]) -> str:
    """`a = 1 AND b` as `a == 1 and b`."""
    better = {"=": "==", "<>": "!="}
    changed = [Token(t.kind, better.get(t.text) or (t.text.lower() if t.text.isupper() else t.text), t.start)
               for t in tokens]  # fmt: skip
    return "".join(respaced(changed, tokens))


def update_statement(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """`update a set b = 1 where c` is `patch a where c set b = 1`."""
    if start != "head" or tokens[0].text.lower() != "update":
        return None
    clauses = _clauses(tokens)
    target = source_of(clauses["update"])
    if not target or not clauses.get("set") or not clauses.get("where"):
        return None
    better = f"patch {target} where {_condition(clauses['where'])} set {source_of(clauses['set'])}"
    edit = Fix(tokens[0].span.cover(tokens[-1].span), better, "write it as a patch")
    return dialect_hint(tokens[0].text, "patch", tokens[0].span, edit)


def multi_word_keyword(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """Two words or more that stand for one: `order by`, `create table`, `project-away`."""
    known: Mapping[tuple[str, ...], str] = DIALECT_PHRASES.get(start, {})
    for size in (3, 2):
        words = tuple(t.text.lower() for t in tokens[:size])
        better = known.get(words)
        if better is not None:
            found = tokens[: len(words)]
            edit = None if "..." in better or "<" in better else lower_case_fix(tokens, better, len(words))
            return dialect_hint(source_of(found), better, found[0].span.cover(found[-1].span), edit)
    return None


def top_by(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """`top 5 by number` is `sort number desc | take 5`."""
    words = [t.text.lower() for t in tokens]
    if start != "stage" or words[0] != "top":
        return None
    if len(tokens) < 4 or words[2] != "by":
        return dialect_hint(tokens[0].text, "sort ... | take", tokens[0].span)
    keys = source_of(tokens[3:])
    ordered = keys if words[-1] in {"asc", "desc"} else f"{keys} desc"
    return replacement_hint(tokens, f"sort {ordered} | take {tokens[1].text}")


def count_star(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """`count` as a stage, `select *`, `count(*)`, `select distinct a`."""
    words = [t.text.lower() for t in tokens]
    if start != "stage":
        return None
    if words in (["count"], ["count", "(", ")"]):
        return replacement_hint(tokens, "summarize count()")
    if words == ["select", "*"]:
        return make_diagnostic("PQ0418", tokens[1].span)
    if words[:2] == ["select", "distinct"] and len(tokens) > 2:
        items = source_of(tokens[2:])
        return replacement_hint(tokens, f"distinct by {items} | select {items}")
    if words[0] == "distinct" and words[1:2] not in ([], ["by"]):
        edit = Fix(Span(tokens[0].end, tokens[0].end), " by", "write distinct by")
        return dialect_hint(source_of(tokens[:2]), "distinct by", tokens[0].span, edit)
    for i, word in enumerate(words):
        if word == "*" and words[i - 1] == "(" and words[i + 1 : i + 2] == [")"]:
            return dialect_hint("*", "count()", tokens[i].span, Fix(tokens[i].span, "", "take * out"))
    return None


def braced_items(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """`select {a, b}`, of PRQL."""
    if start != "stage" or len(tokens) < 3 or tokens[0].text.lower() not in STAGE_KEYWORDS | set(DIALECT_STAGES):
        return None
    if tokens[1].text != "{" or tokens[-1].text != "}":
        return None
    word = tokens[0].text.lower()
    better = f"{DIALECT_STAGES.get(word, word)} {source_of(tokens[2:-1])}"
    edit = Fix(tokens[0].span.cover(tokens[-1].span), better, "take the braces out")
    return dialect_hint("{ }", better if len(better) < TITLE_MAX else f"{word} a, b", tokens[1].span, edit)


def postfix_alias(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """`number as n` is `n = number`."""
    if start != "stage" or tokens[0].text not in _ITEMS:
        return None
    begin, depth = 1, 0
    for i, token in enumerate(tokens):
        depth += (token.text in {"(", "["}) - (token.text in {")", "]"})
        if depth == 0 and token.text in {",", "by"}:
            begin = i + 1
        if depth == 0 and token.text.lower() == "as" and begin < i < len(tokens) - 1:
            value, name = tokens[begin:i], tokens[i + 1]
            better = f"{name.text} = {source_of(value)}"
            span = value[0].span.cover(name.span)
            return make_diagnostic("PQ0127", token.span, better=better, fix=Fix(span, better, f"write {better}"))
    return None


def json_text(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """PQ0128: a text that begins with `{` or `[` is JSON, not a statement."""
    if start != "head" or tokens[0].text not in {"{", "["}:
        return None
    return make_diagnostic("PQ0128", tokens[0].span)


def let_of_value(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """`let x = 5` is a parameter with a default."""
    if start != "head" or tokens[0].text.lower() not in {"let", "set", "const", "var"} or len(tokens) < 4:
        return None
    if (
        tokens[2].text != "="
        or tokens[3].text in STATEMENT_KEYWORDS
        or tokens[1].kind not in {TokenKind.NAME, TokenKind.PARAM}
    ):
        return None
    if len(tokens) == 4 and tokens[3].kind is TokenKind.NAME and tokens[3].text.lower() not in {"true", "false"}:
        before = Fix(Span(tokens[3].start, tokens[3].start), "from ", "write from")
        return make_diagnostic("PQ0119", tokens[3].span, fix=before)
    type_ = _LITERALS.get(tokens[3].kind) if len(tokens) == 4 else None
    if type_ == "int" and not tokens[3].text.isdigit():
        type_ = "float"
    better = f"param ${tokens[1].text.lstrip('$')}: {type_ or 'int'} = {source_of(tokens[3:])}"
    span = tokens[0].span.cover(tokens[-1].span)
    return make_diagnostic(
        "PQ0129", tokens[0].span, better=better, fix=Fix(span, better, f"write {better}") if type_ else None
    )


_LITERALS = {
    TokenKind.NUMBER: "int", TokenKind.STRING: "keyword", TokenKind.TIME: "time", TokenKind.DURATION: "duration",
}  # fmt: skip


def bare_source(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """A pipeline that begins with the name of its collection."""
    if (
        start == "head"
        and len(tokens) == 1
        and tokens[0].kind is TokenKind.NAME
        and tokens[0].text.lower() not in KEYWORDS | set(DIALECT_STATEMENTS)
    ):
        edit = Fix(Span(tokens[0].start, tokens[0].start), "from ", "write from")
        return make_diagnostic("PQ0119", tokens[0].span, fix=edit)
    return None


def missing_source(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """`filter a > 1` without a source."""
    first = tokens[0]
    if start != "head" or (
        first.text.lower() not in DIALECT_STAGES and first.text.lower() not in STAGE_KEYWORDS - STATEMENT_KEYWORDS
    ):
        return None
    return make_diagnostic("PQ0119", first.span)


def source_alias(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """`from pep as p`: there is one source, so its fields need no name before them."""
    if start != "head" or len(tokens) != 4 or [tokens[0].text, tokens[2].text.lower()] != ["from", "as"]:
        return None
    behind = Span(tokens[1].end, tokens[3].end)
    return make_diagnostic("PQ0130", tokens[2].span.cover(tokens[3].span), fix=Fix(behind, "", "take it out"))


def offset_and_count(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """`take 5, 10` and `limit 5, 10` of MySQL."""
    words = [t.text.lower() for t in tokens]
    if start != "stage" or len(words) != 4 or words[0] not in {"take", "limit"} or words[2] != ",":
        return None
    return replacement_hint(tokens, f"skip {words[1]} | take {words[3]}")


def merge_of_object(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """`patch task:7 merge {a: 1}` of SurrealQL is `patch task:7 set a = 1`."""
    words = [t.text.lower() for t in tokens]
    if start != "head" or words[0] != "patch" or words[2:4] != ["merge", "{"] or words[-1] != "}":
        return None
    depth, changed = 0, list(tokens[4:-1])
    for i, token in enumerate(changed):
        depth += (token.text in {"(", "[", "{"}) - (token.text in {")", "]", "}"})
        if token.text == ":" and depth == 0:
            changed[i] = Token(token.kind, " =", token.start)
    better = "set " + "".join(respaced(changed, tokens[4:-1]))
    span = tokens[2].span.cover(tokens[-1].span)
    return dialect_hint("merge", "set", tokens[2].span, Fix(span, better, f"write {better}"))


def delete_from(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """`delete from a`, `delete a where b`, and the same of forget."""
    if start != "head" or tokens[0].text not in {"delete", "forget"} or len(tokens) < 2:
        return None
    if len(tokens) == 3 and tokens[1].text == "from":
        end = tokens[-1].end
        edit = Fix(Span(end, end), " where true", "write where true, for all its records")
        expected = "where and which records; `where true` means all of them"
        return make_diagnostic("PQ0101", Span(end, end), expected=expected, found="the end of the statement", fix=edit)
    if (
        tokens[1].kind is TokenKind.NAME
        and tokens[1].text != "from"
        and (len(tokens) == 2 or tokens[2].text == "where")
    ):
        all_of_it = " where true" if len(tokens) == 2 else ""
        better = f"from {tokens[1].text}{all_of_it}"
        return dialect_hint(tokens[1].text, better, tokens[1].span, Fix(tokens[1].span, better, f"write {better}"))
    return None


def forget_of_snapshots(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """`forget a:b --snapshots`, `forget a:b and snapshots`."""
    if (
        start != "head"
        or tokens[0].text != "forget"
        or tokens[-1].text not in {"snapshots", "snapshot"}
        or len(tokens) < 4
    ):
        return None
    dashes = tokens[-2].text == tokens[-3].text == "-"
    return replacement_hint(tokens[-3:] if dashes else tokens[-2:], "with snapshots")


STATEMENT_RULES = (
    select_statement,
    update_statement,
    json_text,
    let_of_value,
    bare_source,
    multi_word_keyword,
    top_by,
    count_star,
    braced_items,
    postfix_alias,
    source_alias,
    offset_and_count,
    merge_of_object,
    delete_from,
    forget_of_snapshots,
    missing_source,
)
