"""Explanations of error codes: why each is an error, with a wrong and a right text. The manual's page of errors is made of it:
`python -m paasq_dsl.error_docs > docs/errors.md`."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Mapping
from functools import cache
from importlib.resources import files

from paasq_dsl.diagnostics import MESSAGES
from paasq_dsl.diagnostics.daemon import DAEMON
from paasq_dsl.diagnostics.form import FORM
from paasq_dsl.diagnostics.names import NAMES
from paasq_dsl.diagnostics.runtime import RUNNING
from paasq_dsl.diagnostics.schemas import SCHEMAS
from paasq_dsl.diagnostics.stages import STAGES
from paasq_dsl.diagnostics.types import TYPES
from paasq_dsl.diagnostics.writes import WRITES

GROUPS: Mapping[str, Collection[str]] = {
    "The form of a text": FORM, "Names": NAMES, "Types and arguments": TYPES, "Stages": STAGES, "Writes": WRITES,
    "Schemas and watches": SCHEMAS, "Found when it runs": RUNNING, "Found by the store and the daemon": DAEMON,
}  # fmt: skip
_HEAD = """# Errors

<!-- Made from the catalogue by `python -m paasq_dsl.error_docs`; a test holds it to that. -->

Every error has a code. `paasq explain PQ0105` prints its part of this page, `paasq explain` lists all codes. In the
sentences, ‹name› and its like are filled in with the names and values of the case."""


class _Slots(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return f"‹{name}›"


def explanation(code: str) -> str | None:
    """Markdown of a few sentences and examples, without a heading; None of a code that the catalogue does not have."""
    return _explanations().get(code.upper())


def sentence(code: str) -> str:
    """The message of a code for a reader: what a case fills in as ‹name›. Raises KeyError."""
    return MESSAGES[code].format_map(_Slots())


def code_list() -> str:
    """Every code with its sentence, one a line, in groups."""
    return "\n\n".join("\n".join([title, *(f"  {c}  {sentence(c)}" for c in codes)]) for title, codes in GROUPS.items())


def errors_page() -> str:
    """The text of `docs/errors.md`: all codes in groups, each with its message, explanation and examples."""
    parts = [_HEAD, "\n".join(f"- **{title}**: {', '.join(map(_link, codes))}" for title, codes in GROUPS.items())]
    for title, codes in GROUPS.items():
        parts += [f"## {title}", *(f"### {code}\n\n    {sentence(code)}\n\n{explanation(code)}" for code in codes)]
    return "\n\n".join(parts) + "\n"


def _link(code: str) -> str:
    return f"[{code}](#{code.lower()})"


@cache
def _explanations() -> dict[str, str]:
    text = files("paasq_dsl").joinpath("explanations.md").read_text("utf-8")
    _, *parts = re.split(r"^## (PQ\d+)\n", text, flags=re.MULTILINE)
    return {code: body.strip("\n") for code, body in zip(parts[::2], parts[1::2], strict=True)}


if __name__ == "__main__":
    sys.stdout.write(errors_page())
