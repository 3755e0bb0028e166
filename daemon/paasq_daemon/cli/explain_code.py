"""`paasq explain CODE`"""

from __future__ import annotations

from typing import Annotated

import typer

from paasq_dsl.diagnostics import MESSAGES, similar_names
from paasq_dsl.error_docs import code_list, explanation, sentence


def explain(
    code: Annotated[str, typer.Argument(metavar="[CODE]", help="Such as PQ0202; without it all are listed.")] = "",
) -> None:
    """Say what an error's code means."""
    code = code.upper()
    if not code:
        typer.echo(code_list())
    elif code in MESSAGES:
        typer.echo(f"{code}: {sentence(code)}\n\n{explanation(code)}")
    else:
        meant = " or ".join(similar_names(code, MESSAGES))
        raise typer.BadParameter(f"there is no {code}{f'; did you mean {meant}?' if meant else ''}")
