"""The tokens of a text, by one regular expression that never fails: what it does not know is a token of kind ERROR.

Serves what must work on half-written text and be fast: splitting, formatting, plan keys, the editor. Strict parsing is Lark's.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

from paasq_dsl.source_text import Span


class TokenKind(StrEnum):
    """The kinds of tokens; every character of a text is in exactly one token."""

    SPACE = "space"
    COMMENT = "comment"
    DOC = "doc"
    STRING = "string"
    TIME = "time"
    DURATION = "duration"
    NUMBER = "number"
    REF = "ref"  # collection:key
    PARAM = "param"
    NAME = "name"
    OPERATOR = "operator"
    ERROR = "error"


TRIVIA = frozenset({TokenKind.SPACE, TokenKind.COMMENT, TokenKind.DOC})


class Token(NamedTuple):
    """A token: its kind, its text as written, and the offset of its first character in the whole text."""

    kind: TokenKind
    text: str
    start: int

    @property
    def end(self) -> int:
        """The offset after the last character."""
        return self.start + len(self.text)

    @property
    def span(self) -> Span:
        """The characters of the token in the whole text."""
        return Span(self.start, self.end)


NAME_PATTERN = r"(?:[^\W\d]\w*|`[^`\n]+`)"
# A hyphen of a key is none before >, where it begins an arrow: task:7->owner.
REF_PATTERN = r"[^\W\d]\w*:(?:\w(?:\w|-(?!>))*(?:\.\w(?:\w|-(?!>))*)*|\"(?:[^\"\\\n]|\\[^\n])*\")"
_PATTERNS: dict[TokenKind, str] = {
    TokenKind.SPACE: r"[ \t\f\r\n]+",
    TokenKind.DOC: r"///[^\n]*",
    TokenKind.COMMENT: r"//[^\n]*|/\*(?:[^*]|\*(?!/))*\*/",
    TokenKind.STRING: r'"""(?:[^"\\]|\\.|"(?!""))*"""|"(?!"")(?:[^"\\\n]|\\[^\n])*"|""(?!")',
    TokenKind.TIME: r"@(?:\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?|[a-z]+)",
    TokenKind.DURATION: r"(?:\d++(?:\.\d++)?(?:ms|min|mo|s|h|d|w|y))++\b",
    TokenKind.NUMBER: r"\d++(?:\.\d++)?(?:[eE][+-]?\d++)?(?!\w)",
    TokenKind.REF: REF_PATTERN,
    TokenKind.PARAM: r"\$\w+",
    TokenKind.NAME: NAME_PATTERN,
    TokenKind.OPERATOR: r"->|\.\.|==|!=|<=|>=|[|;,(){}\[\]=<>+\-*%^.:]|/(?!\*)",
    # An open quote or comment takes all it could: tried again at each later quote, a text would cost its length squared.
    TokenKind.ERROR: r'/\*.*|""".*|"[^\n]*|\d\w*|.',
}
_BARE_NAME = r"[^\W\d]\w*+(?!:)"  # most tokens are one, and no reference: tried first, they cost half
_SCANNER = re.compile("|".join(f"({pattern})" for pattern in (_BARE_NAME, *_PATTERNS.values())), re.DOTALL)
_KINDS = (TokenKind.ERROR, TokenKind.NAME, *_PATTERNS)  # by number of the group that matched, from 1
_NAME, _REF, _OPERATOR = TokenKind.NAME, TokenKind.REF, TokenKind.OPERATOR  # read for each token: enum members are slow
_PLAIN_NAME = re.compile(r"[^\W\d]\w*")
_REF_NAME = re.compile(_PATTERNS[TokenKind.NAME])
_OPEN, _CLOSE = frozenset("({["), frozenset(")}]")
_STARTS = frozenset({"", "|", ";"})
_TYPING = frozenset({"param", "fn", "let", "view"})  # statements with a type before a =
_LABELS_AFTER = frozenset("({,")


def tokenize(text: str) -> list[Token]:
    """All tokens in order; their texts joined are `text`. Linear in its length."""
    tokens: list[Token] = []
    brackets: list[str] = []  # for each open bracket that `name:` labels something in: the word that holds it, else ""
    earlier = before = ""  # the texts of the last two tokens that are not trivia
    stage = ""  # the word that the current stage begins with
    at, size = 0, len(text)
    new = tuple.__new__  # what Token(...) calls, in half the time: there are many
    while at < size:
        for found in _SCANNER.finditer(text, at):
            kind, word = _KINDS[found.lastindex or 0], found[0]
            if kind is _REF and _is_label(brackets[-1] if brackets else "", stage, before):
                label = _REF_NAME.match(word)
                assert label is not None
                kind, word = _NAME, label[0]
            elif word == ">=" and earlier == "<" and stage in _TYPING:  # param $p: link<person>=...
                word = ">"
            tokens.append(new(Token, (kind, word, at)))
            at += len(word)
            if kind not in TRIVIA:
                if kind is _OPERATOR:
                    if word in _OPEN:
                        labels = word == "{" or (word == "(" and (stage == "fuse" or earlier == "fn"))
                        brackets.append(stage if labels else "")
                    elif word in _CLOSE and brackets:
                        brackets.pop()
                    elif word == ";" and "tx" not in brackets:
                        brackets.clear()  # what is still open there was never closed
                        stage = before = ""
                elif kind is _NAME and (
                    before in _STARTS
                    or before == stage == "dryrun"
                    or (before == ":" and brackets and brackets[-1] == "fuse")
                ):
                    stage = word
                earlier, before = before, word
            if at != found.end():
                break  # a part of the match was taken: match again after it
    return tokens


def _is_label(holder: str, stage: str, before: str) -> bool:
    """Is `name:` after the token `before` a label, in the brackets of a statement or stage that begins with `holder`?"""
    if stage == "alter" and not holder:
        return before in {"field", "key", "."}
    if holder in {"collection", "alter"}:
        return before != "default"
    return holder != "" and before in _LABELS_AFTER


_PLAIN_KEY = re.compile(r"\w[\w\-]*(?:\.\w[\w\-]*)*")


def is_plain_name(name: str) -> bool:
    """Is the name a single word, which the lexer reads as a name without back-ticks? Keywords are plain too."""
    return _PLAIN_NAME.fullmatch(name) is not None


def format_name(name: str) -> str:
    """A name as it is written: in back-ticks where it is not a plain word."""
    return name if is_plain_name(name) else f"`{name}`"


def format_path(name: str) -> str:
    """A dotted name as it is written, each part as `quote_name` has it."""
    return ".".join(map(format_name, name.split(".")))


def format_record_ref(collection: str, key: str) -> str:
    """`collection:key` as it is written: the key in quotes where it is not plain."""
    return f"{collection}:{key if _PLAIN_KEY.fullmatch(key) else format_string(key)}"


def format_string(text: str) -> str:
    """A string literal that means `text`."""
    escaped = (
        text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
    )
    return f'"{escaped}"'


_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)


def unescape_string(literal: str) -> str:
    r"""The text a string literal means. `\n`, `\t`, `\r` and `\u00fc` are characters (UTF-16 pairs are one); `\` before
    anything else is left out."""
    body = literal[3:-3] if literal.startswith('"""') else literal[1:-1]
    if "\\" not in body:
        return body
    text = _ESCAPE.sub(_escaped, body)
    return _PAIR.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)


def _escaped(escape: re.Match[str]) -> str:
    code = escape[1]
    return chr(int(code[1:], 16)) if len(code) > 1 else _ESCAPES.get(code, code)
