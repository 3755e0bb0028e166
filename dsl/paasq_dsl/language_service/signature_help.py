"""The signature of the call that is being written."""

from __future__ import annotations

from dataclasses import dataclass

from paasq_dsl.catalog import Catalog
from paasq_dsl.functions.signature import Function, Signature
from paasq_dsl.language_service.active_call import call_at
from paasq_dsl.language_service.cursor_context import place_at
from paasq_dsl.modules import NO_MODULES, Modules


@dataclass(frozen=True, slots=True)
class Shown:
    """One way to call. Each of `parameters` is a part of `label`, in order; `active` is the one at the cursor, or None."""

    label: str
    parameters: tuple[str, ...]
    active: int | None


@dataclass(frozen=True, slots=True)
class SignatureHelp:
    """`active` is the first of the ways that takes so many arguments."""

    ways: tuple[Shown, ...]
    active: int
    doc: str


def signature_help(text: str, offset: int, catalog: Catalog, modules: Modules = NO_MODULES) -> SignatureHelp | None:
    """Of the call whose arguments `offset` stands among; None where it stands in none. Never raises."""
    place = place_at(text, min(max(offset, 0), len(text)), catalog, modules)
    call = call_at(place) if place else None
    if call is None:
        return None
    if isinstance(call.found, Function):
        ways = tuple(_of_library(call.found.name, each, call.number) for each in call.found.signatures)
    else:
        written = tuple(parameter.written for parameter in call.found.parameters)
        ways = (Shown(call.found.usage, written, call.number if call.number < len(written) else None),)
    active = next((i for i, way in enumerate(ways) if way.active is not None), 0)
    return SignatureHelp(ways, active, call.found.doc)


def _of_library(name: str, signature: Signature, number: int) -> Shown:
    parameters = signature.parameters
    most = len(parameters) - 1
    repeats = any(parameter.endswith("...") for parameter in parameters)
    active = min(number, most) if number <= most or repeats else None
    return Shown(f"{name}({', '.join(parameters)}) -> {signature.result}", parameters, active)
