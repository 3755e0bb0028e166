"""Text to tree and diagnostics. Never raises on a text; each piece is parsed alone and remembered by its text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import Any, cast

from lark import Lark
from lark.exceptions import UnexpectedInput, UnexpectedToken
from lark.lexer import PatternRE, PatternStr, TerminalDef
from lark.parsers.lalr_interactive_parser import InteractiveParser

from paasq_dsl.diagnostics import Diagnostic, Fix, make_diagnostic
from paasq_dsl.source_text import Span
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.declaration_docs import with_declaration_texts, with_field_docs
from paasq_dsl.syntax.expression_builder import LiteralError
from paasq_dsl.syntax.lexer import Token, TokenKind, tokenize
from paasq_dsl.syntax.recovery.error_patterns import match_error_pattern
from paasq_dsl.syntax.recovery.expected_tokens import describe_expected
from paasq_dsl.syntax.recovery.local_repair import find_repair
from paasq_dsl.syntax.recovery.missing_terminators import MissingTerminator, find_missing_terminators
from paasq_dsl.syntax.recovery.successive_errors import successive_errors
from paasq_dsl.syntax.scanned_text import ScannedText
from paasq_dsl.syntax.stage_splitter import Fragment, split_statement, without_trivia
from paasq_dsl.syntax.statement_splitter import split_statements
from paasq_dsl.syntax.text_cache import TextCache
from paasq_dsl.syntax.tree_builder import TreeBuilder

TEXT_CHARACTERS_MAX = 250_000  # large records come by the put method, not inside a text
DIAGNOSTICS_MAX = 100  # what a person or an agent can use
PREFIX_TOKENS_MAX = 8  # of a broken piece, its word and name are among them
DEPTH_MAX = 80  # of a tree; what walks trees by recursion relies on it

ParsedFragment = tuple[Any, tuple[Diagnostic, ...]]
ParsedStatement = tuple[tree.Statement | None, tuple[Diagnostic, ...]]


def parse_script(text: str) -> tuple[tree.Script, tuple[Diagnostic, ...]]:
    """`parse_scanned` for callers who have no tokens."""
    return parse_scanned(ScannedText(text))


def parse_scanned(source: ScannedText) -> tuple[tree.Script, tuple[Diagnostic, ...]]:
    """The statements of a text, each broken piece an `ErrorNode`, and every diagnostic in the order of the text. Only a
    statement that is not remembered from an earlier text asks for tokens."""
    if len(source.text) > TEXT_CHARACTERS_MAX:
        return tree.Script(()), (make_diagnostic("PQ0118", Span(0, 0), most=TEXT_CHARACTERS_MAX),)
    parsed: list[tree.Statement] = []
    found: list[Diagnostic] = []
    for start, _written, (statement, wrong) in parse_statements(source):
        if statement is not None:
            parsed.append(statement.shift(start))
        found += [d.shift(start) for d in wrong]
    return tree.Script(tuple(parsed)), tuple(found[:DIAGNOSTICS_MAX])


def parse_statements(source: ScannedText) -> Iterator[tuple[int, str, ParsedStatement]]:
    """Each statement: where its text begins, that text, and what was made of it, with spans that count from there."""
    text = source.text
    for span in split_statements(text):
        start, written = span.start, source.statement(span)
        for cut in _missing_ends(written):
            part = text[start : cut.next_keyword.start]
            statement, wrong = parse_statement(
                ScannedText(part)
            )  # with no ; before it, its own scan gives other tokens
            if cut.end is not None:
                edit = Fix(Span(cut.end, cut.end), ";", "write ;")
                wrong += (make_diagnostic("PQ0121", cut.next_keyword.span, fix=edit).shift(-start),)
            yield start, part, (statement, wrong)
            start = cut.next_keyword.start
        rest = written if start == span.start else ScannedText(text[start : span.end])
        yield start, rest.text, parse_statement(rest)


def statement_spans(text: str, end: int | None = None) -> list[Span]:
    """The bounds of the statements that `parse_statements` gives, of a text or its beginning."""
    found: list[Span] = []
    source = ScannedText(text[:end])
    for span in split_statements(text, end):
        cuts = _missing_ends(source.statement(span))
        bounds = [span.start, *(cut.next_keyword.start for cut in cuts), span.end]
        found += [Span(start, stop) for start, stop in pairwise(bounds)]
    return found


def _missing_ends(written: ScannedText) -> list[MissingTerminator]:
    return find_missing_terminators(written) if parse_statement(written)[1] else []


def parse_statement(source: ScannedText) -> ParsedStatement:
    """The one statement between two bounds of the outline, None where there is none. Spans count from its start."""
    known = _statements.get(source.text)
    if known is None:
        known = _parsed_statement(source)
        _statements.put(source.text, known)
    return known


def _parsed_statement(source: ScannedText) -> ParsedStatement:
    pieces, unbalanced = split_statement(source)
    if pieces is None:
        return None, unbalanced
    found = list(unbalanced)

    def place(piece: Fragment) -> Any:
        if any(piece.start <= d.span.start < piece.span.end for d in unbalanced):
            return _broken(piece.text)  # split has said why
        node, diagnostics = parse_fragment(piece.text, piece.start_rule)
        found.extend(d.shift(piece.start) for d in diagnostics)
        return node

    first, *rest = pieces.fragments
    head = place(first)
    stages = tuple(tree.PositionedStage(place(p), p.start) for p in rest if p.start_rule == "stage")
    emitting = [p for p in rest if p.start_rule == "emission"]
    emission = tree.PositionedEmitClause(place(emitting[0]), emitting[0].start) if emitting else None
    if stages and not isinstance(head, (tree.QueryHead, tree.LetHead, tree.ViewHead, tree.WatchHead, tree.ErrorNode)):
        found.append(make_diagnostic("PQ0419", rest[0].span))
    if emitting and rest[-1] != emitting[0]:
        found.append(make_diagnostic("PQ0624", emitting[0].span))
    found.sort(key=lambda d: (d.span.start, d.code))
    return tree.Statement(head, first.start, stages, pieces.doc, pieces.span, emission), tuple(found)


def parse_fragment(text: str, start_rule: str) -> ParsedFragment:
    """One head, stage or emission, as `start_rule` says. Spans count from the start of `text`."""
    memory = _pieces[start_rule]
    known = memory.get(text)
    if known is None:
        known = _parsed_piece(text, start_rule)
        memory.put(text, known)
    return known


def _parsed_piece(text: str, start: str) -> ParsedFragment:
    if not text:
        # a stage is missing after the | that is right before it, a source before that
        missing = _missing_stage() if start == "stage" else make_diagnostic("PQ0119", Span(0, 1))
        return tree.ErrorNode(Span(0, 0), ""), (missing,)
    try:
        node: Any = _parser().parse(text, start=start)
    except UnexpectedInput as error:
        return _broken(text), tuple(_faults(text, start, error))
    except LiteralError as error:
        return _broken(text), (error.diagnostic,)
    if len(text) > DEPTH_MAX and _depth(node) > DEPTH_MAX:
        return _broken(text), (make_diagnostic("PQ0117", Span(0, len(text)), what="this nests", most=DEPTH_MAX),)
    if isinstance(node, tree.CollectionDeclaration) and "///" in text:
        node = with_field_docs(node, text)
    if isinstance(node, (tree.LetHead, tree.ViewHead, tree.FunctionDeclaration)) and node.parameters:
        node = with_declaration_texts(node, text)
    return node, ()


def parse_expression(text: str) -> tree.Expression | None:
    """An expression by itself, as the catalog keeps those of computed fields; None where it is none."""
    try:
        return cast("tree.Expression", _parser().parse(text, start="expression"))
    except (UnexpectedInput, LiteralError):
        return None


def expected_terminals(text: str, start_rule: str) -> frozenset[str]:
    """The terminals that may follow a prefix of a piece, for completion; nothing where the prefix itself is broken."""
    interactive = _parser().parse_interactive(text, start=start_rule)
    try:
        interactive.exhaust_lexer()
    except UnexpectedInput:
        return frozenset()
    return _accepted(interactive)


_statements: TextCache[ParsedStatement] = TextCache()
_pieces: dict[str, TextCache[ParsedFragment]] = {rule: TextCache() for rule in ("head", "stage", "emission")}


@lru_cache(1)
def _parser() -> Lark:
    grammar = files("paasq_dsl.syntax").joinpath("grammar.lark").read_text("utf-8")
    return Lark(
        grammar, parser="lalr", start=["head", "stage", "emission", "expression"], maybe_placeholders=True,
        transformer=TreeBuilder(),
        edit_terminals=_whole_word,
    )  # fmt: skip


def _whole_word(terminal: TerminalDef) -> None:
    """Where no name is allowed, the lexer would else read `andb` as `and b`."""
    if isinstance(terminal.pattern, PatternStr) and terminal.pattern.value.isalpha():
        terminal.pattern = PatternRE(terminal.pattern.value + r"(?!\w)")
        terminal.priority = 1  # above NAME, as a word of the grammar is where both are allowed


def _accepted(interactive: InteractiveParser) -> frozenset[str]:
    return frozenset(interactive.accepts())  # type: ignore[no-untyped-call] # Lark gives it no types


def _missing_stage() -> Diagnostic:
    bar = Span(-1, 0)
    return make_diagnostic("PQ0109", bar, fix=Fix(bar, "", "take this | out"))


def _broken(text: str) -> tree.ErrorNode:
    first, *rest = without_trivia(tokenize(text)[:PREFIX_TOKENS_MAX])
    name = rest[0].text.strip("`$") if rest and rest[0].kind in {TokenKind.NAME, TokenKind.PARAM} else ""
    return tree.ErrorNode(Span(0, len(text)), first.text, name)


def _faults(text: str, start: str, error: UnexpectedInput) -> Iterator[Diagnostic]:
    """The mistakes that people make, where there are any; else what the grammar would have taken."""
    tokens = without_trivia(tokenize(text))
    mistake = match_error_pattern(tokens, start)
    if mistake is None:
        yield _unexpected(text, start, error, tokens)
        return
    yield mistake
    yield from successive_errors(text, start, mistake, lambda mended: _parses(mended, start))


def _unexpected(text: str, start: str, error: UnexpectedInput, tokens: list[Token]) -> Diagnostic:
    end = f"the end of the {'stage' if start == 'stage' else 'statement'}"
    at_end = isinstance(error, UnexpectedToken) and error.token.type == "$END"
    at = len(text) if at_end else error.pos_in_stream or 0
    bad = None if at_end else next(t for t in tokens if t.end > at)
    # what the error itself names is of all places that look alike to the parser; the text up to here gives those of this one
    accepted = expected_terminals(text[: bad.start if bad else at], start)
    edit = find_repair(text, bad, accepted, lambda mended: _parses(mended, start))
    found = end if bad is None else f"`{bad.text[:40]}`"
    return make_diagnostic(
        "PQ0101", bad.span if bad else Span(at, at), expected=describe_expected(accepted, end), found=found, fix=edit
    )


def _parses(text: str, start: str) -> bool:
    try:
        _parser().parse(text, start=start)
    except (UnexpectedInput, LiteralError):
        return False
    return True


def _depth(root: Any) -> int:
    """Of a tree, without recursion: this is what guards those that recurse."""
    deepest = 0
    waiting: list[tuple[Any, int]] = [(root, 1)]
    while waiting:
        node, depth = waiting.pop()
        deepest = max(deepest, depth)
        waiting.extend((child, depth + 1) for child in _children(node))
    return deepest


def _children(node: Any) -> Iterator[Any]:
    for field in fields(node):
        value = getattr(node, field.name)
        for child in value if isinstance(value, tuple) else (value,):
            if is_dataclass(child) and isinstance(child, tree.Node):
                yield child
