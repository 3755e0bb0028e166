"""Errors of the store and the daemon. Each is a class of `paasq_daemon/wire/errors.py`; an error of it says what happened and
what mends it, and the sentence here what all of its class have in common."""

DAEMON = {
    "PQ0001": "the text can't be run: its diagnostics say where and why",
    "PQ5001": "an expect did not hold, or a key or a unique value is taken; nothing was written",
    "PQ5002": "time or memory ran out before there was a part of the answer",
    "PQ5003": "the request was cancelled",
    "PQ5004": "the vectors were made by another model, or the model's files are not what they should be",
    "PQ5005": "this backend can't run that plan",
    "PQ5006": "a value, a name or a parameter of the request does not fit",
    "PQ5007": "the text writes, and the request may only read",
    "PQ5008": "the process that ran the request ended before it answered",
    "PQ6001": "bytes that are not a frame, or a frame that is not a message",
    "PQ6002": "the request or its answer is too large, or too many are asked at once",
    "PQ6003": "this user may not talk to that daemon",
    "PQ6004": "no daemon answers at the socket",
    "PQ7001": "a snapshot can't be made, trusted or restored",
    "PQ8001": "the data folder can't be used as it is",
    "PQ8002": "another process has the data folder open",
    "PQ8003": "a newer paasq wrote the data folder",
    "PQ8004": "a checksum in the data folder does not hold",
    "PQ8005": "the disk has no room for a write",
    "PQ9000": "a command can't be done as it was given, or the daemon failed",
}
