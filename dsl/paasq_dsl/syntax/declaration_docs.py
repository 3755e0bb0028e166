"""What the grammar leaves out of declarations: the `///` lines of fields, and parameters as they are written."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from typing import TypeAlias

from paasq_dsl.syntax import tree
from paasq_dsl.syntax.lexer import Token, TokenKind, tokenize
from paasq_dsl.syntax.stage_splitter import without_trivia
from paasq_dsl.syntax.token_spacing import format_on_one_line

Definition: TypeAlias = tree.LetHead | tree.ViewHead | tree.FunctionDeclaration


def with_field_docs(node: tree.CollectionDeclaration, text: str) -> tree.CollectionDeclaration:
    """Each field with the `///` lines before it, and those after the field before it."""
    docs = deque(token for token in tokenize(text) if token.kind is TokenKind.DOC)
    return replace(node, fields=_documented(node.fields, docs))


def _documented(fields: tuple[tree.FieldDeclaration, ...], docs: deque[Token]) -> tuple[tree.FieldDeclaration, ...]:
    """The fields with theirs, which are taken from `docs`; members of an object in their places."""
    found: list[tree.FieldDeclaration] = []
    for field in fields:
        own: list[str] = []
        while docs and docs[0].start < field.span.start:
            own.append(docs.popleft().text[3:].strip())
        type_ = replace(field.type, fields=_documented(field.type.fields, docs))
        found.append(replace(field, type=type_, doc="\n".join(own)))
    return tuple(found)


def with_declaration_texts(node: Definition, text: str) -> Definition:
    """Each parameter with its declaration as it is written, on one line."""
    tokens = without_trivia(tokenize(text))
    at = next((i for i, token in enumerate(tokens) if token.text == "("), len(tokens))
    runs: list[list[Token]] = [[]]
    depth = 0
    for token in tokens[at:]:
        depth += (token.text in {"(", "[", "{"}) - (token.text in {")", "]", "}"})
        if depth == 0:
            break
        if depth == 1 and token.text == ",":
            runs.append([])
        elif token is not tokens[at]:
            runs[-1].append(token)
    taken = (
        replace(each, declaration_text=format_on_one_line(run))
        for each, run in zip(node.parameters, runs, strict=False)
    )
    return replace(node, parameters=tuple(taken))
