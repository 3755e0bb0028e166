"""Writes."""

WRITES = {
    "PQ0501": "{collection}.{name} is required",
    "PQ0502": "{name} is computed from {sources}; it can't be set",
    "PQ0503": "the key of a record can't be changed by patch; put a new record and delete this one",
    "PQ0504": "{name} is kept by the store; it can't be set",
    "PQ0505": "this can't see what the tx has written to {collection} before it",
    "PQ0510": "{name} is not a field of {collection}, which is put",
}
