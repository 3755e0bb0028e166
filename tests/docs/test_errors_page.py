"""The page of errors is the catalogue's, with its explanations."""

from __future__ import annotations

import re

from docs.page import DOCS
from paasq_dsl.diagnostics import MESSAGES
from paasq_dsl.error_docs import errors_page, explanation, sentence


def test_the_page_is_current() -> None:
    assert (DOCS / "errors.md").read_text("utf-8") == errors_page()


def test_each_code_stands_there_once() -> None:
    sections = re.split(r"^### (PQ\d+)\n\n", (DOCS / "errors.md").read_text("utf-8"), flags=re.MULTILINE)[1:]
    assert sections[::2] == list(MESSAGES)
    for code, body in zip(sections[::2], sections[1::2], strict=True):
        assert sentence(code) in body
        assert str(explanation(code)) in body
