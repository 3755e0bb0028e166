"""Text into statements and stages, before any parsing and on any text, so that a broken stage stays alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from paasq_dsl.diagnostics import Diagnostic, Fix, make_diagnostic
from paasq_dsl.source_text import Span
from paasq_dsl.syntax.keywords import (
    MEMBERSHIP_KEYWORDS,
    NAME_PRECEDING_KEYWORDS,
    PIPELINE_STAGES,
    STAGE_KEYWORDS,
    WATCH_EVENTS,
)
from paasq_dsl.syntax.lexer import TRIVIA, Token, TokenKind
from paasq_dsl.syntax.scanned_text import ScannedText
from paasq_dsl.syntax.statement_splitter import split_statements

NESTING_MAX = 64
_PAIRS = {"(": ")", "{": "}", "[": "]"}
_CLOSERS = frozenset(_PAIRS.values())
_EMITTING = frozenset({"emit", "after"})
_OPEN_ENDS = frozenset({"|", ",", "watch"})  # what can't end the fragment before
_VALUE_ENDS = frozenset('"`_)]}')
_BETWEEN_VALUES = frozenset({"and", "or", "not", "in", "has"})
_BEHIND_BAR = STAGE_KEYWORDS | {"|", ";"}


@dataclass(frozen=True, slots=True)
class Fragment:
    """A statement's head, one stage, without the `|` around it, or what a watch emits. `start` is the offset of `text` in
    the whole text; `start_rule` is how the parser begins: head, stage or emission."""

    text: str
    start: int
    start_rule: str

    @property
    def span(self) -> Span:
        """The characters of the fragment in the whole text."""
        return Span(self.start, self.start + len(self.text))


@dataclass(frozen=True, slots=True)
class StatementFragments:
    """One statement: its head, its stages, and of a watch what it emits. `doc` is the text of the `///` lines before it."""

    fragments: tuple[Fragment, ...]
    doc: str
    span: Span

    def shift(self, offset: int) -> StatementFragments:
        """The same fragments `offset` characters further on."""
        pieces = tuple(Fragment(p.text, p.start + offset, p.start_rule) for p in self.fragments)
        return StatementFragments(pieces, self.doc, self.span.shift(offset))


@dataclass(slots=True)
class _OpenBracket:
    token: Token
    holds_pipeline: bool
    holds_statements: bool
    stage: str = ""  # the word of the stage that is being read in it, once there was a |


class _Splitter:
    """Of the text of one statement; a `;` in it parts the writes of a tx."""

    def __init__(self, source: ScannedText) -> None:
        self.text = source.text
        self.tokens = [t for t in source.tokens if t.kind not in {TokenKind.SPACE, TokenKind.COMMENT}]
        self.diagnostics: list[Diagnostic] = []
        self.opened: list[_OpenBracket] = []
        self.too_deep = 0  # brackets open beyond NESTING_MAX
        self.piece: list[Token] = []
        self.pieces: list[Fragment] = []
        self.docs: list[str] = []
        self.bar_end = 0
        self.rule = "head"  # of the fragment that is being read

    def run(self) -> StatementFragments | None:
        for i, token in enumerate(self.tokens):
            if token.kind is TokenKind.DOC:
                if not self.piece and not self.pieces:
                    self.docs.append(token.text[3:].strip())
                continue
            following = self.tokens[i + 1] if i + 1 < len(self.tokens) else None
            if token.text == "|" and not self._is_or(i) and self._ends_stage(following):
                self._end_piece(token.start)
                self.bar_end = token.end
            else:
                if self._begins_emission(token, following):
                    self._end_piece(token.start)
                    self.rule = "emission"
                self._brackets(token, self.tokens[i + 1 : i + 3])
                self.piece.append(token)
        self._never_closed(lambda _: True)
        if not self.piece and not self.pieces:
            return None
        self._end_piece(len(self.text))
        return StatementFragments(
            tuple(self.pieces), "\n".join(self.docs), Span(self.pieces[0].start, self.pieces[-1].span.end)
        )

    def _is_or(self, i: int) -> bool:
        """Is this one of two bars that mean "or" elsewhere, not two of which one is too many?"""
        return self._doubled(i) or (i > 0 and self._doubled(i - 1))

    def _doubled(self, i: int) -> bool:
        if i + 2 >= len(self.tokens):
            return False
        first, second, after = self.tokens[i : i + 3]
        return first.text == second.text == "|" and first.end == second.start and after.text not in _BEHIND_BAR

    def _ends_stage(self, following: Token | None) -> bool:
        """Outside brackets always; inside one that can't hold a pipeline, a stage word after the | forces it."""
        if following is not None and following.text in STAGE_KEYWORDS:
            self._never_closed(lambda opened: not opened.holds_pipeline)
        return not self.opened

    def _begins_emission(self, token: Token, following: Token | None) -> bool:
        """Does what a watch emits begin here? Inside a bracket that can't hold a pipeline `emit enter` forces it."""
        if token.text not in _EMITTING or not (self._in_watch and self.piece) or self.rule == "emission":
            return False
        if token.text == "after" and self.piece[0].text == "page":
            return False
        event = following is not None and following.text in WATCH_EVENTS
        if not begins_emit_clause(self.piece[-1].text, token.text, event=event):
            return False
        if event and token.text == "emit":
            self._never_closed(lambda opened: not opened.holds_pipeline)
        return not self.opened

    @property
    def _in_watch(self) -> bool:
        first = self.pieces[0].text if self.pieces else self.piece[0].text if self.piece else ""
        return first.split(maxsplit=1)[:1] == ["watch"]

    def _brackets(self, token: Token, following: Sequence[Token]) -> None:
        if token.kind is not TokenKind.OPERATOR:
            return
        if token.text == "|" and self.opened and following:
            self.opened[-1].stage = following[0].text
        elif token.text == ";":
            self._never_closed(lambda opened: not opened.holds_statements)
        elif token.text in _PAIRS:
            words = [t.text for t in self.piece[:2]]
            first = words[0] if words else ""
            statements = token.text == "{" and not self.opened and "tx" in (words if first == "dryrun" else words[:1])
            if len(self.opened) < NESTING_MAX:
                stage = (self.opened and self.opened[-1].stage) or first
                pipeline = token.text == "(" and (
                    stage in PIPELINE_STAGES or self._puts_from(first) or self._begins_pipeline(following)
                )
                self.opened.append(_OpenBracket(token, pipeline, statements))
                return
            if not self.too_deep:
                self.diagnostics.append(make_diagnostic("PQ0117", token.span, what="brackets nest", most=NESTING_MAX))
            self.too_deep += 1
        elif token.text in _CLOSERS and self.too_deep:
            self.too_deep -= 1
        elif token.text in _CLOSERS:
            matching = [o for o in self.opened if _PAIRS[o.token.text] == token.text]
            if not matching:
                edit = Fix(token.span, "", f"take this {token.text} out")
                self.diagnostics.append(make_diagnostic("PQ0112", token.span, found=token.text, fix=edit))
                return
            self._never_closed(lambda opened: opened is not matching[-1])
            self.opened.pop()

    def _puts_from(self, first: str) -> bool:
        """Is this the bracket of `put collection from (pipeline)`?"""
        return first in {"put", "tx", "dryrun"} and self.piece[-1].text == "from"

    def _begins_pipeline(self, following: Sequence[Token]) -> bool:
        """Is this the bracket of `in (from task | ...)`, or of `in (task | ...)`, which says what it should have been?"""
        first, second = following if len(following) == 2 else (None, None)
        if first is None or second is None:
            return False
        if first.text == "from":
            return second.kind in {TokenKind.NAME, TokenKind.REF} and second.text not in _BETWEEN_VALUES
        return second.text == "|" and bool(self.piece) and self.piece[-1].text in MEMBERSHIP_KEYWORDS

    def _never_closed(self, unclosed: Callable[[_OpenBracket], bool]) -> None:
        """Drop what is open, innermost first, as long as it is `unclosed`. An edit closes what is inside too."""
        closing = ""
        while self.opened and unclosed(self.opened[-1]):
            token = self.opened.pop().token
            closing += _PAIRS[token.text]
            end = self.piece[-1].end
            edit = Fix(Span(end, end), closing, f"write {closing}")
            self.diagnostics.append(make_diagnostic("PQ0113", token.span, found=token.text, fix=edit))

    def _end_piece(self, end: int) -> None:
        nothing = self.bar_end if self.pieces else end  # where a stage is missing
        start = self.piece[0].start if self.piece else nothing
        stop = self.piece[-1].end if self.piece else nothing
        self.pieces.append(Fragment(self.text[start:stop], start, self.rule))
        self.piece, self.rule = [], "stage"


def begins_emit_clause(before: str, word: str, *, event: bool) -> bool:
    """Does `emit`, or `after`, begin what a watch emits after the token `before`? A field may bear that name; it can't stand
    right after a value. `event`: is the token after it the word of an event?"""
    if word == "emit" and event:
        return before not in _OPEN_ENDS
    return before not in _OPEN_ENDS | NAME_PRECEDING_KEYWORDS and (before[-1].isalnum() or before[-1] in _VALUE_ENDS)


def split_statement(source: ScannedText) -> tuple[StatementFragments | None, tuple[Diagnostic, ...]]:
    """The one statement between two bounds, None where there is none, and what is wrong with its brackets. Never raises."""
    splitter = _Splitter(source)
    return splitter.run(), tuple(splitter.diagnostics)


def split_script(text: str) -> tuple[tuple[StatementFragments, ...], tuple[Diagnostic, ...]]:
    """The statements of a text, and what is wrong with its brackets. Never raises; linear."""
    found: list[StatementFragments] = []
    diagnostics: list[Diagnostic] = []
    whole = ScannedText(text)
    for span in split_statements(text):
        pieces, wrong = split_statement(whole.statement(span))
        found += [pieces.shift(span.start)] if pieces else []
        diagnostics += [d.shift(span.start) for d in wrong]
    return tuple(found), tuple(diagnostics)


def without_trivia(tokens: list[Token]) -> list[Token]:
    """The tokens without space, comments and doc comments, in order."""
    return [t for t in tokens if t.kind not in TRIVIA]
