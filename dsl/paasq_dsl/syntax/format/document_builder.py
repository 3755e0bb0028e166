"""The tokens of one whole statement as a document of the pretty printer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from paasq_dsl.syntax.format.pretty_printer import Comment, Document, Group, Line, Nest, render_document
from paasq_dsl.syntax.keywords import STAGE_KEYWORDS, WATCH_EVENTS
from paasq_dsl.syntax.lexer import TRIVIA, Token, TokenKind
from paasq_dsl.syntax.stage_splitter import begins_emit_clause
from paasq_dsl.syntax.token_spacing import joined_to_previous

_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_CLAUSES = {
    "summarize": frozenset({"by", "fill"}),
    "extend": frozenset({"by"}),
    "put": frozenset({"set"}),
    "patch": frozenset({"where", "set", "expect"}),
    "delete": frozenset({"where", "expect"}),
    "forget": frozenset({"where", "with"}),
    "alter": frozenset({"add", "rename", "retype", "redefine"}),
}
_UNBOUNDED = 1_000_000  # a width that nothing reaches


@dataclass(slots=True)
class _Leaf:
    """A token, the comments on lines of their own before it, and those after it on its line."""

    token: Token
    tight: bool  # no space before it
    blank: bool  # an empty line before it
    before: list[Comment] = field(default_factory=list)
    after: list[Comment] = field(default_factory=list)

    @property
    def text(self) -> str:
        return self.token.text


@dataclass(slots=True)
class _Bracket:
    open: _Leaf
    inside: list[_Part]
    close: _Leaf

    @property
    def text(self) -> str:
        return self.open.text


_Part: TypeAlias = "_Leaf | _Bracket"
_Parts: TypeAlias = "Sequence[_Part]"


def build_document(tokens: Sequence[Token]) -> Document:
    """`tokens` of a statement that parses, comments and white space with them, without its semicolon."""
    parts, _ = _nested(iter(_without_last_commas(_leaves(tokens))))
    last = parts[-1]
    if parts[0].text == "collection":
        body = next(i for i, part in enumerate(parts) if isinstance(part, _Bracket))
        return _collection(parts[:body], parts[body], parts[body + 1 :])
    if isinstance(last, _Bracket) and parts[-2].text == "tx":
        return _transaction(parts[:-1], last)
    if parts[0].text == "watch":
        return _wrapped(parts, _watch)
    return _wrapped(parts, lambda p: _pipeline(p, _head))


# ---- tokens to parts


def _leaves(tokens: Sequence[Token]) -> list[_Leaf]:
    """Comments go after a comma or semicolon that follows them, and before a | that they follow."""
    joined = iter(joined_to_previous([t for t in tokens if t.kind not in TRIVIA]))
    leaves: list[_Leaf] = []
    waiting: list[Comment] = []
    newlines, blank = 0, False
    for token in tokens:
        if token.kind is TokenKind.SPACE:
            newlines += token.text.count("\n")
        elif token.kind in TRIVIA:
            last = leaves[-1]
            behind_line = bool(last.after) and last.after[-1].ends_line
            note = Comment(
                token.text.rstrip(), own_line=newlines > 0 or bool(waiting) or behind_line or last.text == "|"
            )
            blank = blank or (not waiting and newlines > 1)
            (last.before if last.text == "|" else waiting if note.own_line else last.after).append(note)
        else:
            leaf = _Leaf(token, next(joined), blank or (not waiting and newlines > 1))
            if token.text in {",", ";"}:
                leaf.after, leaves[-1].after = leaves[-1].after, leaf.after
            else:
                leaf.before, waiting = waiting, []
            leaves.append(leaf)
            newlines, blank = 0, False
    return leaves


def _without_last_commas(leaves: Sequence[_Leaf]) -> Iterator[_Leaf]:
    for i, leaf in enumerate(leaves):
        following = leaves[i + 1].text if i + 1 < len(leaves) else "|"
        if leaf.text == "," and (following in _CLOSING or following == "|"):
            leaves[i - 1].after.extend(leaf.after)
        else:
            yield leaf


def _nested(leaves: Iterator[_Leaf]) -> tuple[list[_Part], _Leaf | None]:
    """The parts up to the bracket that closes, and that."""
    parts: list[_Part] = []
    for leaf in leaves:
        if leaf.text in _OPENING:
            inside, close = _nested(leaves)
            assert close is not None
            parts.append(_Bracket(leaf, inside, close))
        elif leaf.text in _CLOSING:
            return parts, leaf
        else:
            parts.append(leaf)
    return parts, None


def _first(part: _Part) -> _Leaf:
    return part.open if isinstance(part, _Bracket) else part


def _last(part: _Part) -> _Leaf:
    return part.close if isinstance(part, _Bracket) else part


def _split_after(parts: _Parts, *separators: str) -> list[list[_Part]]:
    """Runs of parts, each but the last with its separator at its end."""
    runs: list[list[_Part]] = [[]]
    for part in parts:
        runs[-1].append(part)
        if part.text in separators:
            runs.append([])
    return [run for run in runs if run]


def _split_before(parts: _Parts, starts: Callable[[int], bool]) -> list[list[_Part]]:
    runs: list[list[_Part]] = [[]]
    for i, part in enumerate(parts):
        if i and starts(i):
            runs.append([])
        runs[-1].append(part)
    return runs


# ---- parts to documents


def _wrapped(parts: _Parts, inside: Callable[[_Parts], Document]) -> Document:
    """A group of the parts; a comment at their edges does not keep it from standing on one line."""
    before, after = _first(parts[0]).before, _last(parts[-1]).after
    return (*before, Group(inside(_bare_after(_bare_before(parts)))), *after)


def _bare_before(parts: _Parts) -> _Parts:
    first, *rest = parts
    if isinstance(first, _Bracket):
        return [replace(first, open=replace(first.open, before=[])), *rest]
    return [replace(first, before=[]), *rest]


def _bare_after(parts: _Parts) -> _Parts:
    *rest, last = parts
    if isinstance(last, _Bracket):
        return [*rest, replace(last, close=replace(last.close, after=[]))]
    return [*rest, replace(last, after=[])]


def _leaf(leaf: _Leaf) -> Document:
    return (*leaf.before, leaf.text, *leaf.after)


def _sequence(parts: _Parts) -> Document:
    docs: list[Document] = []
    for i, part in enumerate(parts):
        if i and (not _first(part).tight or _last(parts[i - 1]).after):
            docs.append(" ")
        docs.append(_leaf(part) if isinstance(part, _Leaf) else _bracket(part))
    return tuple(docs)


def _bracket(bracket: _Bracket) -> Document:
    opening, inside, closing = bracket.open, bracket.inside, bracket.close
    gap = " "
    if any(part.text == "|" for part in inside) and not _labels_pipelines(bracket):
        docs = [_wrapped(inside, lambda parts: _pipeline(parts, _head))]
    elif _labels_pipelines(bracket):
        items = _split_before(inside, lambda i: _is_label(inside, i))
        docs = [_wrapped(item, _branch) for item in items]
    elif bracket.text == "(" and inside and inside[0].text == "from":
        docs = [_wrapped(inside, lambda p: _pipeline(p, _head))]
    elif _declares_object(bracket):
        docs = [_wrapped(field, _sequence) for field in _split_before(inside, lambda i: _starts_field(inside, i))]
        gap = "  "  # nothing else separates the fields of an object on one line
    else:
        docs = [_wrapped(item, _expression) for item in _split_after(inside, ",")]
    lines = [(Line(gap if i else ""), doc) for i, doc in enumerate(docs)]
    body: Document = (Nest((*lines, *closing.before)), Line("")) if lines or closing.before else ()
    return (*opening.before, Group((opening.text, *opening.after, body, closing.text)), *closing.after)


def _declares_object(bracket: _Bracket) -> bool:
    """Is this the type of a field, not the value of one? Its parts have no commas between them."""
    return bracket.text == "{" and len(bracket.inside) > 1 and all(part.text != "," for part in bracket.inside)


def _labels_pipelines(bracket: _Bracket) -> bool:
    inside = bracket.inside
    return bracket.text == "(" and _is_label(inside, 0) and len(inside) > 2 and inside[2].text in STAGE_KEYWORDS


def _is_label(parts: _Parts, i: int) -> bool:
    following = parts[i + 1] if i + 1 < len(parts) else None
    return following is not None and following.text == ":" and (i == 0 or parts[i - 1].text == ",")


def _branch(parts: _Parts) -> Document:
    return (_sequence(parts[:2]), " ", _pipeline(parts[2:], _stage))


def _pipeline(parts: _Parts, first: Callable[[_Parts], Document]) -> Document:
    docs: list[Document] = []
    for run in _split_before(parts, lambda i: parts[i].text == "|"):
        if run[0].text != "|":
            docs.append(first(run))
        else:
            stage: Document = (*_first(run[0]).before, "| ", _wrapped(run[1:], _stage))
            docs.append((Line(), stage) if first is _head else Nest((Line(), stage)))
    return tuple(docs)


def _watch(parts: _Parts) -> Document:
    """A pipeline, then what it emits on a line of its own."""
    texts = [part.text for part in parts]
    last_bar = len(texts) - 1 - texts[::-1].index("|") if "|" in texts else 0
    in_page = texts[last_bar + 1 : last_bar + 2] == ["page"]
    for i in range(last_bar + 2, len(parts)):
        word, before = texts[i], _last(parts[i - 1]).text
        event = texts[i + 1 : i + 2] != [] and texts[i + 1] in WATCH_EVENTS
        emits = word == "emit" or (word == "after" and not in_page)
        if emits and begins_emit_clause(before, word, event=event):
            return (_pipeline(parts[:i], _head), Line(), _wrapped(parts[i:], _clause))
    return _pipeline(parts, _head)


def _head(parts: _Parts) -> Document:
    return _clauses(parts, Nest)


def _stage(parts: _Parts) -> Document:
    return Nest(_clauses(parts, lambda doc: doc))


def _clauses(parts: _Parts, nest: Callable[[Document], Document]) -> Document:
    words = _CLAUSES.get(parts[0].text, frozenset[str]())
    first, *rest = _split_before(parts, lambda i: parts[i].text in words)
    return (_wrapped(first, _clause), *(nest((Line(), _wrapped(clause, _clause))) for clause in rest))


def _clause(parts: _Parts) -> Document:
    """Its word, then what is separated by commas."""
    word, *rest = parts
    items = _split_after(rest, ",")
    if len(items) > 1:
        return (_sequence([word]), *(Nest((Line(), _wrapped(item, _expression))) for item in items))
    return (_sequence([word]), " ", _expression(rest)) if rest else _sequence([word])


def _expression(parts: _Parts) -> Document:
    """Broken before its `or`, or where it has none its `and`, as far as they are in no bracket."""
    for word in ("or", "and"):
        cuts = {i for i, part in enumerate(parts[:-1]) if part.text == word}
        first, *rest = _split_before(parts, cuts.__contains__)
        if rest:
            operands = (Nest((Line(), _sequence(run[:1]), " ", _wrapped(run[1:], _expression))) for run in rest)
            return (_wrapped(first, _expression), *operands)
    return _sequence(parts)


def _collection(head: _Parts, body: _Part, settings: _Parts) -> Document:
    """One field a line, the comments after them in one column; the settings behind the bracket that closes."""
    assert isinstance(body, _Bracket)
    fields = _split_before(body.inside, lambda i: _starts_field(body.inside, i))
    width = max((_width(f) for f in fields if f and _last(f[-1]).after), default=0)
    lines: list[Document] = []
    for i, run in enumerate(f for f in fields if f):
        notes = [replace(note, gap=width - _width(run) + 2) for note in _last(run[-1]).after]
        lines.append((Line(hard=True, blank=i > 0 and _first(run[0]).blank), _sequence(_bare_after(run)), *notes))
    inside = (Nest((*lines, *body.close.before)), Line(hard=True)) if lines or body.close.before else ()
    behind = (*body.close.after, " ", _sequence(settings)) if settings else ()
    return (_sequence(head), " ", _leaf(body.open), *inside, "}", *behind)


def _starts_field(parts: _Parts, i: int) -> bool:
    """Is this `name :`, or the `key` before one?"""
    texts = [p.text for p in parts[max(0, i - 2) : i + 3]]
    before, here = texts[: min(i, 2)], texts[min(i, 2) :]
    follows_key = before[-1:] == ["key"] and before[-2:-1] != [":"]
    return (here[1:2] == [":"] and not follows_key) or (
        here[0] == "key" and here[2:3] == [":"] and before[-1:] != [":"]
    )


def _width(parts: _Parts) -> int:
    return len(render_document(_sequence(_bare_after(parts)), _UNBOUNDED).rpartition("\n")[2])


def _transaction(head: _Parts, body: _Bracket) -> Document:
    writes: list[Document] = []
    for run in _split_after(body.inside, ";"):
        write = run[:-1] if run[-1].text == ";" else run
        writes.append((Line(), _wrapped(_bare_after(write), _head), ";", *_last(run[-1]).after))
    inside = (Nest((*writes, *body.close.before)), Line())
    return (_sequence(head), " ", Group((_leaf(body.open), *inside, "}")))
