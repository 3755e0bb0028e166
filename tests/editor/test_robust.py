"""Half-written and broken texts: nothing raises, and what is cheap says the same as what is thorough."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from editor.library import CATALOG, MODULES, SAMPLES, SCRIPTS, live_values
from paasq_dsl.catalog import Catalog
from paasq_dsl.language_service import complete, cursor_context, find_declaration, hover, signature_help, symbol_at
from paasq_dsl.source_text import Span
from paasq_dsl.syntax import declaration_docs, parser, scanned_text
from paasq_dsl.syntax.lexer import Token, tokenize
from paasq_dsl.syntax.recovery import successive_errors
from paasq_dsl.syntax.stage_splitter import split_script
from paasq_dsl.syntax.statement_splitter import split_statements
from paasq_editor.analysis import DocumentAnalysis
from paasq_editor.features.code_actions import code_actions
from paasq_editor.features.code_lens import code_lenses
from paasq_editor.features.diagnostics import diagnostics
from paasq_editor.features.formatting import formatting
from paasq_editor.line_index import LineIndex

PIECES = [
    "|",
    ";",
    '"',
    '"""',
    "(",
    ")",
    "{",
    "}",
    "[",
    "`",
    "//",
    "/*",
    "*/",
    "@",
    "$",
    ":",
    "->",
    "..",
    "where ",
    "\n",
]
SCANNED_SHARE_P95_MAX = 0.1  # of the characters of a script


def _mutated(text: str, chance: random.Random) -> str:
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(text) + 1)
        gone = chance.choice([0, 0, 1, 7, 60])
        text = text[:at] + chance.choice(PIECES) + text[at + gone :]
    return text


def _everything(text: str, offset: int) -> None:
    analysis = DocumentAnalysis(text, CATALOG)
    positions = LineIndex(text)
    for found in analysis.diagnostics:
        assert 0 <= found.span.start <= len(text)
    for offered in complete(text, offset, CATALOG, live_values):
        assert offered.span.start <= offset <= offered.span.end <= len(text)
        assert offered.insert_text
    hover(text, offset, CATALOG, MODULES)
    signature_help(text, offset, CATALOG, MODULES)
    if (mention := symbol_at(text, offset, CATALOG, MODULES)) is not None:
        find_declaration(text, mention)
    diagnostics(analysis)
    code_lenses(analysis, "file:///a.paasq")
    formatting(text)
    here = positions.to_position(offset)
    assert positions.to_offset(here) == offset or text[offset - 1 : offset + 1] == "\r\n"
    code_actions(analysis, "file:///x.paasq", positions.to_range(Span(0, len(text))))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_prefix_completes(path: Path) -> None:
    text = path.read_text("utf-8")
    for end in range(0, len(text) + 1, 1 + len(text) // 300):
        complete(text[:end], end, CATALOG, live_values, MODULES)
        hover(text, end, CATALOG, MODULES)
    for end in range(0, len(text) + 1, 1 + len(text) // 20):
        _everything(text[:end], end)


@pytest.mark.parametrize("seed", range(40))
def test_random_edits(seed: int) -> None:
    chance = random.Random(seed)
    whole = chance.choice(SCRIPTS).read_text("utf-8")
    start = chance.randrange(len(whole))
    text = _mutated(whole[start : start + 1500], chance)
    _everything(text, chance.randrange(len(text) + 1))


@pytest.mark.parametrize("seed", range(200))
def test_outline_agrees_with_split(seed: int) -> None:
    chance = random.Random(seed)
    text = chance.choice(SCRIPTS).read_text("utf-8")[:4000]
    if chance.random() < 0.3:
        text = f"tx {{ delete note:a; patch task:b set n = 1; }};\n{text}"
    text = _mutated(text, chance) if seed else text
    spans = [s for s in split_statements(text) if split_script(text[s.start : s.end])[0]]
    whole = [(p.span.start, p.span.end) for p in split_script(text)[0]]
    pieces = [(s.start, split_script(text[s.start : s.end])[0]) for s in spans]
    assert [(p.span.start + at, p.span.end + at) for at, found in pieces for p in found] == whole


def test_complete_is_fast_in_a_long_script(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scans a small part of it: each text is a new one, as while typing, and only its changed statement is read again."""
    names = ["peps/schema", "peps/tour", "assistant/schema", "assistant/day"]
    once = "\n".join((SAMPLES / f"{name}.paasq").read_text("utf-8") for name in names)
    script = "\n".join((once.split("\n") * 10)[:1000])
    chance = random.Random(3)
    scanned: list[int] = []

    def counted(text: str) -> list[Token]:
        scanned.append(len(text))
        return tokenize(text)

    for module in (scanned_text, cursor_context, parser, successive_errors, declaration_docs):
        monkeypatch.setattr(module, "tokenize", counted)
    complete(script, 0, Catalog(), live_values)
    shares: list[float] = []
    for _ in range(100):
        at = chance.randrange(len(script))
        typed = script[:at] + chance.choice("ab |.") + script[at:]
        scanned.clear()
        complete(typed, at + 1, Catalog(), live_values)
        shares.append(sum(scanned) / len(script))
    assert sorted(shares)[94] < SCANNED_SHARE_P95_MAX
