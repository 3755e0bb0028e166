"""Methods about snapshots."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from paasq_daemon.server.methods.call import RpcCall
from paasq_daemon.server.methods.registry import Lane, work_method
from paasq_daemon.server.rights import Right
from paasq_daemon.services.snapshots import snapshot_to_json, verification_to_json
from paasq_daemon.snapshot.create import CreateOptions
from paasq_daemon.snapshot.encryption_key import KeySource, given_key
from paasq_daemon.snapshot.moment import parse_moment
from paasq_daemon.wire.errors import FormatTooNew, SnapshotError
from paasq_daemon.wire.json_schema import INTEGER, TEXT, described, list_of, object_of
from paasq_daemon.wire.param_readers import ANY_TEXT, FLAG, TEXTS, Param, integer, optional
from paasq_daemon.wire.result_schemas import ARCHIVED, RESTORED, SNAPSHOT, VERIFICATION
from paasq_dsl.time_zones import DEFAULT_ZONE

_NAME = Param("name", ANY_TEXT, "the snapshot's name")


@work_method(
    "snapshot.create",
    Param("name", ANY_TEXT, "letters, digits, blanks, `.`, `_` and `-`, 100 at most"),
    optional("to", ANY_TEXT, "an absolute path or the URL of an object store, for *admin*; else the data folder"),
    optional("labels", TEXTS, "what it is for: up to 20 lines", ()),
    optional("damaged", FLAG, "take it of a damaged store too, labelled so", default=False),
    optional("verify", FLAG, "read back what was written", default=True),
    optional(
        "key_file", ANY_TEXT, "an absolute path on the daemon's machine, for *admin*: the key that it is encrypted by"
    ),
    optional("passphrase_file", ANY_TEXT, "the same, of a file with a passphrase"),
    optional("sign", ANY_TEXT, "the same, of the private key that it is signed by"),
    right=Right.WRITE,
    lane=Lane.LONG,
    result=SNAPSHOT,
    errors=(SnapshotError,),
    example={"name": "before cleaning"},
)
def _create(call: RpcCall) -> dict[str, Any]:
    """Make a snapshot, on disk when this is answered."""
    options = CreateOptions(
        labels=tuple(call.params["labels"]),
        damaged=call.params["damaged"],
        verify=call.params["verify"],
        sign=_path_of(call, "sign"),
    )
    return snapshot_to_json(call.instance.snapshots.create(call.params["name"], options, _place(call), _key(call)))


@work_method("snapshot.list", right=Right.READ, result=list_of(SNAPSHOT), example={})
def _list(call: RpcCall) -> list[dict[str, Any]]:
    """The snapshots, oldest first; those that cannot be used come last, with the `problem`."""
    return [snapshot_to_json(each) for each in call.instance.snapshots.list()]


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
    optional("name", ANY_TEXT, "the snapshot; may be left out where `at` is given"),
    Param("into", ANY_TEXT, "the absolute path of a folder that is new or empty"),
    optional("at", ANY_TEXT, "a moment: a sequence number, or an ISO 8601 date or time"),
    optional("zone", ANY_TEXT, "the time zone of a time without an offset", DEFAULT_ZONE),
    right=Right.ADMIN,
    lane=Lane.LONG,
    result=RESTORED,
    errors=(SnapshotError, FormatTooNew),
    example={"name": "monday", "into": "/nowhere/restored"},
)
def _restore(call: RpcCall) -> dict[str, Any]:
    """Restore a snapshot, or any moment that snapshots and archived journal lead to, into a folder of its own; the store that
    is served stays as it is."""
    into, at = Path(call.params["into"]), call.params["at"]
    if not into.is_absolute():
        raise SnapshotError("params.into must be an absolute path", "the daemon's folder is not the client's")
    moment = None if at is None else parse_moment(at, call.params["zone"])
    return call.instance.snapshots.restore(call.params["name"], into, moment)


@work_method(
    "snapshot.archive",
    optional("to", ANY_TEXT, "an absolute path or the URL of an object store, for *admin*; else the data folder"),
    optional("key_file", ANY_TEXT, "as in `snapshot.create`: the key of encrypted snapshots"),
    optional("passphrase_file", ANY_TEXT, "the same, of a file with a passphrase"),
    right=Right.WRITE,
    lane=Lane.LONG,
    result=ARCHIVED,
    errors=(SnapshotError,),
    example={},
)
def _archive(call: RpcCall) -> dict[str, Any]:
    """Archive the journal beside the snapshots: what was written since the last time."""
    return call.instance.snapshots.archive(_place(call), _key(call))


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


def _place(call: RpcCall) -> str | None:
    to: str | None = call.params["to"]
    if to is not None and call.server.granted is not Right.ADMIN:
        raise SnapshotError("only an admin may name where a snapshot is kept", "leave params.to out")
    if to is not None and "://" not in to and not Path(to).is_absolute():
        raise SnapshotError("params.to must be an absolute path or a URL", "the daemon's folder is not the client's")
    return to


def _key(call: RpcCall) -> KeySource | None:
    return given_key(_path_of(call, "key_file"), _path_of(call, "passphrase_file"))


def _path_of(call: RpcCall, param: str) -> Path | None:
    given = call.params[param]
    if given is None:
        return None
    if call.server.granted is not Right.ADMIN:
        raise SnapshotError("only an admin may name files of keys", f"leave params.{param} out")
    if not Path(given).is_absolute():
        raise SnapshotError(f"params.{param} must be an absolute path", "the daemon's folder is not the client's")
    return Path(given)
