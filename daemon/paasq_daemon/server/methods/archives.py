"""Methods about archives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from paasq_daemon.server.methods.call import RpcCall
from paasq_daemon.server.methods.registry import Lane, work_method
from paasq_daemon.server.rights import Right
from paasq_daemon.wire.errors import CorruptRecord, StoreError
from paasq_daemon.wire.json_schema import BOOLEAN, INTEGER, OBJECT, TIME, described, map_of, object_of
from paasq_daemon.wire.param_readers import ANY_TEXT, FLAG, Param, optional
from paasq_daemon.wire.result_schemas import SEQ


@work_method(
    "dump",
    Param("into", ANY_TEXT, "the absolute path of the archive; a file of that name is replaced"),
    optional("vectors", FLAG, "with the vectors that are made of text; given ones are always in it", default=True),
    optional("history", FLAG, "with past versions and the journal", default=False),
    right=Right.ADMIN,
    lane=Lane.LONG,
    result=object_of(
        {
            "seq": SEQ,
            "time": TIME,
            "vectors": BOOLEAN,
            "history": BOOLEAN,
            "bytes": described(INTEGER, "of the archive"),
            "collections": described(map_of(OBJECT), "by name, with the counts of records and vectors"),
        }
    ),
    errors=(StoreError, CorruptRecord),
    example={"into": "/nowhere/store.zip"},
)
def _dump(call: RpcCall) -> dict[str, Any]:
    """Write everything into one archive, which is there, whole and durable, when this is answered."""
    options = dict(call.params)
    into = Path(options.pop("into"))
    if not into.is_absolute():
        raise StoreError("params.into must be an absolute path", "the daemon's folder is not the client's")
    return call.instance.archives.dump(into, **options, on_record=call.cancellation.raise_if_cancelled)
