"""The signature of the call that is being written."""

from __future__ import annotations

from dataclasses import dataclass

from paasq_dsl.catalog import Catalog
from paasq_dsl.functions.signature import Function, Signature
from paasq_dsl.language_service.active_call import active_call
from paasq_dsl.language_service.cursor_context import cursor_context_at
from paasq_dsl.modules import NO_MODULES, ModuleProvider


@dataclass(frozen=True, slots=True)
class SignatureInformation:
    """One way to call. Each of `parameters` is a part of `label`, in order; `active` is the one at the cursor, or None."""

    label: str
    parameters: tuple[str, ...]
    active_parameter: int | None


@dataclass(frozen=True, slots=True)
class SignatureHelp:
    """`active_signature` is the first of the ways that takes so many arguments."""

    signatures: tuple[SignatureInformation, ...]
    active_signature: int
    doc: str


def signature_help(
    text: str, offset: int, catalog: Catalog, modules: ModuleProvider = NO_MODULES
) -> SignatureHelp | None:
    """Of the call whose arguments contain `offset`; None outside a call. Never raises."""
    place = cursor_context_at(text, min(max(offset, 0), len(text)), catalog, modules)
    call = active_call(place) if place else None
    if call is None:
        return None
    if isinstance(call.callee, Function):
        ways = tuple(_of_library(call.callee.name, each, call.argument_index) for each in call.callee.signatures)
    else:
        written = tuple(parameter.declaration_text for parameter in call.callee.parameters)
        ways = (
            SignatureInformation(
                call.callee.usage, written, call.argument_index if call.argument_index < len(written) else None
            ),
        )
    active = next((i for i, way in enumerate(ways) if way.active_parameter is not None), 0)
    return SignatureHelp(ways, active, call.callee.doc)


def _of_library(name: str, signature: Signature, number: int) -> SignatureInformation:
    parameters = signature.parameters
    most = len(parameters) - 1
    repeats = any(parameter.endswith("...") for parameter in parameters)
    active = min(number, most) if number <= most or repeats else None
    return SignatureInformation(f"{name}({', '.join(parameters)}) -> {signature.result}", parameters, active)
