"""What stands behind a code: why it is an error, with a wrong and a right text. The manual's page of errors is made of it:
`python -m paasq_dsl.error_docs > docs/errors.md`."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from paasq_dsl.diagnostics import CATALOGUE

GROUPS: Mapping[str, str] = {
    "PQ01": "The form of a text", "PQ02": "Names", "PQ03": "Types and arguments", "PQ04": "Stages", "PQ05": "Writes",
    "PQ06": "Schemas", "PQ07": "Found when it runs",
}  # fmt: skip
_HEAD = """# Errors

<!-- Made from the catalogue by `python -m paasq_dsl.error_docs`; a test holds it to that. -->

Every error of a text has a code. `paasq explain PQ0105` prints its part of this page, `paasq explain` lists all codes. In the
sentences, what stands in braces is filled in with words of the text."""


def explanation(code: str) -> str | None:
    """Markdown of a few sentences and examples, without a heading; None of a code that the catalogue does not have."""
    return _explanations().get(code.upper())


def listing() -> str:
    """Every code with its sentence, one a line, in groups."""
    return "\n\n".join(
        "\n".join([title, *(f"  {c}  {CATALOGUE[c]}" for c in codes)]) for title, codes in _groups().items()
    )


def errors_page() -> str:
    parts = [_HEAD, "\n".join(f"- **{title}**: {', '.join(map(_link, codes))}" for title, codes in _groups().items())]
    for title, codes in _groups().items():
        parts += [f"## {title}", *(f"### {code}\n\n    {CATALOGUE[code]}\n\n{explanation(code)}" for code in codes)]
    return "\n\n".join(parts) + "\n"


def _link(code: str) -> str:
    return f"[{code}](#{code.lower()})"


def _groups() -> dict[str, list[str]]:
    return {title: [code for code in CATALOGUE if code.startswith(start)] for start, title in GROUPS.items()}


@cache
def _explanations() -> dict[str, str]:
    text = files("paasq_dsl").joinpath("explanations.md").read_text("utf-8")
    _, *parts = re.split(r"^## (PQ\d+)\n", text, flags=re.MULTILINE)
    return {code: body.strip("\n") for code, body in zip(parts[::2], parts[1::2], strict=True)}


if __name__ == "__main__":
    sys.stdout.write(errors_page())
