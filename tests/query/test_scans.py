"""How often a request's text is scanned for tokens: once when it is new, never when it was seen before."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from paasq_daemon.engine import Engine
from paasq_daemon.instance import Instance
from paasq_daemon.wire.errors import QueryError
from paasq_daemon.wire.request import Request
from paasq_dsl.syntax import lexer, parser, scanned_text
from paasq_dsl.syntax.lexer import Token, tokenize
from paasq_dsl.syntax.scanned_text import ScannedText
from paasq_dsl.syntax.statement_splitter import split_statements
from properties.worlds import SmallEmbedder

SCHEMA = "collection scanned { key id: keyword\n rank: int };"


@pytest.fixture
def scans(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that are scanned, in order."""
    found: list[str] = []

    def recorded(text: str) -> list[Token]:
        found.append(text)
        return tokenize(text)

    for module in (lexer, scanned_text, parser):
        monkeypatch.setattr(module, "tokenize", recorded)
    return found


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    opened = Instance.open(tmp_path, embedder=SmallEmbedder(), sync=False)
    opened.engine.query(Request(SCHEMA))
    yield opened.engine
    opened.close()


def test_a_text_is_scanned_once(engine: Engine, scans: list[str]) -> None:
    cold = "from scanned | where rank > 41 and rank < $most"
    hit = cold.replace("41", "42")
    two = "let few = from scanned | where rank > 43; from few | take 44"
    refused = "from scanned | where rank > 45 | take 7 | sort rankk"
    broken = "from scanned | where rank >> 46"
    for text in (cold, hit, cold, hit, two, two):
        engine.query(Request(text, {"most": 9} if "$most" in text else {}))
    assert scans == [cold, hit, two]
    scans.clear()
    with pytest.raises(QueryError):
        engine.query(Request(refused))
    assert scans == [refused]
    scans.clear()
    with pytest.raises(QueryError):
        engine.query(Request(broken))
    assert scans.count(broken) == 1


@pytest.mark.parametrize(
    "text",
    [
        "from a | take 1; from b | take 2",
        "from a | where (x == 1; fuse (a: from b, c: from d); from e:1 | take 2",
        'tx { put a { id: "x" }; patch b:1 { n: 2 } }; alter a add field n: int; from a:"x;y"',
        "fn f(x: int): int = x + 1; param $p: link<a>=a:1; ; /// doc\nview v = from a",
        'from a | where t == "open; from b\n; from c',
    ],
)
def test_tokens_of_a_statement_are_those_of_its_own_text(text: str) -> None:
    whole = ScannedText(text)
    for span in split_statements(text):
        assert list(whole.statement(span).tokens) == tokenize(text[span.start : span.end])
