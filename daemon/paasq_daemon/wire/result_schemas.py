"""What methods are answered with, as JSON Schema. A `title` names what several have in common."""

from __future__ import annotations

from paasq_daemon.wire.json_schema import (
    ANY,
    BOOLEAN,
    INTEGER,
    NUMBER,
    OBJECT,
    TEXT,
    TIME,
    described,
    list_of,
    map_of,
    nullable,
    object_of,
    one_of,
)

SEQ = described(INTEGER, "the store's sequence number that the whole was read at, or that holds what was written")

COLUMN = object_of(
    {"name": TEXT, "type": described(TEXT, "as in a schema: `keyword`, `text(en)`, `link<person>`, `[float]`")},
    title="Column",
)

EDIT = object_of(
    {
        "start": INTEGER,
        "end": INTEGER,
        "text": described(TEXT, "what replaces it"),
        "title": described(TEXT, "the edit in words"),
    },
    title="Edit",
)

DIAGNOSTIC = object_of(
    {
        "code": described(TEXT, "the mistake: [all codes](errors.md)"),
        "severity": one_of("error", "warning"),
        "message": TEXT,
        "start": described(INTEGER, "in characters from 0"),
        "end": described(INTEGER, "after the last character"),
        "line": described(INTEGER, "from 1"),
        "column": described(INTEGER, "in characters from 1"),
        "candidates": described(list_of(TEXT), "names that may be meant"),
        "edit": described(nullable(EDIT), "what removes the error, where that is certain"),
    },
    title="Diagnostic",
)

ANSWER = object_of(
    {
        "columns": list_of(COLUMN),
        "rows": described(list_of(OBJECT), "an object by column name each, in the order of the result"),
        "complete": described(BOOLEAN, "whether the rows are the whole result"),
        "reason": described(nullable(TEXT), "why they are not: [the reasons](semantics.md#labels-of-an-answer)"),
        "cursor": described(nullable(TEXT), "where the next page begins; null on the last one"),
        "seq": SEQ,
        "elapsed_ms": NUMBER,
        "tokens": described(
            nullable(INTEGER), "what this answer costs a language model, estimated: four characters each"
        ),
        "facets": described(map_of(list_of(object_of({"value": ANY, "count": INTEGER}))), "by the facet's name"),
        "warnings": described(
            list_of(DIAGNOSTIC), "of the text and the values it was asked with, as editors show them"
        ),
    },
    {
        "facet_types": described(map_of(TEXT), "the types of the values counted, where there are facets"),
        "plan": described(TEXT, "of an explain: the plan as text"),
        "cut": described(list_of(TEXT), "the columns whose values are cut, where one row was more than the budget"),
        "zone": described(TEXT, "the time zone of the text, where it is not UTC"),
    },
    title="Answer",
)

RECORD = object_of(
    {
        "columns": described(list_of(COLUMN), "the types of its values"),
        "record": described(OBJECT, "the values by field name, objects nested, with `_version`, `_seq` and `_time`"),
    },
    title="Record",
)

_TYPE = object_of(
    {"kind": TEXT},
    {
        "item": described(OBJECT, "of a list: the type of its items"),
        "name": described(TEXT, "of a link: the collection; of a text: its language"),
        "size": described(INTEGER, "of a vector: its dimensions"),
    },
    title="Type",
)

FIELD = object_of(
    {
        "id": INTEGER,
        "name": described(TEXT, "of an object's member: its path, with dots"),
        "type": _TYPE,
        "required": BOOLEAN,
        "default": ANY,
        "sources": described(list_of(TEXT), "of a vector: the fields that it is made of"),
        "model": described(nullable(TEXT), "the embedding model that made the vectors"),
        "doc": TEXT,
        "unique": BOOLEAN,
        "computed": described(nullable(TEXT), "the expression of a computed field"),
    },
    title="Field",
)

_COLLECTION = object_of(
    {
        "id": INTEGER,
        "name": TEXT,
        "key": described(nullable(TEXT), "the field of the key"),
        "doc": TEXT,
        "fields": list_of(FIELD),
        "field_ids_given": described(INTEGER, "the largest id that a field has or had"),
    },
    {
        "keep": described(object_of({"age": TEXT, "by": TEXT}), "when its records are deleted; without, never"),
        "history": described(TEXT, "how long its history is kept: a duration, all or none; without, as the store's"),
    },
    title="Collection",
)

_VIEW = object_of(
    {"name": TEXT, "text": TEXT, "doc": TEXT, "signature": described(TEXT, "its parameters")}, title="View"
)

CATALOG = object_of(
    {
        "version": described(INTEGER, "one more with each change of a schema"),
        "collections": list_of(_COLLECTION),
        "views": list_of(_VIEW),
        "collection_ids_given": described(INTEGER, "the largest id that a collection has or had"),
    },
    {
        "history": described(
            nullable(TEXT), "how long it is kept: a duration, or none; null: 90 days; without: for ever"
        )
    },
    title="Catalog",
)

_ORIGIN = object_of(
    {
        "seq": described(SEQ, "that of the moment which was restored"),
        "time": described(nullable(TIME), "when it was"),
        "snapshot": described(TEXT, "the snapshot that it was made of"),
        "snapshot_hash": TEXT,
        "source": described(TEXT, "where that is kept"),
        "restored": described(TIME, "when it was restored"),
        "archive": described(
            nullable(list_of(SEQ)), "the first and the last transaction that the archived journal added"
        ),
        "rewound": described(BOOLEAN, "whether the snapshot was later, and its own history led back"),
        "damage": described(list_of(TEXT), "what was damaged already when it was captured or archived"),
    },
    title="Origin",
)

HEALTH = object_of(
    {
        "ok": described(BOOLEAN, "whether there is no problem"),
        "problems": described(
            list_of(TEXT),
            "what is wrong: with the data, the disk, snapshots, compaction, retention; damage comes first",
        ),
        "writes": described(
            object_of({"taken": BOOLEAN, "problem": nullable(TEXT), "missing_bytes": INTEGER}),
            "whether the disk took the last one; else why not, and how much room is missing on a full one",
        ),
        "checked": described(
            object_of({"pages": nullable(TIME), "entries": nullable(TIME)}),
            "when the data file was last read as a whole and was sound: its pages, and its entries too; null: not known",
        ),
    },
    title="Health",
)

STATUS = object_of(
    {
        "health": HEALTH,
        "folder": TEXT,
        "seq": SEQ,
        "catalog_version": INTEGER,
        "collections": map_of(object_of({"records": INTEGER, "pending_vectors": INTEGER})),
        "model": described(TEXT, "the identity of the embedding model"),
        "origin": described(nullable(_ORIGIN), "where a store that was restored came from"),
        "lost": described(nullable(TEXT), "what the store lost, by what its indexes had reached when it was opened"),
        "disk": described(
            object_of(
                {
                    "bytes": INTEGER,
                    "reclaimable": described(INTEGER, "what `compact` gives back, about"),
                    "data": described(
                        map_of(INTEGER), "the data file: by table, with `history`, `free` pages, and `gaps` in others"
                    ),
                    "index": described(map_of(INTEGER), "columns, vectors, text"),
                    "snapshots": map_of(INTEGER),
                    "other": map_of(INTEGER),
                }
            ),
            "bytes on disk",
        ),
        "plans": described(object_of({"cached": INTEGER, "hits": INTEGER, "misses": INTEGER}), "the plan cache"),
    },
    title="Status",
)

_SNAPSHOT = {
    "name": TEXT,
    "created": described(nullable(TIME), "null where only the name is known"),
    "seq": SEQ,
    "collections": described(nullable(map_of(INTEGER)), "records by collection"),
    "page_count": nullable(INTEGER),
    "page_bytes": described(nullable(INTEGER), "the size of one page"),
    "new_bytes": described(nullable(INTEGER), "what was written for it"),
    "digest": described(nullable(TEXT), "of what the store holds, whichever pages hold it"),
    "parent": described(nullable(TEXT), "the snapshot that it shares pages with"),
    "labels": list_of(TEXT),
    "damage": described(list_of(TEXT), "what was damaged in the store when it was captured"),
    "signed_by": described(nullable(TEXT), "the fingerprint of the key of its signature"),
    "problem": described(nullable(TEXT), "why it cannot be used"),
}

SNAPSHOT = object_of(_SNAPSHOT, title="Snapshot")

RESTORED = object_of(_SNAPSHOT | {"origin": _ORIGIN}, title="Restored")

ARCHIVED = object_of(
    {
        "last": described(SEQ, "up to which the journal is archived"),
        "segments": described(INTEGER, "how many were written"),
        "size_bytes": described(INTEGER, "their bytes"),
        "damage": described(list_of(TEXT), "what is damaged in the store, and so not among it"),
    }
)

VERIFICATION = object_of(
    {
        "name": TEXT,
        "depth": one_of("chain", "hash", "restore"),
        "objects": described(INTEGER, "how many were checked"),
        "segments": described(INTEGER, "how many of the journal archived since it were read"),
        "size_bytes": described(INTEGER, "how much was read"),
        "findings": described(list_of(TEXT), "what is wrong"),
        "damage": described(list_of(TEXT), "what was damaged in the store when it was captured; no finding"),
        "ok": described(BOOLEAN, "whether nothing is"),
    }
)

_PROGRESS = object_of(
    {
        "failed": described(
            INTEGER, "the statement that failed, from 1; those before it were executed, those after it were not"
        ),
        "statements": described(INTEGER, "how many there are"),
        "seq": described(
            nullable(INTEGER), "as of which sequence number those before it were executed; null where there are none"
        ),
    },
    title="Progress",
)

ERROR = object_of(
    {
        "code": INTEGER,
        "message": TEXT,
        "data": object_of(
            {
                "code": described(TEXT, "which error of paasq"),
                "hint": described(TEXT, "what to do about it, or empty"),
                "diagnostics": described(list_of(DIAGNOSTIC), "of PQ0001: what is wrong with the text"),
            },
            {"progress": described(_PROGRESS, "of a text of several statements")},
            title="ErrorData",
        ),
    },
    title="Error",
)
