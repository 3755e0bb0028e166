"""The registry of methods as data, from which the manual's page, tools and clients can be made."""

from __future__ import annotations

from typing import Any

from paasq_daemon.server.methods.registry import METHODS, Lane, Method
from paasq_daemon.server.rights import Right
from paasq_daemon.wire.errors import (
    Cancelled,
    CorruptRecord,
    LimitExceeded,
    PaasqError,
    ProtocolError,
    ReadOnly,
    StoreError,
)
from paasq_daemon.wire.json_schema import OBJECT, TEXT, described, list_of, object_of, one_of
from paasq_daemon.wire.param_readers import params_schema

ERRORS_OF_ANY = (ProtocolError, LimitExceeded, Cancelled, StoreError, CorruptRecord)  # any request may give these

_SCHEMA = described(OBJECT, "JSON Schema")
_ERROR_KIND = object_of({"code": TEXT, "name": TEXT, "doc": TEXT}, title="ErrorKind")
_NOTIFICATION = object_of({"name": TEXT, "doc": TEXT, "params": _SCHEMA}, title="Notification")
_METHOD = object_of(
    {
        "name": TEXT,
        "subject": described(TEXT, "what it is about"),
        "doc": TEXT,
        "right": described(one_of(*Right), "what it may change"),
        "lane": described(one_of(*Lane), "where it runs"),
        "params": _SCHEMA,
        "result": _SCHEMA,
        "errors": described(list_of(_ERROR_KIND), "beyond those of any request"),
        "events": described(list_of(_NOTIFICATION), "what follows its answer"),
        "example": described(OBJECT, "parameters that work on the samples of an assistant"),
    },
    title="Method",
)
DESCRIPTION = object_of(
    {"methods": list_of(_METHOD), "errors": described(list_of(_ERROR_KIND), "those of any request")}
)


def description() -> dict[str, Any]:
    """All methods as JSON, as DESCRIPTION says."""
    return {
        "methods": [_described(method) for method in METHODS.values()],
        "errors": [_error_kind(error) for error in ERRORS_OF_ANY],
    }


def _described(method: Method) -> dict[str, Any]:
    return {
        "name": method.name,
        "subject": method.subject,
        "doc": method.doc,
        "right": str(method.right),
        "lane": str(method.lane),
        "params": params_schema(method.params),
        "result": method.result,
        "errors": [_error_kind(error) for error in errors_of(method)],
        "events": [{"name": each.name, "doc": each.doc, "params": each.params} for each in method.events],
        "example": method.example,
    }


def errors_of(method: Method) -> list[type[PaasqError]]:
    """What a method may raise beyond ERRORS_OF_ANY; one that writes is refused where only reading is granted."""
    refusal = [ReadOnly] if method.right in {Right.WRITE, Right.ADMIN} else []
    return [*method.errors, *refusal]


def _error_kind(error: type[PaasqError]) -> dict[str, str]:
    return {"code": error.code, "name": error.__name__, "doc": " ".join((error.__doc__ or "").split())}
