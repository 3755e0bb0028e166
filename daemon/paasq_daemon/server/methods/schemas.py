"""Methods about the schema."""

from __future__ import annotations

from typing import Any

from paasq_daemon.server.methods.call import RpcCall
from paasq_daemon.server.methods.registry import Lane, work_method
from paasq_daemon.server.rights import Right
from paasq_daemon.wire.errors import ConflictError, InvalidValue, QueryError
from paasq_daemon.wire.json_schema import BOOLEAN, INTEGER, TEXT, described, list_of, object_of
from paasq_daemon.wire.param_readers import ANY_TEXT, FLAG, TEXT_MAP, Param, optional
from paasq_daemon.wire.result_schemas import SEQ

_CHANGE = object_of(
    {
        "statement": TEXT,
        "risk": described(TEXT, "empty, `may fail` or `loses data`"),
        "why": TEXT,
        "records": described(INTEGER, "how many it rewrote, deleted, or left without a vector"),
    }
)


@work_method(
    "schema.apply",
    Param("text", ANY_TEXT, "a script that declares collections and views; its other statements do not count"),
    optional("renames", TEXT_MAP, "old names of fields, `collection.field`, to new ones", {}),
    optional("whole", FLAG, "drop what the script does not declare", default=False),
    optional("drop", FLAG, "do also what loses data", default=False),
    optional("dry_run", FLAG, "do it, and roll it back", default=True),
    optional("source_name", ANY_TEXT, "what diagnostics call the script", "<schema>"),
    right=Right.WRITE,
    lane=Lane.LONG,
    result=object_of({"changes": list_of(_CHANGE), "applied": BOOLEAN, "seq": SEQ}),
    errors=(QueryError, InvalidValue, ConflictError),
    example={"text": "collection book { key id: keyword  title: text(en) }", "dry_run": False},
)
def _apply(call: RpcCall) -> dict[str, Any]:
    """Bring the store to the schema that a script declares: all changes or none, the records converted."""
    return call.instance.schema.apply(**call.params)
