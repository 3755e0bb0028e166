"""The one small change after which a piece parses, where there is exactly one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from paasq_dsl.diagnostics import Edit, nearest
from paasq_dsl.source_text import Span
from paasq_dsl.syntax.keywords import FOREIGN_INNER
from paasq_dsl.syntax.lexer import Token, TokenKind, is_plain_name, quote_string, unquote
from paasq_dsl.syntax.recovery.expected_tokens import literal_of

TRIED_MAX = 8  # each is a parse
TEXT_CHARACTERS_MAX = 2_000


def mend(text: str, found: Token | None, accepted: frozenset[str], parses: Callable[[str], bool]) -> Edit | None:
    """`found` is the token that can't stand there, None at the end of the text; `accepted` are the terminals that could."""
    if len(text) > TEXT_CHARACTERS_MAX:
        return None
    choices = list(_choices(text, found, accepted))
    if sum(map(len, choices)) > TRIED_MAX:
        return None
    working = [next((e for e in edits if parses(applied(text, e))), None) for edits in choices]
    working = [edit for edit in working if edit is not None]
    return working[0] if len(working) == 1 else None


def applied(text: str, edit: Edit) -> str:
    return text[: edit.span.start] + edit.text + text[edit.span.end :]


def _choices(text: str, found: Token | None, accepted: frozenset[str]) -> Iterator[list[Edit]]:
    """What may stand there instead, each as the edits that put it there, best first."""
    words = [word for word in map(literal_of, sorted(accepted)) if word is not None]
    if found is None:
        yield from ([Edit(Span(len(text), len(text)), _apart(word), f"write {word}")] for word in words)
        return
    other = next((better for kind, better in _other_kinds(found) if kind in accepted), None)
    if other is not None:
        yield [Edit(found.span, other, f"write {other}")]
    close = _meant(found, words)
    if close is not None:
        yield [Edit(found.span, close, f"write {close}")]
        return
    for word in words:
        before = len(text[: found.start].rstrip()) if word in {":", ",", ";"} else found.start
        inserted = Edit(Span(before, before), word if before < found.start else f"{word} ", f"write {word}")
        instead = Edit(found.span, word, f"write {word}")
        yield [inserted, instead] if _is_word(found.text) else [instead] if not _is_word(word) else [inserted]


def _meant(found: Token, words: Sequence[str]) -> str | None:
    """The word of the grammar that a word was meant to be."""
    if found.kind is not TokenKind.NAME:
        return None
    if (better := FOREIGN_INNER.get(found.text.lower())) in words:
        return better
    return next(iter(nearest(found.text, filter(_is_word, words))), None)


def _apart(word: str) -> str:
    return f" {word}" if _is_word(word) else word


def _is_word(text: str) -> bool:
    return text[:1].isalnum() or text[:1] in '_`"$@'


def _other_kinds(found: Token) -> Iterator[tuple[str, str]]:
    if found.kind is TokenKind.NAME:
        yield "STRING", quote_string(found.text)
        yield "PARAM", f"${found.text}"
    if found.kind is TokenKind.STRING and is_plain_name(unquote(found.text)):
        yield "NAME", unquote(found.text)
    if found.kind is TokenKind.PARAM:
        yield "NAME", found.text[1:]
