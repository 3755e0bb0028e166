"""Building blocks of dialect hints: tokens as source text, diagnostics that name an equivalent, and fixes of letter case."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from paasq_dsl.diagnostics import Diagnostic, Fix, make_diagnostic
from paasq_dsl.source_text import Span
from paasq_dsl.syntax.keywords import CLAUSE_KEYWORDS, STAGE_KEYWORDS, STATEMENT_KEYWORDS
from paasq_dsl.syntax.lexer import Token

KEYWORDS = STAGE_KEYWORDS | STATEMENT_KEYWORDS | CLAUSE_KEYWORDS
TITLE_MAX = 40  # characters of an edit shown whole in its title


def source_of(tokens: Sequence[Token]) -> str:
    """The source text of the tokens, with one space wherever there was space or a comment between two of them."""
    parts: list[str] = []
    for i, token in enumerate(tokens):
        parts += [" "] if i and tokens[i - 1].end < token.start else []
        parts.append(token.text)
    return "".join(parts)


def dialect_hint(found: str, equivalent: str, span: Span, edit: Fix | None = None) -> Diagnostic:
    """PQ0106 at `span`: `found` is written as in another language, `equivalent` is how it is written here."""
    return make_diagnostic("PQ0106", span, found=found, better=equivalent, fix=edit)


def replacement_hint(tokens: Sequence[Token], equivalent: str) -> Diagnostic:
    """PQ0106 over all the tokens, with the fix that replaces them by `equivalent`."""
    span = tokens[0].span.cover(tokens[-1].span)
    return dialect_hint(source_of(tokens), equivalent, span, Fix(span, equivalent, f"write {equivalent}"))


def lower_case_fix(tokens: Sequence[Token], first: str | None = None, size: int = 1) -> Fix:
    """The fix that writes every keyword in lower case, up to the last one in capitals; `first`, where given, replaces the
    first `size` tokens."""
    capitals = [i for i, t in enumerate(tokens) if t.text.isupper() and t.text.lower() in KEYWORDS]
    end = max([size, *(i + 1 for i in capitals)])
    rest = [Token(t.kind, t.text.lower() if i in capitals else t.text, t.start) for i, t in enumerate(tokens[:end])]
    better = first or rest[0].text
    gap = " " if end > size and tokens[size - 1].end < tokens[size].start else ""
    text = better + gap + "".join(respaced(rest[size:], tokens[size:]))
    return Fix(Span(tokens[0].start, tokens[end - 1].end), text, f"write {text if len(text) < TITLE_MAX else better}")


def respaced(changed: Sequence[Token], tokens: Sequence[Token]) -> Iterator[str]:
    """The texts of `changed`, with a space wherever the source tokens at the same places had space or comments between."""
    for i, token in enumerate(changed):
        if i and tokens[i - 1].end < tokens[i].start:
            yield " "
        yield token.text
