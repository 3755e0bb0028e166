"""The one small change after which a piece parses, where there is exactly one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from paasq_dsl.diagnostics import Fix, similar_names
from paasq_dsl.source_text import Span
from paasq_dsl.syntax.keywords import DIALECT_CLAUSE_KEYWORDS
from paasq_dsl.syntax.lexer import Token, TokenKind, format_string, is_plain_name, unescape_string
from paasq_dsl.syntax.recovery.expected_tokens import terminal_literal

CANDIDATES_MAX = 8  # each is a parse
TEXT_CHARACTERS_MAX = 2_000


def find_repair(
    text: str, unexpected: Token | None, accepted: frozenset[str], parses: Callable[[str], bool]
) -> Fix | None:
    """`found` is the token that can't stand there, None at the end of the text; `accepted` are the terminals that could."""
    if len(text) > TEXT_CHARACTERS_MAX:
        return None
    choices = list(_choices(text, unexpected, accepted))
    if sum(map(len, choices)) > CANDIDATES_MAX:
        return None
    working = [next((e for e in edits if parses(apply_fix(text, e))), None) for edits in choices]
    working = [edit for edit in working if edit is not None]
    return working[0] if len(working) == 1 else None


def apply_fix(text: str, edit: Fix) -> str:
    return text[: edit.span.start] + edit.text + text[edit.span.end :]


def _choices(text: str, found: Token | None, accepted: frozenset[str]) -> Iterator[list[Fix]]:
    """What may stand there instead, each as the edits that put it there, best first."""
    words = [word for word in map(terminal_literal, sorted(accepted)) if word is not None]
    if found is None:
        yield from ([Fix(Span(len(text), len(text)), _apart(word), f"write {word}")] for word in words)
        return
    other = next((better for kind, better in _other_kinds(found) if kind in accepted), None)
    if other is not None:
        yield [Fix(found.span, other, f"write {other}")]
    close = _meant(found, words)
    if close is not None:
        yield [Fix(found.span, close, f"write {close}")]
        return
    for word in words:
        before = len(text[: found.start].rstrip()) if word in {":", ",", ";"} else found.start
        inserted = Fix(Span(before, before), word if before < found.start else f"{word} ", f"write {word}")
        instead = Fix(found.span, word, f"write {word}")
        yield [inserted, instead] if _is_word(found.text) else [instead] if not _is_word(word) else [inserted]


def _meant(found: Token, words: Sequence[str]) -> str | None:
    """The word of the grammar that a word was meant to be."""
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
