# ruff: noqa: INP001  a script beside the extension, in no package
"""Writes syntaxes/paasq.tmLanguage.json from the registries of the language; `--check` says whether it is current."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from paasq_dsl.functions import FUNCTIONS
from paasq_dsl.language_service.keyword_docs import KEYWORD_DOCS, TYPE_DOCS
from paasq_dsl.stages import STAGES
from paasq_dsl.statements import STATEMENT_BY_KEYWORD
from paasq_dsl.syntax.keywords import MOMENTS
from paasq_dsl.values import MICROS_PER_UNIT, MONTHS_PER_UNIT

TARGET = Path(__file__).parents[1] / "syntaxes" / "paasq.tmLanguage.json"
_CONSTANTS = ("true", "false", "null")
_OPERATORS = ("and", "or", "not", "in", "has", "any", "all")


def grammar() -> dict[str, Any]:
    """Stages are coloured after a | or a label, statements where one begins: a field may be called from."""
    duration = _any(sorted((*MICROS_PER_UNIT, *MONTHS_PER_UNIT), key=len, reverse=True))
    others = [w for w in KEYWORD_DOCS if w not in {*_CONSTANTS, *_OPERATORS, *STATEMENT_BY_KEYWORD}]
    patterns = [
        _token("comment.block.documentation", r"///.*$"),
        _token("comment.line.double-slash", r"//.*$"),
        {"name": "comment.block.paasq", "begin": r"/\*", "end": r"\*/"},
        {"name": "string.quoted.triple.paasq", "begin": '"""', "end": '"""', "patterns": [_ESCAPE]},
        {"name": "string.quoted.double.paasq", "begin": '"', "end": '"|$', "patterns": [_ESCAPE]},
        _token("variable.other.quoted", r"`[^`\n]+`"),
        _token("constant.language.moment", rf"@{_any(MOMENTS)}\b"),
        _token("constant.numeric.time", r"@\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d)?)?"),
        _token("constant.numeric.duration", rf"\b(?:\d+(?:\.\d+)?{duration})+\b"),
        _token("constant.numeric", r"\b\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\b"),
        _token("variable.parameter", r"\$\w+"),
        _token("keyword.control.stage", rf"(?<=[|:])\s*{_any(v.keyword for v in STAGES)}\b"),
        _token("keyword.control.stage", rf"^\s*\|\s*{_any(v.keyword for v in STAGES)}\b"),
        _behind(
            r"(?:^|(?<=[;{=(])|(?<=analyze)|(?<=explain)|(?<=watch))\s*from", "keyword.control.statement", _COLLECTION
        ),
        _behind(
            r"(?:^|(?<=[;{])|(?<=dryrun))\s*(?:collection|put|patch|delete|forget)",
            "keyword.control.statement",
            _COLLECTION,
        ),
        _behind(r"(?:^|(?<=[;{]))\s*(?:fn|let|view)", "keyword.control.statement", "entity.name.function"),
        _token("keyword.control.statement", rf"(?:^|(?<=[;{{=]))\s*{_any(STATEMENT_BY_KEYWORD)}\b(?!\s*(?::|->|\.))"),
        _token("keyword.other", r"(?<=\) )from\b(?=\s+\w)"),
        _behind(r"->", "keyword.operator", "variable.other.property", gap=r"\s*"),
        _token("support.function", rf"\b{_any(FUNCTIONS)}(?=\()"),
        _behind(r"(?:(?<=[:\[])\s*|\b)link", "support.type", _COLLECTION, gap="<"),
        _token("support.type", rf"(?<=[:\[])\s*{_any(TYPE_DOCS)}\b"),
        _token("entity.name.function", r"\b[A-Za-z_]\w*(?=\()"),
        _token("constant.language", rf"\b{_any(_CONSTANTS)}\b"),
        _token("keyword.operator.wordlike", rf"\b{_any(_OPERATORS)}\b"),
        _token("keyword.other", rf"\b{_any(others)}\b(?!\s*:)"),
        _token(_COLLECTION, r"\b[A-Za-z_]\w*(?=:[\w\"])"),
        _token("variable.other.property", r"\b[A-Za-z_]\w*(?=\s*:(?!:))"),
        _token("keyword.operator", r"->|\.\.|==|!=|<=|>=|[|<>=+\-*/%^]"),
    ]
    return {"name": "paasq", "scopeName": "source.paasq", "fileTypes": ["paasq"], "patterns": patterns}


_COLLECTION = "entity.name.type"
_ESCAPE = {"name": "constant.character.escape.paasq", "match": r"\\."}


def _token(scope: str, match: str) -> dict[str, str]:
    return {"name": f"{scope}.paasq", "match": match}


def _behind(word: str, scope: str, named: str, gap: str = r"\s+") -> dict[str, Any]:
    """A word and the name that follows it, which may have a path."""
    captures = {"1": {"name": f"{scope}.paasq"}, "2": {"name": f"{named}.paasq"}}
    return {"match": rf"({word}){gap}([A-Za-z_][\w.]*)", "captures": captures}


def _any(words: Iterable[str]) -> str:
    return f"(?:{'|'.join(words)})"


def main() -> None:
    """Writes the TextMate grammar; with `--check`, exits with an error where the file is not current."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    text = json.dumps(grammar(), indent=2) + "\n"
    if not parser.parse_args().check:
        TARGET.write_text(text, "utf-8")
    elif TARGET.read_text("utf-8") != text:
        sys.exit(f"{TARGET.name} is not current: run {Path(__file__).name}")


if __name__ == "__main__":
    main()
