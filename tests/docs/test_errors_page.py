"""The page of errors is current, and has what `paasq explain` says of each code."""

from __future__ import annotations

import re

from docs.page import DOCS
from paasq_dsl.diagnostics import CATALOGUE
from paasq_dsl.explanations import errors_page, explanation

PAGE = (DOCS / "errors.md").read_text("utf-8")


def test_the_page_is_current() -> None:
    assert errors_page() == PAGE


def test_each_code_has_its_section() -> None:
    sections = re.split(r"^### (PQ\d+)\n\n", PAGE, flags=re.MULTILINE)[1:]
    assert sections[::2] == list(CATALOGUE)
    for code, body in zip(sections[::2], sections[1::2], strict=True):
        assert CATALOGUE[code] in body
        assert str(explanation(code)) in body
