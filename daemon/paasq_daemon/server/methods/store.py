"""Methods about the store as a whole."""

from __future__ import annotations

from typing import Any

from paasq_daemon.server.methods.call import RpcCall
from paasq_daemon.server.methods.registry import Lane, loop_method, work_method
from paasq_daemon.server.rights import Right
from paasq_daemon.wire.catalog_codecs import encode_catalog
from paasq_daemon.wire.errors import CorruptRecord, DiskFull, InvalidValue, ModelMismatch
from paasq_daemon.wire.json_schema import (
    BOOLEAN,
    INTEGER,
    TEXT,
    described,
    list_of,
    nullable,
    object_of,
)
from paasq_daemon.wire.param_readers import ANY_TEXT, FLAG, POSITIVE, optional
from paasq_daemon.wire.result_schemas import CATALOG, HEALTH, STATUS


@work_method("catalog", right=Right.READ, result=CATALOG, example={})
def _catalog(call: RpcCall) -> dict[str, Any]:
    """The collections with their fields, and the views."""
    return encode_catalog(call.instance.catalog.current())


@work_method("status", right=Right.READ, result=STATUS, example={})
def _status(call: RpcCall) -> dict[str, Any]:
    """What the store holds, and who serves it."""
    return call.instance.status.report()


@loop_method("health", right=Right.READ, result=HEALTH, example={})
async def _health(call: RpcCall) -> bytes:
    """Whether all is well, answered at once: nothing is read for it."""
    return call.encode(call.instance.health.report())


@work_method(
    "compact",
    right=Right.WRITE,
    lane=Lane.LONG,
    result=object_of(
        {part: object_of({"before_bytes": INTEGER, "after_bytes": INTEGER}) for part in ("data", "index")}
    ),
    errors=(DiskFull, CorruptRecord),
    example={},
)
def _compact(call: RpcCall) -> dict[str, Any]:
    """Leave what is dead out of new files: the data file, columns and vectors. Reading and writing go on."""
    return call.instance.compaction.run(call.cancellation.raise_if_cancelled)


@work_method(
    "expire",
    optional("dry_run", FLAG, "only say what is past its time", default=False),
    optional(
        "trust_clock", FLAG, "the clock is right, even where it is far ahead of what was written last", default=False
    ),
    right=Right.ADMIN,
    lane=Lane.LONG,
    result=object_of(
        {
            "collections": list_of(
                object_of(
                    {
                        "collection": TEXT,
                        "keep": described(nullable(TEXT), "as it is written; null where records are kept for ever"),
                        "due": described(
                            nullable(INTEGER), "records deleted; with dry_run, past it, null where the index fails"
                        ),
                        "history": described(TEXT, "the collection's own, or the store's"),
                        "past_versions": described(INTEGER, "versions of records trimmed; with dry_run, past it"),
                    }
                )
            ),
            "dry_run": BOOLEAN,
            "clock_ahead": described(nullable(TEXT), "by how long the clock is ahead of what is believed"),
        }
    ),
    errors=(InvalidValue,),
    example={"dry_run": True},
)
def _expire(call: RpcCall) -> dict[str, Any]:
    """Delete the records, and the past versions of records, that are past the time that their collection keeps them."""
    return call.instance.retention.run(**call.params)


@work_method(
    "embed",
    optional("seconds_max", POSITIVE, "for how long at most; without, until none is left"),
    optional("collection", ANY_TEXT, "of this collection alone"),
    optional("replace", FLAG, "make those that there are anew", default=False),
    right=Right.WRITE,
    lane=Lane.LONG,
    result=object_of(
        {"embedded": described(INTEGER, "vectors made"), "pending": described(INTEGER, "vectors still to be made")}
    ),
    errors=(InvalidValue, ModelMismatch),
    example={"collection": "note", "replace": True},
)
def _embed(call: RpcCall) -> dict[str, Any]:
    """Make the vectors that are pending."""

    def on_progress(*_: Any) -> None:
        call.cancellation.raise_if_cancelled()

    return call.instance.embedding.run(**call.params, on_progress=on_progress)
