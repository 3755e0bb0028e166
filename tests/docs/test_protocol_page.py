"""docs/protocol.md is made from the registry of methods; the answers on it are those of a daemon (test_pages.py)."""

from __future__ import annotations

from docs.page import DOCS, examples, with_answers
from paasq_daemon.server.methods.docs import protocol_page


def test_the_page_is_current() -> None:
    page = (DOCS / "protocol.md").read_text("utf-8")
    answers = [(example.printed, "") for example in examples(page) if example.printed is not None]
    assert with_answers(page, answers) == protocol_page()
