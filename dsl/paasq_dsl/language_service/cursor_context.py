"""The context of a cursor: the words before it, what may come next, and what names mean there.

Only what is needed is bound: the statement up to the stage at the cursor, and the declarations before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

from paasq_dsl.binder.inlining import InlineParameter, InlinePipeline
from paasq_dsl.binder.script import OPEN_SCHEMA, BindResult, bind_script
from paasq_dsl.bound import Schema
from paasq_dsl.catalog import Catalog, Collection
from paasq_dsl.modules import NO_MODULES, ModuleProvider
from paasq_dsl.source_text import Span
from paasq_dsl.stages.follow import scan_schema
from paasq_dsl.stages.retrieval import with_score_columns
from paasq_dsl.stages.role import stage_role
from paasq_dsl.statements.role import statement_role
from paasq_dsl.syntax import tree
from paasq_dsl.syntax.completion_role import CompletionRole, current_branch, current_write
from paasq_dsl.syntax.keywords import MEMBERSHIP_KEYWORDS
from paasq_dsl.syntax.lexer import TRIVIA, Token, TokenKind, tokenize
from paasq_dsl.syntax.parser import expected_terminals, parse_statement, statement_spans
from paasq_dsl.syntax.scanned_text import ScannedText
from paasq_dsl.syntax.stage_splitter import Fragment, split_script, without_trivia
from paasq_dsl.syntax.statement_splitter import first_word
from paasq_dsl.syntax.tree import Use

_DECLARING = frozenset({"param", "let", "collection", "fn", "view", "alter", "drop", "use", "zone"})
_PIPELINES = frozenset({"let", "view"})
_WORD_KINDS = frozenset({TokenKind.NAME, TokenKind.PARAM})
_NUMBER_KINDS = frozenset({TokenKind.NUMBER, TokenKind.DURATION})
_WRITING = frozenset({"put", "patch", "delete", "forget"})


class FieldValues(Protocol):
    """Live values of a field, with how many records have each; most first. Never raises."""

    def __call__(self, collection: str, field: str, prefix: str, limit: int) -> list[tuple[str, int]]: ...


def no_values(collection: str, field: str, prefix: str, limit: int) -> list[tuple[str, int]]:
    """For where no store can be asked."""
    del collection, field, prefix, limit
    return []


@dataclass(frozen=True)
class CursorContext:
    """`preceding_tokens` are those of the head or stage up to the word at the cursor; `prefix` is that word up to the cursor,
    and `replace_span` all of it, in the whole text. In a string `prefix` is the text after its quote, and `quoted` is true.
    """

    text: str
    base_catalog: Catalog
    statement_prefix: Span  # the statement up to the fragment
    fragment: Span
    start_rule: str  # "head", "stage" or "emission"
    preceding_tokens: tuple[Token, ...]
    prefix: str
    replace_span: Span
    quoted: bool
    in_subquery: bool  # in a pipeline in brackets
    modules: ModuleProvider = NO_MODULES

    @cached_property
    def preceding_words(self) -> tuple[str, ...]:
        """The texts of `preceding_tokens`."""
        return tuple(t.text for t in self.preceding_tokens)

    @cached_property
    def role(self) -> CompletionRole:
        """What a name at the cursor would be, by the words before it in its head, stage or emit clause."""
        if self.in_subquery and not self.preceding_tokens and self.start_rule == "head":
            return CompletionRole.NOTHING  # but the word from
        if self.start_rule == "emission":
            return CompletionRole.SCALAR if self.preceding_words[-1:] == ("after",) else CompletionRole.NOTHING
        return statement_role(self.preceding_words) if self.start_rule == "head" else stage_role(self.preceding_words)

    @cached_property
    def expected_terminals(self) -> frozenset[str]:
        """The terminals that may occur here; empty where what comes before is broken."""
        start = self.replace_span.start - (1 if self.quoted else 0)
        return expected_terminals(self._without_closed_records(self.text[self.fragment.start : start]), self.start_rule)

    def _without_closed_records(self, piece: str) -> str:
        """A put of a thousand records is read as one of the record at the end: what is closed changes nothing after it."""
        if self.preceding_words[:1] != ("put",) or self.preceding_words[2:3] != ("[",):
            return piece
        depth, opened, closed = 0, None, None
        for token in self.preceding_tokens:
            depth += (token.text in {"{", "["}) - (token.text in {"}", "]"})
            if depth == 2 and token.text == "{" and opened is None:
                opened = token.start - self.fragment.start
            elif depth == 1 and token.text == ",":
                closed = token.end - self.fragment.start
        return piece if closed is None or opened is None else piece[:opened] + piece[closed:]

    @cached_property
    def accepts_value(self) -> bool:
        """May a name, a call or a literal be written here? After something broken the role alone says so."""
        return "NAME" in self.expected_terminals or not self.expected_terminals

    @cached_property
    def bind_result(self) -> BindResult:
        """The declarations before the cursor, and its statement up to its stage."""
        written = (self.text[span.start : span.end] for span in (*self._declarations, self.statement_prefix))
        script = tree.Script(tuple(statement for each in written for statement in _parsed(each)))
        return bind_script(script, self.base_catalog, resolve_module=self.modules)

    @cached_property
    def _declarations(self) -> list[Span]:
        before = statement_spans(self.text, self.statement_prefix.start)
        return [span for span in before if first_word(self.text, span.start) in _DECLARING]

    @property
    def catalog(self) -> Catalog:
        """The catalog with the declarations before the cursor added."""
        return self.bind_result.catalog

    def pipeline(self, name: str) -> InlinePipeline | None:
        """A let or a view, as it can be used here."""
        view = self.catalog.views.get(name)
        if name in self.bind_result.lets or view is None:
            return self.bind_result.lets.get(name)
        found = bind_script(tree.Script(_parsed(view.as_let)), self.catalog).lets.get(name)
        return found and replace(found, doc=view.doc)

    @cached_property
    def own_parameters(self) -> Mapping[str, InlineParameter]:
        """The parameters of the let or the view that the place is in."""
        around = statement_spans(self.text, self.replace_span.start)[-1]
        if first_word(self.text, around.start) not in _PIPELINES:
            return {}
        heads = tuple(replace(s, stages=()) for s in _parsed(self.text[around.start : around.end]))
        return bind_script(tree.Script(heads), self.base_catalog).own_parameters

    @cached_property
    def module_aliases(self) -> Mapping[str, str]:
        """The modules that may be named here, and their paths as they are written."""
        spans = (span for span in self._declarations if first_word(self.text, span.start) == "use")
        used = (s.head for span in spans for s in _parsed(self.text[span.start : span.end]))
        return {head.alias: head.path for head in used if isinstance(head, Use)}

    @property
    def module_qualifier(self) -> str:
        """`mail.` after the alias of a module and its dot, else empty."""
        alias = (
            self.preceding_words[-2].lstrip("$")
            if len(self.preceding_words) > 1 and self.preceding_words[-1] == "."
            else ""
        )
        return f"{alias}." if alias in self.module_aliases else ""

    @cached_property
    def schema(self) -> Schema:
        """The columns that may be named here."""
        if self.start_rule == "head":
            return scan_schema(self.write_target) if self.write_target else OPEN_SCHEMA
        schema = self.bind_result.stage_input_schemas[-1][1] if self.bind_result.stage_input_schemas else OPEN_SCHEMA
        return schema if current_branch(self.preceding_words) is None else with_score_columns(schema)

    @cached_property
    def write_target(self) -> Collection | None:
        """The collection that a write goes to."""
        write = current_write(self.preceding_words)
        if write[:1] == ("alter",) and len(write) > 2:
            return self.catalog.collections.get(write[2].strip("`"))
        if not write or write[0] not in _WRITING:
            return None
        named = [w.partition(":")[0] for w in write[1:3] if w != "from"]
        return self.catalog.collections.get(named[0]) if named else None


def cursor_context_at(
    text: str, offset: int, catalog: Catalog, modules: ModuleProvider = NO_MODULES
) -> CursorContext | None:
    """None where nothing can be said: inside a comment, a number or a long string."""
    statement = statement_spans(text, offset)[-1]
    begun, piece = _last_piece(text, statement)
    tokens = without_trivia(tokenize(text[piece.start : offset]))
    tail = tokenize(text[piece.span.end if piece.text else begun.end : offset])
    if tail and tail[-1].kind in TRIVIA - {TokenKind.SPACE} and not tail[-1].text.endswith("*/"):
        return None
    before = tuple(Token(t.kind, t.text, t.start + piece.start) for t in tokens)
    quoted, span = False, Span(offset, offset)
    if before and before[-1].end == offset:
        *rest, last = before
        if last.kind in _NUMBER_KINDS or (last.kind is TokenKind.ERROR and last.text[0].isdigit()):
            return None
        found = _word_at(last)
        if found is not None:
            quoted, word_start = found
            before, span = (*rest, *_record_prefix(last)), Span(word_start, offset)
    word = text[span.start : offset]
    whole = Span(span.start, _word_end(text, offset, quoted=quoted) if word or quoted else offset)
    if word.startswith(('""', "/*")):
        return None
    nested = begun.start > statement.start
    return CursorContext(
        text, catalog, begun, piece.span, piece.start_rule, before, word, whole, quoted, nested, modules
    )


def _last_piece(text: str, statement: Span) -> tuple[Span, Fragment]:
    """The statement up to its last fragment, and that fragment."""
    nothing = Fragment("", statement.end, "head")
    found = split_script(text[statement.start : statement.end])[0]
    *earlier, last = found[0].fragments if found else (nothing,)
    if (inside := _open_pipeline(last)) is not None:
        return _last_piece(text, Span(statement.start + inside, statement.end))
    end = earlier[-1].span.end if earlier else 0
    start = last.start + statement.start if last.text else statement.end
    return Span(statement.start, statement.start + end), Fragment(last.text, start, last.start_rule)


def _open_pipeline(piece: Fragment) -> int | None:
    """Where the pipeline in brackets begins that a piece ends in: of a union, or a list of values as in `x in (from ...`. It is
    read as a statement of its own."""
    tokens = without_trivia(tokenize(piece.text))
    in_union = piece.start_rule == "stage" and bool(tokens) and tokens[0].text == "union"
    opened: list[int | None] = []  # where the pipeline begins that a bracket holds, None where it holds none
    for before, token, following in zip(tokens, tokens[1:], [*tokens[2:], None], strict=False):
        if token.text == "(":
            lists = before.text in MEMBERSHIP_KEYWORDS and following is not None and following.text == "from"
            holds = lists or (in_union and not opened and before.text in {"union", ","})
            opened.append(token.end if holds else None)
        elif token.text == ")" and opened:
            opened.pop()
    begin = next((begin for begin in opened if begin is not None), None)
    return None if begin is None else piece.start + begin


def _word_at(token: Token) -> tuple[bool, int] | None:
    """Is the word that the cursor touches quoted, and where does it begin? None where the token is no word."""
    if token.kind in _WORD_KINDS or token.text in {"$", "@"} or token.text.startswith("@"):
        return False, token.start
    if token.kind is TokenKind.REF:
        return False, token.start + token.text.index(":") + 1
    if token.kind is TokenKind.ERROR and token.text.startswith('"'):
        return True, token.start + 1
    return None


def _record_prefix(token: Token) -> tuple[Token, ...]:
    """`note:` of `note:4x` stays before the word."""
    if token.kind is not TokenKind.REF:
        return ()
    at = token.text.index(":")
    return Token(TokenKind.NAME, token.text[:at], token.start), Token(TokenKind.OPERATOR, ":", token.start + at)


def _word_end(text: str, offset: int, *, quoted: bool) -> int:
    end = offset
    while end < len(text) and (text[end].isalnum() or text[end] == "_" or (quoted and text[end] in " -./:@")):
        end += 1
    return end if not quoted or text[end : end + 1] == '"' else offset


def _parsed(text: str) -> tuple[tree.Statement, ...]:
    """The statement that a text is; none of white space."""
    statement, _ = parse_statement(ScannedText(text))
    return () if statement is None else (statement,)
