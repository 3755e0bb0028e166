"""The one way a text is laid out. Keeps every token and comment, and so the tree; what is broken is left as it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from paasq_dsl.diagnostics import Diagnostic
from paasq_dsl.source_text import Span
from paasq_dsl.syntax import statement_splitter, tree
from paasq_dsl.syntax.format.document_builder import build_document
from paasq_dsl.syntax.format.pretty_printer import render_document
from paasq_dsl.syntax.lexer import Token, TokenKind, tokenize
from paasq_dsl.syntax.parser import TEXT_CHARACTERS_MAX, parse_statement
from paasq_dsl.syntax.scanned_text import ScannedText

WIDE, NARROW = 100, 60  # characters a line: of a file, of a narrow pane


def format_text(text: str, width: int = WIDE) -> str:
    """The text in its canonical form; formatted again it stays as it is. One too long to be parsed stays too.

    Raises ValueError where the width is neither WIDE nor NARROW.
    """
    if width not in {WIDE, NARROW}:
        raise ValueError(f"lines are {WIDE} or {NARROW} characters wide, not {width}")
    if len(text) > TEXT_CHARACTERS_MAX:
        return text
    whole = ScannedText(text)
    found = [
        (span.start, *parse_statement(whole.statement(span))) for span in statement_splitter.split_statements(text)
    ]
    statements = [statement.shift(start) for start, statement, _ in found if statement]
    diagnostics = [d.shift(start) for start, _, wrong in found for d in wrong]
    page = _Output(text, width)
    starts = [*(s.span.start for s in statements), len(text)]
    page.between(tokenize(text[: starts[0]]))
    for statement, (_, following) in zip(statements, pairwise(starts), strict=True):
        behind = tokenize(text[statement.span.end : following])
        ends = next((i for i, t in enumerate(behind) if t.text == ";"), None)
        if _is_whole(statement, diagnostics):
            # without a semicolon, the comments after the statement are those of the end of the text
            before_end = () if ends is None else behind[:ends]
            page.whole(statement.span, before_end, closed=ends is not None or len(statements) > 1)
        else:
            page.broken(statement.span, "" if ends is None else "".join(t.text for t in behind[: ends + 1]))
        page.between(behind if ends is None else behind[ends + 1 :])
    return page.finish()


def _is_whole(statement: tree.Statement, diagnostics: Sequence[Diagnostic]) -> bool:
    parts = (statement.head, *(stage.node for stage in (*statement.stages, statement.emit_clause) if stage is not None))
    span = statement.span
    return not any(isinstance(part, tree.ErrorNode) for part in parts) and not any(
        span.start <= d.span.start <= span.end for d in diagnostics
    )


@dataclass
class _Output:
    """Statements and what is between them, written one after the other."""

    text: str
    width: int
    out: list[str] = field(default_factory=list)
    newlines: int = 0  # read since what was written last
    line_open: bool = False  # may a comment follow what was written last?
    end_open: bool = False  # is that a string or comment without its end, which a newline would go into?

    def whole(self, span: Span, behind: Sequence[Token], *, closed: bool) -> None:
        """A statement in the canonical layout. `behind`: the tokens between it and its semicolon; none where it has none."""
        comments = [i for i, t in enumerate(behind) if t.kind is not TokenKind.SPACE]
        line = behind[: comments[-1] + 1] if comments else ()
        one_line = not any(t.kind is TokenKind.DOC or (t.kind is TokenKind.SPACE and "\n" in t.text) for t in line)
        end = ";" if closed else ""
        doc = build_document(tokenize(self.text[span.start : span.end]))
        self._line(render_document((doc, end if one_line else ""), self.width))
        self._trivia(behind)
        if not one_line:
            self._line(end)
        elif not comments:
            self.newlines = 0

    def broken(self, span: Span, end: str) -> None:
        """A statement as it is, its indent and `end`, all up to its semicolon, with it."""
        indent = self.text[self.text.rfind("\n", 0, span.start) + 1 : span.start]
        self._line((indent if indent.isspace() else "") + self.text[span.start : span.end] + end)
        last = tokenize(self.text[span.start : span.end])[-1]
        self.end_open = last.kind is TokenKind.ERROR and last.text.startswith(("/*", '"""'))

    def between(self, tokens: Sequence[Token]) -> None:
        """The comments between two statements. A semicolon that ends nothing goes, but for one that ends a doc."""
        documented = False
        for token in tokens:
            if token.text != ";":
                documented = documented or token.kind is TokenKind.DOC
                self._trivia([token])
            elif documented:
                self._line(";")
                documented = False

    def finish(self) -> str:
        if self.out and not self.end_open:
            self.out.append("\n")
        return "".join(self.out)

    def _trivia(self, tokens: Sequence[Token]) -> None:
        for token in tokens:
            if token.kind is TokenKind.SPACE:
                self.newlines += token.text.count("\n")
            elif token.kind is TokenKind.COMMENT and self.line_open and not self.newlines:
                self.out.append(("  " if token.text.startswith("//") else " ") + token.text.rstrip())
            else:
                self._line(token.text.rstrip())

    def _line(self, text: str) -> None:
        if self.out:
            self.out.append("\n\n" if self.newlines > 1 else "\n")
        self.out.append(text)
        self.newlines, self.line_open, self.end_open = 0, True, False
