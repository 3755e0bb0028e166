"""JSON-RPC 2.0: parsing and writing messages, and encoding errors. Independent of any socket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, TypeAlias

import orjson

from paasq_daemon.wire.errors import BY_CODE, LimitExceeded, PaasqError, ProtocolError, QueryError, ScriptProgress
from paasq_daemon.wire.exact_json import JSON_DEPTH_MAX, loads

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
PAASQ_ERROR = -32000  # `data.code` says which

Id: TypeAlias = "str | int | None"


class RpcError(ProtocolError):
    """An error of JSON-RPC itself; `rpc_code` is its number."""

    code = ProtocolError.code

    def __init__(self, rpc_code: int, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.rpc_code = rpc_code


def parse(body: bytes) -> Any:
    """JSON of at most JSON_DEPTH_MAX levels. Raises RpcError."""
    try:
        value = loads(body)
    except ValueError as error:
        raise RpcError(PARSE_ERROR, f"this is not JSON: {error}") from None
    if body.count(b"[") + body.count(b"{") > JSON_DEPTH_MAX and _deeper(value, JSON_DEPTH_MAX):
        raise RpcError(INVALID_REQUEST, f"the message is nested deeper than {JSON_DEPTH_MAX} levels")
    return value


def dump(value: Any) -> bytes:
    """JSON in UTF-8 on one line. Raises ProtocolError on what JSON cannot represent."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY)
    except TypeError as error:  # orjson's JSONEncodeError is one: ints beyond 64 bits, half a surrogate pair
        raise ProtocolError(f"this cannot be sent: {error}") from None


def dump_bounded(value: Any, size_bytes_max: int) -> bytes:
    """As `dump`; raises LimitExceeded where the text is longer than `size_bytes_max`."""
    body = dump(value)
    if len(body) > size_bytes_max:
        raise LimitExceeded(
            f"a message of {len(body):,} bytes is longer than the most allowed, {size_bytes_max:,}",
            "ask for fewer rows with `take` or `page`, or put fewer records at a time",
        )
    return body


def request_message(id_: Id, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """A request, to be dumped. Its answer has the same `id`."""
    return {"jsonrpc": "2.0", "id": id_, "method": method, "params": params}


def notification(method: str, params: Mapping[str, Any]) -> bytes:
    """A message that gets no answer, as JSON in UTF-8. Raises ProtocolError as `dump`."""
    return dump({"jsonrpc": "2.0", "method": method, "params": params})


def result_message(id_: Id, result: bytes) -> bytes:
    """The answer to a request, as JSON in UTF-8; `result` is JSON already."""
    return dump({"jsonrpc": "2.0", "id": id_, "result": orjson.Fragment(result)})


def error_message(id_: Id, error: PaasqError) -> bytes:
    """The answer to a request that failed, as JSON in UTF-8; `id` is null where it could not be read."""
    return dump({"jsonrpc": "2.0", "id": id_, "error": error_to_json(error)})


def error_to_json(error: PaasqError) -> dict[str, Any]:
    """JSON-RPC's `error` object; paasq's own code, hint, diagnostics and progress are in its `data`."""
    diagnostics = error.diagnostics if isinstance(error, QueryError) else []
    progress = {} if error.progress is None else {"progress": asdict(error.progress)}
    return {
        "code": error.rpc_code if isinstance(error, RpcError) else PAASQ_ERROR,
        "message": error.message,
        "data": {"code": error.code, "hint": error.hint, "diagnostics": diagnostics} | progress,
    }


def error_from_json(error: Mapping[str, Any]) -> PaasqError:
    """The inverse of `error_to_json`: the class that the daemon raised, found by its code."""
    data = error.get("data") or {}
    message, hint = str(error.get("message", "")), str(data.get("hint", ""))
    if error.get("code") != PAASQ_ERROR:
        return RpcError(int(error.get("code", INTERNAL_ERROR)), message, hint)
    kind = BY_CODE.get(data.get("code", ""), PaasqError)
    if issubclass(kind, QueryError):
        found: PaasqError = kind(message, data.get("diagnostics", []), hint)
    else:
        found = kind(message, hint)
    found.progress = ScriptProgress(**data["progress"]) if "progress" in data else None
    return found


def _deeper(value: Any, levels: int) -> bool:
    """Is it nested deeper? Iterative, level by level, so that no input overflows the stack."""
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(levels):
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True
