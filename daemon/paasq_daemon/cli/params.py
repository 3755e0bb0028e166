"""Parameters as somebody types them: `-p me=ana`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from paasq_daemon.cli.texts import modules_beside
from paasq_daemon.wire.database import Database
from paasq_daemon.wire.exact import loads
from paasq_dsl.source import Source


def named(given: list[str] | None) -> dict[str, str]:
    """`["me=ana", "n=3"]` -> `{"me": "ana", "n": "3"}`. Raises BadParameter."""
    named: dict[str, str] = {}
    for each in given or []:
        name, equals, text = each.partition("=")
        if not equals or not all(part.isidentifier() for part in name.split(".")):
            raise typer.BadParameter(f"{each!r} is not NAME=VALUE, such as -p limit=3", param_hint="--param")
        named[name] = text
    return named


def values(given: Mapping[str, str], source: Source, database: Database) -> dict[str, Any]:
    """JSON where it is JSON, else the text as it is; so too where the source asks for text: `5` is a key, `null` is null."""
    found = {name: _read(text) for name, text in given.items()}
    unclear = [name for name, value in found.items() if value is not None and not isinstance(value, str)]
    if unclear:
        texts = _asked_as_text(source, database)
        found.update({name: given[name] for name in unclear if name in texts})
    return found


def _read(text: str) -> Any:
    try:
        return loads(text)
    except ValueError:
        return text


def _asked_as_text(source: Source, database: Database) -> frozenset[str]:
    from paasq_dsl.binder.bind import bind
    from paasq_dsl.syntax.parse import parse
    from paasq_dsl.types import STRING_KINDS
    from paasq_dsl.walk import parameters

    bound = bind(parse(source.text)[0], database.catalog(), resolve=modules_beside(source))
    types = [(name, declared.type) for name, declared in bound.parameters.items()]
    types += [(each.name, each.type) for each in parameters(bound.statements)]
    return frozenset(name for name, type_ in types if type_.kind in STRING_KINDS)
