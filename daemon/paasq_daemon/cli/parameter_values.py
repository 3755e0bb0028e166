"""Parameters as typed on the command line: `-p me=ana`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from paasq_daemon.cli.source_files import script_modules
from paasq_daemon.wire.database import Database
from paasq_daemon.wire.exact_json import loads
from paasq_dsl.source_text import SourceText
from paasq_dsl.syntax.lexer import unescape_string
from paasq_dsl.types import STRING_KINDS, Type, TypeKind


def parse_assignments(given: list[str] | None) -> dict[str, str]:
    """`["me=ana", "n=3"]` -> `{"me": "ana", "n": "3"}`. Raises BadParameter."""
    named: dict[str, str] = {}
    for each in given or []:
        name, equals, text = each.partition("=")
        if not equals or not all(part.isidentifier() for part in name.split(".")):
            raise typer.BadParameter(f"{each!r} is not NAME=VALUE, such as -p limit=3", param_hint="--param")
        named[name] = text
    return named


def values(given: Mapping[str, str], source: SourceText, database: Database) -> dict[str, Any]:
    """JSON where it is JSON, else the text as it is; so too where the source asks for text: `5` is a key, `null` is null. A
    link may be written as in the language, `person:ana`."""
    found = {name: _read(text) for name, text in given.items()}
    plain = all(value is None or (isinstance(value, str) and ":" not in value) for value in found.values())
    types = {} if plain else _types(source, database)
    for name, type_ in types.items():
        value = found.get(name)
        if type_.kind in STRING_KINDS and value is not None:
            text = value if isinstance(value, str) else given[name]
            found[name] = _key(text, type_) if type_.kind is TypeKind.LINK else text
    return found


def _read(text: str) -> Any:
    try:
        return loads(text)
    except ValueError:
        return text


def _key(text: str, link: Type) -> str:
    collection, _, key = text.partition(":")
    if collection != link.name:
        return text
    return unescape_string(key) if key.startswith('"') else key


def _types(source: SourceText, database: Database) -> dict[str, Type]:
    from paasq_dsl.binder.script import bind_script
    from paasq_dsl.bound.traversal import parameter_refs
    from paasq_dsl.syntax.parser import parse_script

    bound = bind_script(parse_script(source.text)[0], database.catalog(), resolve_module=script_modules(source))
    asked = {each.name: each.type for each in parameter_refs(bound.statements)}
    return asked | {name: declared.type for name, declared in bound.parameters.items()}
