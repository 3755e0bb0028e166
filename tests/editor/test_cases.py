"""Completion, hover, signatures and definitions, from the files in cases/. `¦` is the cursor. UPDATE=1 writes what comes out."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from editor.library import CATALOG, MAIL, MODULES, live_values
from paasq_dsl.language_service import complete, find_declaration, hover, signature_help, symbol_at

CASES = sorted((Path(__file__).parent / "cases").glob("*.test"))
SHOWN_MAX = 12
_SECTION = re.compile(r"^-- (text|completion|hover|signature|definition|insert .*)\n", re.MULTILINE)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_cases(path: Path) -> None:
    written = path.read_text("utf-8")
    found = _answered(written)
    if os.environ.get("UPDATE") and found != written:
        path.write_text(found, "utf-8")
        pytest.skip(f"{path.name} is written anew: review it")
    assert found == written


def _answered(written: str) -> str:
    head, *parts = _SECTION.split(written)
    out = [head]
    text, cursor = "", 0
    for name, body in zip(parts[::2], parts[1::2], strict=True):
        if name == "text":
            marked = body.rstrip("\n")
            cursor = marked.index("¦")
            text = marked.replace("¦", "")
            out.append(f"-- text\n{marked}\n")
        else:
            end = "\n\n" if body.endswith("\n\n") else "\n"
            out.append(f"-- {name}\n{_answer(name, text, cursor)}".rstrip() + end)
    return "".join(out)


def _answer(name: str, text: str, cursor: int) -> str:
    if name == "signature":
        return _signature(text, cursor)
    if name == "definition":
        return _definition(text, cursor)
    if name == "hover":
        found = hover(text, cursor, CATALOG, MODULES)
        return f"{text[found.span.start : found.span.end]}\n{found.markdown}" if found else ""
    offered = complete(text, cursor, CATALOG, live_values, MODULES)
    if name.startswith("insert "):
        chosen = next(c for c in offered if c.label == name.removeprefix("insert "))
        return text[: chosen.span.start] + chosen.insert_text + text[chosen.span.end :]
    lines = [f"{c.label}  {c.kind}  {c.detail}".rstrip() for c in offered[:SHOWN_MAX]]
    return "\n".join(lines + ([f"... {len(offered) - SHOWN_MAX} more"] if len(offered) > SHOWN_MAX else []))


def _signature(text: str, cursor: int) -> str:
    """A line for each way to call, `>` before the one that fits, the argument at the cursor in angles."""
    found = signature_help(text, cursor, CATALOG, MODULES)
    if found is None:
        return ""
    lines = []
    for i, way in enumerate(found.signatures):
        parts = [f"«{part}»" if n == way.active_parameter else part for n, part in enumerate(way.parameters)]
        lines.append(
            f"{'> ' if i == found.active_signature else '  '}{way.label.partition('(')[0]}({', '.join(parts)})"
        )
    return "\n".join([*lines, *([found.doc] if found.doc else [])])


def _definition(text: str, cursor: int) -> str:
    mention = symbol_at(text, cursor, CATALOG, MODULES)
    if mention is None:
        return ""
    written = MAIL if mention.module_path else text
    span = find_declaration(written, mention)
    where = f" in {mention.module_path}" if mention.module_path else ""
    return f"{' '.join(written[span.start : span.end].split())}{where}" if span else f"none of {mention.name} here"
