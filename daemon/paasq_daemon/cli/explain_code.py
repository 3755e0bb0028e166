"""`paasq explain CODE`"""

from __future__ import annotations

import re
from typing import Annotated

import typer

from paasq_daemon.wire import errors as wire_errors
from paasq_daemon.wire.errors import BY_CODE
from paasq_dsl.diagnostics import CATALOGUE, nearest
from paasq_dsl.error_docs import explanation, listing


def explain(
    code: Annotated[str, typer.Argument(metavar="[CODE]", help="Such as PQ0202; without it all are listed.")] = "",
) -> None:
    """Say what an error's code means."""
    code = code.upper()
    if not code:
        of_requests = [f"  {known}  {_words(found.__name__)}" for known, found in BY_CODE.items()]
        typer.echo("\n".join([listing(), "", "What a request meets, whatever its text", *of_requests]))
    elif code in CATALOGUE:
        typer.echo(f"{code}: {CATALOGUE[code]}\n\n{explanation(code)}")
    elif code in BY_CODE:
        typer.echo(f"{code}, {BY_CODE[code].__name__}: {_words(BY_CODE[code].__name__)}.")
    else:
        meant = " or ".join(nearest(code, [*CATALOGUE, *BY_CODE]))
        raise typer.BadParameter(f"there is no {code}{f'; did you mean {meant}?' if meant else ''}")


def _words(name: str) -> str:
    """What the tree of errors says of one."""
    found = re.search(rf"\b{name} +(.+)", wire_errors.__doc__ or "")
    return found[1] if found else "an error of paasq"
