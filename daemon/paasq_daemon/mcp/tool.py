"""What a tool is to the server: its name, its words for a model, its parameters and result, and what runs it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from mcp_types import CallToolResult, InputRequiredResult, Tool, ToolAnnotations

from paasq_daemon.mcp.approval import Approval
from paasq_daemon.mcp.store_access import StoreAccess
from paasq_daemon.wire.errors import InvalidValue
from paasq_daemon.wire.json_schema import Schema, described, object_of
from paasq_daemon.wire.param_readers import COUNT, Param, optional
from paasq_dsl.catalog import Catalog

ToolResult: TypeAlias = CallToolResult | InputRequiredResult

_LINK = re.compile(r"\[([^\]]+)\]\([^)]*\)")
READS = ToolAnnotations(read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False)
ADDS = ToolAnnotations(read_only_hint=False, destructive_hint=False, idempotent_hint=False, open_world_hint=False)
CHANGES = ToolAnnotations(read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=False)

TOKENS = optional("tokens", COUNT, "tokens that the answer may cost; the server's own limit counts where it is smaller")


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call: its arguments as read, and the way to ask the owner."""

    store: StoreAccess
    arguments: dict[str, Any]
    approval: Approval

    @property
    def params(self) -> dict[str, Any]:
        """A copy of the values given for parameters. Raises InvalidValue for a name that is the tool's own."""
        given: dict[str, Any] = self.arguments["params"]
        if own := next((name for name in given if name.startswith("_")), None):
            raise InvalidValue(
                f"a parameter can't be called {own:.80} here", "call it by a name that begins with a letter"
            )
        return dict(given)


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """`describe(catalog)` is what a model is told of it, the same for the same catalog. `result` is JSON Schema."""

    name: str
    title: str
    describe: Callable[[Catalog], str]
    params: tuple[Param, ...]
    result: Schema
    annotations: ToolAnnotations
    run: Callable[[ToolCall], Awaitable[ToolResult]]

    def listed(self, catalog: Catalog) -> Tool:
        """The tool as clients see it."""
        return Tool(
            name=self.name,
            title=self.title,
            description=self.describe(catalog),
            input_schema=_input_schema(self.params),
            output_schema=_without_links(self.result),
            annotations=self.annotations,
        )


def _input_schema(params: Sequence[Param]) -> dict[str, Any]:
    """Null is taken too, and not told of: clients there are which refuse a property of two types."""
    told = {param.name: described(param.reader.schema, param.doc) for param in params}
    defaults = {param.name: {"default": param.default} for param in params if param.default not in (None, {})}
    required = {param.name: told[param.name] for param in params if param.required}
    optional_ = {name: {**schema, **defaults.get(name, {})} for name, schema in told.items() if name not in required}
    return dict(object_of(required, optional_))


def _without_links(value: Any) -> Any:
    """JSON Schema in whose descriptions the links to pages of the manual are their words alone."""
    if isinstance(value, Mapping):
        return {name: _without_links(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_without_links(each) for each in value]
    return _LINK.sub(r"\1", value) if isinstance(value, str) else value
