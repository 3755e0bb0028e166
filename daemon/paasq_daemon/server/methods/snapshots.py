"""Methods about snapshots."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from paasq_daemon.server.methods.call import RpcCall
from paasq_daemon.server.methods.json_schema import INTEGER, TEXT, described, list_of, object_of
from paasq_daemon.server.methods.param_readers import ANY_TEXT, Param, integer, optional
from paasq_daemon.server.methods.registry import Lane, work_method
from paasq_daemon.server.methods.result_schemas import SNAPSHOT, VERIFICATION
from paasq_daemon.server.rights import Right
from paasq_daemon.services.snapshots import manifest_to_json, verification_to_json
from paasq_daemon.wire.errors import FormatTooNew, SnapshotError

_NAME = Param("name", ANY_TEXT, "the snapshot's name")


@work_method(
    "snapshot.create",
    Param("name", ANY_TEXT, "letters, digits, blanks, `.`, `_` and `-`, 100 at most"),
    right=Right.WRITE,
    lane=Lane.LONG,
    result=SNAPSHOT,
    errors=(SnapshotError,),
    example={"name": "before cleaning"},
)
def _create(call: RpcCall) -> dict[str, Any]:
    """Make a snapshot, on disk when this is answered."""
    return manifest_to_json(call.instance.snapshots.create(call.params["name"]))


@work_method("snapshot.list", right=Right.READ, result=list_of(SNAPSHOT), example={})
def _list(call: RpcCall) -> list[dict[str, Any]]:
    """The snapshots, oldest first; those whose manifest is damaged are left out."""
    return [manifest_to_json(manifest) for manifest in call.instance.snapshots.list()]


@work_method(
    "snapshot.verify",
    _NAME,
    optional("depth", integer(1, 3), "1: chain and sizes; 2: every byte hashed; 3: restored aside and compared", 2),
    right=Right.READ,
    lane=Lane.LONG,
    result=VERIFICATION,
    errors=(SnapshotError,),
    example={"name": "monday"},
)
def _verify(call: RpcCall) -> dict[str, Any]:
    """Verify a snapshot; damage is a finding and no error."""
    return verification_to_json(call.instance.snapshots.verify(**call.params))


@work_method(
    "snapshot.restore",
    _NAME,
    Param("into", ANY_TEXT, "the absolute path of a folder that is new or empty"),
    right=Right.ADMIN,
    lane=Lane.LONG,
    result=SNAPSHOT,
    errors=(SnapshotError, FormatTooNew),
    example={"name": "monday", "into": "/nowhere/restored"},
)
def _restore(call: RpcCall) -> dict[str, Any]:
    """Restore a snapshot into a folder of its own; the store that is served stays as it is."""
    into = Path(call.params["into"])
    if not into.is_absolute():
        raise SnapshotError("params.into must be an absolute path", "the daemon's folder is not the client's")
    return manifest_to_json(call.instance.snapshots.restore(call.params["name"], into))


@work_method(
    "snapshot.delete",
    _NAME,
    right=Right.ADMIN,
    lane=Lane.LONG,
    result=object_of(
        {
            "deleted": TEXT,
            "objects": described(INTEGER, "how many were removed, that no other snapshot needs"),
            "freed_bytes": INTEGER,
        }
    ),
    errors=(SnapshotError,),
    example={"name": "monday"},
)
def _delete(call: RpcCall) -> dict[str, Any]:
    """Delete a snapshot."""
    return call.instance.snapshots.delete(call.params["name"])
