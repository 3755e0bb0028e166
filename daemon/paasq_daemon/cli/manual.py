"""`paasq manual`"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from paasq_daemon.cli import options


def manual(
    for_model: Annotated[
        bool,
        typer.Option(
            "--for-model", help="In at most 2,000 tokens, with this store's collections: for a language model's prompt."
        ),
    ] = False,
    data: options.Data = None,
    socket: options.Socket = None,
) -> None:
    """Write the manual of the language: its stages and its functions."""
    if for_model:
        from paasq_daemon.cli.check import store_catalog
        from paasq_dsl.model_manual import model_manual

        sys.stdout.write(model_manual(store_catalog(data, socket)))
        return
    from paasq_dsl.functions.docs import functions_page
    from paasq_dsl.stages.docs import stages_page

    sys.stdout.write(f"{stages_page()}\n{functions_page()}")
