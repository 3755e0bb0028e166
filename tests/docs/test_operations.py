"""docs/operations.md names every setting as it is. UPDATE=1 writes the table."""

from __future__ import annotations

import os
import re

from docs.page import DOCS
from paasq_daemon.configuration.settings import SETTINGS, Setting, written

PAGE = DOCS / "operations.md"
HEAD = "| setting | default | may be | what it does |\n|---|---|---|---|\n"
TABLE = re.compile(re.escape(HEAD) + r"(\|.*\n)*")


def _row(setting: Setting) -> str:
    return f"| `{setting.name}` | {written(setting.default)} | {setting.allowed} | {setting.doc} |\n"


def test_the_table_of_settings_is_current() -> None:
    made = HEAD + "".join(map(_row, SETTINGS))
    page = PAGE.read_text("utf-8")
    found = TABLE.search(page)
    assert found
    if os.environ.get("UPDATE") == "1":
        PAGE.write_text(page[: found.start()] + made + page[found.end() :], "utf-8")
    else:
        assert found[0] == made
