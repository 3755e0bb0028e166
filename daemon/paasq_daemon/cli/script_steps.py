"""A script as its statements one by one, each with a title for its answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from paasq_daemon.cli.watch_output import is_watch
from paasq_daemon.wire.errors import PaasqError
from paasq_dsl.source_text import SourceText, Span
from paasq_dsl.syntax.free_parameters import free_parameters
from paasq_dsl.syntax.lexer import TokenKind, tokenize
from paasq_dsl.syntax.scanned_text import ScannedText
from paasq_dsl.syntax.stage_splitter import split_script

_USE = re.compile(r'use\s+"[^"\n]*"\s+as\s+(\w+)')
# They have no answer: later statements depend on them.
_DEFINITIONS = frozenset({"let", "fn", "param", "use", "zone"})
_PLACE = re.compile(r"(\d{1,9})(?::(\d{1,9}))?")
_COMMENTS = frozenset({TokenKind.COMMENT, TokenKind.DOC})


@dataclass(frozen=True, slots=True)
class ScriptStep:
    """One statement to run. `text` begins with the definitions it depends on, and has every character at its offset
    in the script, so that the places of diagnostics are those of the script.
    """

    title: str
    text: str
    span: Span

    @property
    def parameters(self) -> frozenset[str]:
        """The names, without the `$`, of the parameters that `text` uses."""
        return free_parameters(ScannedText(self.text))

    @property
    def is_watch(self) -> bool:
        """Does it give events instead of an answer?"""
        return is_watch(self.text)

    def uses_parameter(self, parameter: str) -> bool:
        """Does it use the parameter, or the module that declares it (`mail.since`)?"""
        alias, dot, _ = parameter.partition(".")
        return alias in _USE.findall(self.text) if dot else parameter in self.parameters


def steps(source: SourceText, after: int = 0) -> Iterator[ScriptStep]:
    """The statements that do something, in order, from the offset `after` on."""
    definitions: list[Span] = []
    before = 0
    for statement in split_script(source.text)[0]:
        gap = source.text[before : statement.span.start]
        documented = Span(statement.span.start - _doc_length(gap), statement.span.end)
        if _defines(source, statement.span):
            definitions.append(documented)
        elif statement.span.start >= after:
            yield ScriptStep(_comment(gap), _only(source.text, [*definitions, documented]), statement.span)
        before = statement.span.end


def step_at(source: SourceText, place: str) -> ScriptStep:
    """The statement at `LINE` or `LINE:COLUMN`, both from 1. Raises PaasqError where there is none that can be run."""
    if (found := _PLACE.fullmatch(place)) is None:
        raise PaasqError(
            f"{place} is not a place in a script", "write its line, or line and column, such as 12 or 12:5"
        )
    wanted = tuple(int(number) for number in found.groups() if number is not None)
    for step in steps(source):
        first, last = (source.line_column(offset)[: len(wanted)] for offset in (step.span.start, step.span.end - 1))
        if first <= wanted <= last:
            return step
    raise PaasqError(
        f"no statement that can be run is at {place}", "definitions are run with the statements after them"
    )


def definitions_of(source: SourceText) -> str:
    """The definitions that later statements depend on, each ended by `;`. Of several zones only the last is kept."""
    spans = [statement.span for statement in split_script(source.text)[0]]
    texts = [source.text[span.start : span.end] for span in spans if _defines(source, span)]
    zones = [text for text in texts if text.split(maxsplit=1)[0] == "zone"]
    return "".join(f"{text};\n" for text in texts if text not in zones[:-1])


def _defines(source: SourceText, span: Span) -> bool:
    return source.text[span.start : span.end].split(maxsplit=1)[0] in _DEFINITIONS


def _only(text: str, spans: list[Span]) -> str:
    """The parts of `text` in `spans`, spaces and newlines in place of everything else, `;` after each part."""
    parts: list[str] = []
    end = 0
    for span in spans:
        blank = "".join("\n" if c == "\n" else " " for c in text[end : span.start])
        parts += [f";{blank[1:]}" if end else blank, text[span.start : span.end]]
        end = span.end
    return "".join(parts)


def _doc_length(gap: str) -> int:
    """The characters from the first `///` comment to the end of what is between a statement and the one before it, whose
    semicolon comes before them; 0 where there is none."""
    tokens = list(tokenize(gap))
    ends = max((i for i, token in enumerate(tokens) if token.text == ";"), default=-1)
    docs = (i for i in range(ends + 1, len(tokens)) if tokens[i].kind is TokenKind.DOC)
    first = next(docs, len(tokens))
    return sum(len(token.text) for token in tokens[first:])


def _comment(gap: str) -> str:
    """The text of the last comment before a statement; an empty line separates two comments."""
    words: list[str] = []
    for token in tokenize(gap):
        if token.kind in _COMMENTS:
            words.append(token.text.strip("/*").strip())
        elif token.text.count("\n") > 1:
            words = []
    return " ".join(words)
