"""What is said where a statement of the language is typed as a command: how to run it."""

from __future__ import annotations

import shlex
from itertools import takewhile
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup

_COMMANDS_BEFORE_STATEMENTS = ("explain", "watch")  # which the language has too, before another statement


class CommandsOrStatements(TyperGroup):
    """The commands; of a statement that is typed in the place of one it says by which command it runs."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Raises UsageError where there is no such command, or a statement follows one that takes none."""
        name = args[0].split()[0] if args[0].split() else ""
        if not ctx.resilient_parsing and (name not in self.commands or name in _COMMANDS_BEFORE_STATEMENTS):
            _refuse_statement(ctx, name, args)
        return super().resolve_command(ctx, args)


def _refuse_statement(ctx: typer.Context, name: str, args: list[str]) -> None:
    from paasq_dsl.syntax.keywords import STATEMENT_KEYWORDS

    typed = [*takewhile(lambda each: not each.startswith("--"), args)]
    words = " ".join(typed).split()
    if name in _COMMANDS_BEFORE_STATEMENTS:
        is_statement = len(words) > 1 and words[1] in STATEMENT_KEYWORDS and not Path(words[1]).exists()
    else:
        is_statement = name in STATEMENT_KEYWORDS
    if is_statement:
        command = shlex.join(["paasq", "query", " ".join(typed), *args[len(typed) :]])
        ctx.fail(f"`{name}` begins a statement here, and not a command. Statements are run by `query`: {command}")
