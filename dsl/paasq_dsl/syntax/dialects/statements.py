"""Statements and stages of other query languages, and what stands for them here: each a rule with its edit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from paasq_dsl.diagnostics import Diagnostic, Edit, diagnostic
from paasq_dsl.source_text import Span
from paasq_dsl.syntax.keywords import (
    FOREIGN_PHRASES,
    FOREIGN_STAGES,
    FOREIGN_STATEMENTS,
    INNER_WORDS,
    STAGE_WORDS,
    STATEMENT_WORDS,
)
from paasq_dsl.syntax.lexer import Token, TokenKind

_WORDS = STAGE_WORDS | STATEMENT_WORDS | INNER_WORDS
_SELECT = "from <collection> | select ..."
TITLE_MAX = 40  # characters of an edit shown whole in its title
_ITEMS = frozenset({"select", "extend", "summarize", "facet", "sort", "distinct"})


def written(tokens: Sequence[Token]) -> str:
    """Tokens as they were written, space and comments between them one space."""
    parts: list[str] = []
    for i, token in enumerate(tokens):
        parts += [" "] if i and tokens[i - 1].end < token.start else []
        parts.append(token.text)
    return "".join(parts)


def said(found: str, better: str, span: Span, edit: Edit | None = None) -> Diagnostic:
    return diagnostic("PQ0106", span, found=found, better=better, edit=edit)


def replaced(tokens: Sequence[Token], better: str) -> Diagnostic:
    """`better` is what the tokens should be."""
    span = tokens[0].span.cover(tokens[-1].span)
    return said(written(tokens), better, span, Edit(span, better, f"write {better}"))


def in_lower_case(tokens: Sequence[Token], first: str | None = None, size: int = 1) -> Edit:
    """Every word of the language in lower case, up to the last that is not; `first` stands for the first `size` tokens."""
    capitals = [i for i, t in enumerate(tokens) if t.text.isupper() and t.text.lower() in _WORDS]
    end = max([size, *(i + 1 for i in capitals)])
    rest = [Token(t.kind, t.text.lower() if i in capitals else t.text, t.start) for i, t in enumerate(tokens[:end])]
    better = first or rest[0].text
    gap = " " if end > size and tokens[size - 1].end < tokens[size].start else ""
    text = better + gap + "".join(_with_gaps(rest[size:], tokens[size:]))
    return Edit(Span(tokens[0].start, tokens[end - 1].end), text, f"write {text if len(text) < TITLE_MAX else better}")


def _with_gaps(changed: Sequence[Token], tokens: Sequence[Token]) -> Iterator[str]:
    for i, token in enumerate(changed):
        if i and tokens[i - 1].end < tokens[i].start:
            yield " "
        yield token.text


def select_statement(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """`select a from b where c order by d limit 5`, the whole of it."""
    if start != "head" or tokens[0].text.lower() != "select":
        return None
    clauses = _clauses(tokens)
    source = clauses.get("from", [])
    if len(source) != 1 or not clauses["select"]:
        return said(tokens[0].text, _SELECT, tokens[0].span)
    stages = [f"from {source[0].text}"]
    stages += [f"where {_condition(clauses['where'])}"] if "where" in clauses else []
    items = written(clauses["select"]).replace("(*)", "()")
    if "group" in clauses or any(t.text == "(" for t in clauses["select"]):
        aggregates = ", ".join(item for item in items.split(", ") if "(" in item)
        grouped = f" by {written(clauses['group'])}" if "group" in clauses else ""
        stages.append(f"summarize {aggregates}{grouped}")
        items = "*"
    stages += [f"sort {written(clauses['order']).lower()}"] if "order" in clauses else []
    stages += [f"skip {written(clauses['offset'])}"] if "offset" in clauses else []
    stages += [f"take {written(clauses['limit'])}"] if "limit" in clauses else []
    stages += [] if items == "*" else [f"select {items}"]
    edit = Edit(tokens[0].span.cover(tokens[-1].span), " | ".join(stages), "write it as a pipeline")
    return said(tokens[0].text, _SELECT, tokens[0].span, edit)


def _clauses(tokens: Sequence[Token]) -> dict[str, list[Token]]:
    """The tokens behind each word that begins a clause."""
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
    return "".join(_with_gaps(changed, tokens))


def update_statement(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """`update a set b = 1 where c` is `patch a where c set b = 1`."""
    if start != "head" or tokens[0].text.lower() != "update":
        return None
    clauses = _clauses(tokens)
    target = written(clauses["update"])
    if not target or not clauses.get("set") or not clauses.get("where"):
        return None
    better = f"patch {target} where {_condition(clauses['where'])} set {written(clauses['set'])}"
    edit = Edit(tokens[0].span.cover(tokens[-1].span), better, "write it as a patch")
    return said(tokens[0].text, "patch", tokens[0].span, edit)


def phrase(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """Two words or more that stand for one: `order by`, `create table`, `project-away`."""
    known: Mapping[tuple[str, ...], str] = FOREIGN_PHRASES.get(start, {})
    for size in (3, 2):
        words = tuple(t.text.lower() for t in tokens[:size])
        better = known.get(words)
        if better is not None:
            found = tokens[: len(words)]
            edit = None if "..." in better or "<" in better else in_lower_case(tokens, better, len(words))
            return said(written(found), better, found[0].span.cover(found[-1].span), edit)
    return None


def top_by(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """`top 5 by number` is `sort number desc | take 5`."""
    words = [t.text.lower() for t in tokens]
    if start != "stage" or words[0] != "top":
        return None
    if len(tokens) < 4 or words[2] != "by":
        return said(tokens[0].text, "sort ... | take", tokens[0].span)
    keys = written(tokens[3:])
    ordered = keys if words[-1] in {"asc", "desc"} else f"{keys} desc"
    return replaced(tokens, f"sort {ordered} | take {tokens[1].text}")


def counting(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """`count` as a stage, `select *`, `count(*)`, `select distinct a`."""
    words = [t.text.lower() for t in tokens]
    if start != "stage":
        return None
    if words in (["count"], ["count", "(", ")"]):
        return replaced(tokens, "summarize count()")
    if words == ["select", "*"]:
        return diagnostic("PQ0418", tokens[1].span)
    if words[:2] == ["select", "distinct"] and len(tokens) > 2:
        items = written(tokens[2:])
        return replaced(tokens, f"distinct by {items} | select {items}")
    if words[0] == "distinct" and words[1:2] not in ([], ["by"]):
        edit = Edit(Span(tokens[0].end, tokens[0].end), " by", "write distinct by")
        return said(written(tokens[:2]), "distinct by", tokens[0].span, edit)
    for i, word in enumerate(words):
        if word == "*" and words[i - 1] == "(" and words[i + 1 : i + 2] == [")"]:
            return said("*", "count()", tokens[i].span, Edit(tokens[i].span, "", "take * out"))
    return None


def in_braces(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """`select {a, b}`, of PRQL."""
    if start != "stage" or len(tokens) < 3 or tokens[0].text.lower() not in STAGE_WORDS | set(FOREIGN_STAGES):
        return None
    if tokens[1].text != "{" or tokens[-1].text != "}":
        return None
    word = tokens[0].text.lower()
    better = f"{FOREIGN_STAGES.get(word, word)} {written(tokens[2:-1])}"
    edit = Edit(tokens[0].span.cover(tokens[-1].span), better, "take the braces out")
    return said("{ }", better if len(better) < TITLE_MAX else f"{word} a, b", tokens[1].span, edit)


def named_behind(tokens: Sequence[Token], start: str) -> Diagnostic | None:
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
            better = f"{name.text} = {written(value)}"
            span = value[0].span.cover(name.span)
            return diagnostic("PQ0127", token.span, better=better, edit=Edit(span, better, f"write {better}"))
    return None


def json_text(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    if start != "head" or tokens[0].text not in {"{", "["}:
        return None
    return diagnostic("PQ0128", tokens[0].span)


def let_of_value(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """`let x = 5` is a parameter with a default."""
    if start != "head" or tokens[0].text.lower() not in {"let", "set", "const", "var"} or len(tokens) < 4:
        return None
    if (
        tokens[2].text != "="
        or tokens[3].text in STATEMENT_WORDS
        or tokens[1].kind not in {TokenKind.NAME, TokenKind.PARAM}
    ):
        return None
    if len(tokens) == 4 and tokens[3].kind is TokenKind.NAME and tokens[3].text.lower() not in {"true", "false"}:
        before = Edit(Span(tokens[3].start, tokens[3].start), "from ", "write from")
        return diagnostic("PQ0119", tokens[3].span, edit=before)
    type_ = _LITERALS.get(tokens[3].kind) if len(tokens) == 4 else None
    if type_ == "int" and not tokens[3].text.isdigit():
        type_ = "float"
    better = f"param ${tokens[1].text.lstrip('$')}: {type_ or 'int'} = {written(tokens[3:])}"
    span = tokens[0].span.cover(tokens[-1].span)
    return diagnostic(
        "PQ0129", tokens[0].span, better=better, edit=Edit(span, better, f"write {better}") if type_ else None
    )


_LITERALS = {
    TokenKind.NUMBER: "int", TokenKind.STRING: "keyword", TokenKind.TIME: "time", TokenKind.DURATION: "duration",
}  # fmt: skip


def source_alone(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """A pipeline that begins with the name of its collection."""
    if (
        start == "head"
        and len(tokens) == 1
        and tokens[0].kind is TokenKind.NAME
        and tokens[0].text.lower() not in _WORDS | set(FOREIGN_STATEMENTS)
    ):
        edit = Edit(Span(tokens[0].start, tokens[0].start), "from ", "write from")
        return diagnostic("PQ0119", tokens[0].span, edit=edit)
    return None


def stage_at_the_start(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """`filter a > 1` without a source."""
    first = tokens[0]
    if start != "head" or (
        first.text.lower() not in FOREIGN_STAGES and first.text.lower() not in STAGE_WORDS - STATEMENT_WORDS
    ):
        return None
    return diagnostic("PQ0119", first.span)


def other_name_of_source(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """`from pep as p`: there is one source, so its fields need no name before them."""
    if start != "head" or len(tokens) != 4 or [tokens[0].text, tokens[2].text.lower()] != ["from", "as"]:
        return None
    behind = Span(tokens[1].end, tokens[3].end)
    return diagnostic("PQ0130", tokens[2].span.cover(tokens[3].span), edit=Edit(behind, "", "take it out"))


def offset_and_count(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """`take 5, 10` and `limit 5, 10` of MySQL."""
    words = [t.text.lower() for t in tokens]
    if start != "stage" or len(words) != 4 or words[0] not in {"take", "limit"} or words[2] != ",":
        return None
    return replaced(tokens, f"skip {words[1]} | take {words[3]}")


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
    better = "set " + "".join(_with_gaps(changed, tokens[4:-1]))
    span = tokens[2].span.cover(tokens[-1].span)
    return said("merge", "set", tokens[2].span, Edit(span, better, f"write {better}"))


def everything_deleted(tokens: Sequence[Token], start: str) -> Diagnostic | None:
    """`delete from a`, `delete a where b`."""
    if start != "head" or tokens[0].text != "delete" or len(tokens) < 2:
        return None
    if len(tokens) == 3 and tokens[1].text == "from":
        end = tokens[-1].end
        edit = Edit(Span(end, end), " where true", "write where true, for all its records")
        expected = "where and which records; `where true` means all of them"
        return diagnostic("PQ0101", Span(end, end), expected=expected, found="the end of the statement", edit=edit)
    if (
        tokens[1].kind is TokenKind.NAME
        and tokens[1].text != "from"
        and (len(tokens) == 2 or tokens[2].text == "where")
    ):
        all_of_it = " where true" if len(tokens) == 2 else ""
        better = f"from {tokens[1].text}{all_of_it}"
        return said(tokens[1].text, better, tokens[1].span, Edit(tokens[1].span, better, f"write {better}"))
    return None


STATEMENT_RULES = (
    select_statement, update_statement, json_text, let_of_value, source_alone, phrase, top_by, counting, in_braces,
    named_behind, other_name_of_source, offset_and_count, merge_of_object, everything_deleted, stage_at_the_start,
)  # fmt: skip
