"""Methods about records, without a text."""

from __future__ import annotations

from typing import Any

from paasq_daemon.server.limits import VALUES_MAX
from paasq_daemon.server.methods.call import RpcCall
from paasq_daemon.server.methods.registry import work_method
from paasq_daemon.server.rights import Right
from paasq_daemon.wire.catalog_codecs import encode_record
from paasq_daemon.wire.errors import ConflictError, InvalidValue, ModelMismatch
from paasq_daemon.wire.json_schema import INTEGER, TEXT, described, list_of, nullable, object_of
from paasq_daemon.wire.param_readers import ANY_TEXT, RECORDS, Param, integer, optional
from paasq_daemon.wire.result_schemas import RECORD, SEQ

_COLLECTION = Param("collection", ANY_TEXT, "the name of a collection")


@work_method(
    "get",
    _COLLECTION,
    Param("key", ANY_TEXT, "the record's key"),
    right=Right.READ,
    result=nullable(RECORD),
    errors=(InvalidValue,),
    example={"collection": "person", "key": "mira"},
)
def _get(call: RpcCall) -> dict[str, Any] | None:
    """A record by its key; null where there is none."""
    record = call.instance.records.get(call.params["collection"], call.params["key"])
    return record and encode_record(record, call.instance.catalog.current().collections[call.params["collection"]])


@work_method(
    "put",
    _COLLECTION,
    Param("records", RECORDS, "the records, an object by field name each"),
    right=Right.WRITE,
    result=object_of({"keys": described(list_of(TEXT), "in the order given"), "seq": SEQ}),
    errors=(InvalidValue, ConflictError, ModelMismatch),
    example={"collection": "note", "records": [{"id": "met", "title": "Said on the phone"}]},
)
def _put(call: RpcCall) -> dict[str, Any]:
    """Insert or replace records: all of them, or with an error none. They are on disk when this is answered."""
    done = call.instance.records.put(call.params["collection"], call.params["records"])
    return {"keys": done.keys, "seq": done.seq}


@work_method(
    "values",
    _COLLECTION,
    Param("field", ANY_TEXT, "a field of keywords or links"),
    optional("prefix", ANY_TEXT, "what the values begin with", ""),
    optional("limit", integer(1, VALUES_MAX), "how many at most", 20),
    right=Right.READ,
    result=list_of(object_of({"value": TEXT, "count": described(INTEGER, "how many records have it")})),
    errors=(InvalidValue,),
    example={"collection": "task", "field": "project", "limit": 3},
)
def _values(call: RpcCall) -> list[dict[str, Any]]:
    """Values of a field, the most frequent first."""
    return [{"value": value, "count": count} for value, count in call.instance.catalog.values(**call.params)]
