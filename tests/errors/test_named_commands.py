"""What messages, hints and documents tell a reader to type exists: each command, its options, and each statement."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from paasq_daemon.cli.main import app
from paasq_dsl.syntax.keywords import STAGE_KEYWORDS, STATEMENT_KEYWORDS
from paasq_dsl.syntax.parser import parse_script

ROOT = Path(__file__).parents[2]
CODE = sorted(p for folder in ("dsl", "daemon", "editor") for p in (ROOT / folder).rglob("*.py"))
PROSE = sorted([ROOT / "README.md", ROOT / "dsl/paasq_dsl/explanations.md", *(ROOT / "docs").rglob("*.md")])
QUOTED = re.compile(r"`([^`\n]+)`")
VALUE = "x"  # in place of what a message fills in


def texts_of_code(path: Path) -> Iterator[str]:
    """The strings of a module that is no docstring, what is filled in as `VALUE`."""
    whole = ast.parse(path.read_text("utf-8"))
    parts: set[ast.AST] = set()
    for node in ast.walk(whole):
        if isinstance(node, ast.JoinedStr):
            parts.update(node.values)
            yield "".join(str(v.value) if isinstance(v, ast.Constant) else VALUE for v in node.values)
        elif isinstance(node, ast.Expr):
            parts.add(node.value)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in parts:
            yield re.sub(r"\{\w+\}", VALUE, node.value)


def named() -> dict[str, str]:
    """The texts in backticks, each with a file that has it."""
    found: dict[str, str] = {}
    for path in CODE:
        for text in texts_of_code(path):
            found |= dict.fromkeys(QUOTED.findall(text), path.name)
    for path in PROSE:
        found |= dict.fromkeys(QUOTED.findall(path.read_text("utf-8")), path.name)
    return found


NAMED = named()
COMMANDS = sorted(text for text in NAMED if text.startswith("paasq ") and not text.endswith(".py"))
STATEMENTS = sorted(
    text
    for path in CODE
    for said in texts_of_code(path)
    for text in QUOTED.findall(said)
    if " " in text and text.split()[0] in STATEMENT_KEYWORDS | STAGE_KEYWORDS and ".." not in text
)


def unknown_part(text: str) -> str | None:
    """The first word of a command line that the command does not know."""
    command: Any = typer.main.get_command(app)
    for word in shlex.split(text)[1:]:
        if hasattr(command, "commands") and not word.startswith("-"):
            if word not in command.commands:
                return word
            command = command.commands[word]
        elif word.startswith("-"):
            name = word.partition("=")[0]
            if name != "--help" and not any(name in (*p.opts, *p.secondary_opts) for p in command.params):
                return word
    return None


@pytest.mark.parametrize("text", COMMANDS)
def test_a_command_that_is_named_exists(text: str) -> None:
    assert unknown_part(text) is None, (text, NAMED[text])


@pytest.mark.parametrize("text", STATEMENTS)
def test_a_statement_that_is_named_can_be_parsed(text: str) -> None:
    whole = f"from x | {text}" if text.split(maxsplit=1)[0] in STAGE_KEYWORDS else text
    assert not parse_script(whole)[1], text


def test_a_command_outside_backticks_is_in_none_of_the_strings() -> None:
    known = "|".join(sorted(typer.main.get_command(app).commands))  # type: ignore[attr-defined]  # it is a group
    bare = re.compile(rf"(?:run|by|with|it|one):? paasq (?:{known})\b")
    assert not [text for path in CODE for text in texts_of_code(path) if bare.search(text)]
