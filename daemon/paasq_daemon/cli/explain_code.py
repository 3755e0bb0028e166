"""`paasq explain CODE`"""

from __future__ import annotations

from typing import Annotated

import typer

from paasq_dsl.diagnostics import CATALOGUE, nearest
from paasq_dsl.error_docs import explanation, listing


def explain(
    code: Annotated[str, typer.Argument(metavar="[CODE]", help="Such as PQ0202; without it all are listed.")] = "",
) -> None:
    """Say what an error's code means."""
    code = code.upper()
    if not code:
        typer.echo(listing())
    elif code in CATALOGUE:
        typer.echo(f"{code}: {CATALOGUE[code]}\n\n{explanation(code)}")
    else:
        meant = " or ".join(nearest(code, CATALOGUE))
        raise typer.BadParameter(f"there is no {code}{f'; did you mean {meant}?' if meant else ''}")
