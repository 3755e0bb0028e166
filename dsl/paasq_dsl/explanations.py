"""What stands behind a code: why it is an error, with a wrong and a right text."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files


def explanation(code: str) -> str | None:
    """Markdown of a few sentences and examples, without a heading; None of a code that the catalogue does not have."""
    return _explanations().get(code.upper())


@cache
def _explanations() -> dict[str, str]:
    text = files("paasq_dsl").joinpath("explanations.md").read_text("utf-8")
    _, *parts = re.split(r"^## (PQ\d+)\n", text, flags=re.MULTILINE)
    return {code: body.strip("\n") for code, body in zip(parts[::2], parts[1::2], strict=True)}
