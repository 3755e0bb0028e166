"""Methods that begin and end the watches of a connection."""

from __future__ import annotations

from paasq_daemon.server.executor import run_in
from paasq_daemon.server.methods.call import RpcCall
from paasq_daemon.server.methods.queries import TEXT_ERRORS, TEXT_PARAMS, text_request
from paasq_daemon.server.methods.registry import Lane, Notification, loop_method
from paasq_daemon.server.rights import Right
from paasq_daemon.wire.events import WATCH_ENDED, WATCH_EVENTS
from paasq_daemon.wire.json_schema import (
    ANY,
    BOOLEAN,
    INTEGER,
    OBJECT,
    TEXT,
    TIME,
    described,
    list_of,
    nullable,
    object_of,
    one_of,
)
from paasq_daemon.wire.param_readers import COUNT, Param
from paasq_daemon.wire.result_schemas import COLUMN, ERROR, SEQ

_NUMBER = described(INTEGER, "of the watch, on this connection")

_EVENT = object_of(
    {
        "event": one_of("enter", "change", "leave"),
        "key": described(ANY, "what tells the row from others: text, or a list"),
        "row": described(OBJECT, "its values by column name; of a leave, its last ones"),
    },
    title="Event",
)
_EVENTS = Notification(
    WATCH_EVENTS,
    "The differences from the batch before; the first has the whole result. A large batch comes in parts.",
    object_of(
        {
            "watch": _NUMBER,
            "columns": list_of(COLUMN),
            "events": described(list_of(_EVENT), "leaves first, then the others in the order of the result"),
            "seq": SEQ,
            "now": described(TIME, "the moment that the result is of"),
            "cursor": described(nullable(TEXT), "where a later watch goes on; null but in a batch's last part"),
            "live": described(BOOLEAN, "whether this is a batch's last part"),
        }
    ),
)
_ENDED = Notification(
    WATCH_ENDED,
    "The query could not be run any more: no more events come.",
    object_of({"watch": _NUMBER, "error": ERROR}),
)


@loop_method(
    "watch",
    *TEXT_PARAMS,
    right=Right.READ,
    lane=Lane.WATCH,
    result=object_of({"watch": _NUMBER}),
    errors=TEXT_ERRORS,
    events=(_EVENTS, _ENDED),
    example={"text": "watch from task | where not done | select title"},
)
async def _watch(call: RpcCall) -> bytes:
    """Begin to watch the result of a text that is one `watch`. The answer comes before the first events."""
    request = text_request(call)
    call.watches.check_limit()
    evaluator = call.server.executor.watch(request, call.client)
    query = await run_in(call.server.short_pool, lambda: call.instance.watches.register(evaluator), call.cancellation)
    return call.encode({"watch": call.watches.begin(query, call.server.watch_pool)})


@loop_method(
    "unwatch",
    Param("watch", COUNT, "the number of a watch of this connection"),
    right=Right.READ,
    result=object_of({"ended": described(BOOLEAN, "whether there was such a watch")}),
    example={"watch": 1},
)
async def _unwatch(call: RpcCall) -> bytes:
    """End a watch of this connection."""
    return call.encode({"ended": call.watches.end(call.params["watch"])})
