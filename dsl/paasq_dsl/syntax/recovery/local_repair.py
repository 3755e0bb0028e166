"""Local repair: the single token change after which a fragment parses, offered only where it is unambiguous."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from paasq_dsl.diagnostics import Fix, similar_names
from paasq_dsl.source_text import Span
from paasq_dsl.syntax.dialects.vocabulary import DIALECT_CLAUSE_KEYWORDS
from paasq_dsl.syntax.lexer import Token, TokenKind, format_string, is_plain_name, unescape_string
from paasq_dsl.syntax.recovery.expected_tokens import terminal_literal

CANDIDATES_MAX = 8  # each is a parse
REPAIR_CHARACTERS_MAX = 2_000


def find_repair(
    text: str, unexpected: Token | None, accepted: frozenset[str], parses: Callable[[str], bool]
) -> Fix | None:
    """The fix after which `parses` holds; None where several work, none does, or trying them would be too expensive.

    `unexpected` is the token at which the parser stopped, None at the end of the text; `accepted` are the terminals of the
    grammar that it would have taken there. Costs at most `CANDIDATES_MAX` parses.
    """
    if len(text) > REPAIR_CHARACTERS_MAX:
        return None
    choices = list(_choices(text, unexpected, accepted))
    if sum(map(len, choices)) > CANDIDATES_MAX:
        return None
    working = [next((e for e in edits if parses(e.apply(text))), None) for edits in choices]
    working = [edit for edit in working if edit is not None]
    return working[0] if len(working) == 1 else None


def _choices(text: str, found: Token | None, accepted: frozenset[str]) -> Iterator[list[Fix]]:
    """For each accepted terminal that can be written, the edits that insert or substitute it, best first."""
    words = [word for word in map(terminal_literal, sorted(accepted)) if word is not None]
    if found is None:
        yield from ([Fix(Span(len(text), len(text)), _apart(word), f"write {word}")] for word in words)
        return
    other = next((better for kind, better in _other_kinds(found) if kind in accepted), None)
    if other is not None:
        yield [Fix(found.span, other, f"write {other}")]
    close = _intended_word(found, words)
    if close is not None:
        yield [Fix(found.span, close, f"write {close}")]
        return
    for word in words:
        before = len(text[: found.start].rstrip()) if word in {":", ",", ";"} else found.start
        inserted = Fix(Span(before, before), word if before < found.start else f"{word} ", f"write {word}")
        instead = Fix(found.span, word, f"write {word}")
        yield [inserted, instead] if _is_word(found.text) else [instead] if not _is_word(word) else [inserted]


def _intended_word(found: Token, words: Sequence[str]) -> str | None:
    """The accepted keyword that a name is the dialect form or a misspelling of."""
    if found.kind is not TokenKind.NAME:
        return None
    if (better := DIALECT_CLAUSE_KEYWORDS.get(found.text.lower())) in words:
        return better
    return next(iter(similar_names(found.text, filter(_is_word, words))), None)


def _apart(word: str) -> str:
    return f" {word}" if _is_word(word) else word


def _is_word(text: str) -> bool:
    return text[:1].isalnum() or text[:1] in '_`"$@'


def _other_kinds(found: Token) -> Iterator[tuple[str, str]]:
    if found.kind is TokenKind.NAME:
        yield "STRING", format_string(found.text)
        yield "PARAM", f"${found.text}"
    if found.kind is TokenKind.STRING and is_plain_name(unescape_string(found.text)):
        yield "NAME", unescape_string(found.text)
    if found.kind is TokenKind.PARAM:
        yield "NAME", found.text[1:]
