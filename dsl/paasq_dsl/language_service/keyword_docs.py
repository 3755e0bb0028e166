"""Sentences about the words that are neither stages nor functions: those have a registry of their own.

Tests hold these tables against the grammar, the types and the options of the stages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from paasq_dsl.stages import STAGES


@dataclass(frozen=True, slots=True)
class StatementDoc:
    """What completion and hover show of a statement: its form, and a sentence."""

    synopsis: str
    doc: str


STATEMENT_DOCS: Mapping[str, StatementDoc] = MappingProxyType({
    "from": StatementDoc("from collection[:key] | stage | ...",
                      "A query: the records of a collection, or the rows of a let, through stages."),
    "explain": StatementDoc("explain [analyze] from ...",
                         "Shows the plan of a query; with analyze it also runs it and counts."),
    "let": StatementDoc("let name = from ...", "Names a pipeline, to be used as a source."),
    "param": StatementDoc("param $name: type [= default]",
                       "Declares a value that comes with each run and is never part of the text."),
    "collection": StatementDoc("collection name { [key] field: type ... }", "Declares a collection and its fields."),
    "put": StatementDoc("put collection {field: value, ...} [expect absent | present | condition]",
                     "Inserts a record, or several in a list, or replaces those with the same keys; or the rows of a pipeline: "
                     "put collection from (pipeline). What is expected must hold of each of them. put collection:key set "
                     "field = value changes these fields alone, of a new record where there is none."),
    "patch": StatementDoc("patch collection:key set field = value, ... [expect condition]",
                       "Changes fields of one record, or of many: patch collection where ... set ..."),
    "delete": StatementDoc("delete collection:key [expect condition]",
                        "Deletes one record, or many: delete from collection where ..."),
    "tx": StatementDoc("tx { write; write; ... }", "Writes that happen all or not at all."),
    "fn": StatementDoc("fn name(parameter: type, ...): type = expression",
                    "Names an expression, which is put in the place of its calls."),
    "view": StatementDoc("view name = from ...",
                      "Keeps a pipeline in the store, to be used as a source by any text. A view of that name is replaced."),
    "use": StatementDoc('use "path" as alias', "Takes the fn, let and param of a file of this project: alias.name."),
    "zone": StatementDoc('zone "Area/Place"',
                      "The time zone of this text: of times without an offset, of days, and of what reads the calendar."),
    "show": StatementDoc("show collections | fields of collection | views | functions | stages | snapshots",
                      "Lists what there is."),
    "describe": StatementDoc("describe name", "Tells what a collection, view, stage or function is."),
    "alter": StatementDoc("alter collection name add field ... | drop field ... | rename field a to b | retype field a to type",
                       "Changes the fields of a collection. A retype is refused where a value does not convert."),
    "drop": StatementDoc("drop collection name [and its records] | drop view name",
                      "Takes a collection or a view away; a collection that has records only with `and its records`."),
    "dryrun": StatementDoc("dryrun put ... | patch ... | delete ... | tx { ... }",
                        "Shows what a write would change, field by field, and writes nothing."),
    "watch": StatementDoc("watch from collection[:key] | stage | ... [emit enter, change, leave] [after seq | cursor]",
                       "Pushes what enters, changes in and leaves the result of a query, as it happens; after goes on from "
                       "where an earlier watch ended."),
    "snapshot": StatementDoc('snapshot "name"', "Keeps the store as it is now."),
    "verify": StatementDoc('verify snapshot "name"', "Reads every byte of a snapshot and says whether it is whole."),
    "resolve": StatementDoc('resolve "collection:key@version.field[start..end]" | [citation, ...] | $citations',
                         "Tells what citations quote, and whether that is still so."),
})  # fmt: skip

KEYWORD_DOCS: Mapping[str, str] = MappingProxyType({
    **{word: doc for spec in STAGES for word, doc in spec.words.items()},
    "and": "True where both sides are.",
    "or": "True where one side is.",
    "not": "True where what follows is not; `not in` asks the other way round.",
    "in": "Is the value in a list or in a half-open range `a..b`?",
    "has": "Does a list hold this item? `has any [..]` and `has all [..]` ask for several.",
    "any": "has any [..]: at least one of these.",
    "all": "has all [..]: every one of these.",
    "true": "The bool true.",
    "false": "The bool false.",
    "null": "No value. == and != compare it like any other.",
    "emit": "Which events a watch pushes, all where nothing is said.",
    "enter": "A row has come into the result.",
    "change": "A row of the result shows another value.",
    "leave": "A row is no more in the result.",
    "analyze": "Run the query and show what came beside what was estimated.",
    "expect": "Write only where this holds of the record as it is: absent, present or a condition.",
    "absent": "There is no such record yet.",
    "present": "There is such a record.",
    "set": "The fields to change.",
    "where": "The records that the condition is true of.",
    "from": "Where the rows, or the words of a computed vector, come from.",
    "key": "The field that identifies a record; a keyword.",
    "unique": "No two records have one value here; null may stand in many.",
    "of": "as of seq n, as of snapshot; fields of a collection.",
    "seq": "A sequence number of the store: each write has the next one.",
    "snapshot": "The moment at which a snapshot was made.",
    "collections": "Every collection, with counts.",
    "fields": "The fields of a collection.",
    "views": "Every view, with its pipeline.",
    "functions": "Every function of the language.",
    "stages": "Every stage of the language.",
    "snapshots": "Every snapshot of the store.",
    "collection": "The collection that is changed or dropped.",
    "view": "The view that is dropped.",
    "add": "A new field; records have its default, or null.",
    "drop": "A field that is forgotten; its values are gone from all answers at once.",
    "rename": "Another name for the field.",
    "retype": "Another type for the field; all values must convert.",
    "field": "The field that is changed.",
    "its": "and its records: what the collection holds goes with it.",
    "records": "and its records: what the collection holds goes with it.",
    "put": "A write.",
    "patch": "A write.",
    "delete": "A write.",
    "tx": "Writes that happen all or not at all.",
    "required": "A record without this field is refused.",
    "default": "The value of the field where a record gives none.",
})  # fmt: skip

TYPE_DOCS: Mapping[str, str] = MappingProxyType({
    "keyword": "A short string compared as a whole.",
    "text": "Prose, searched word by word; `text(en)` stems its words.",
    "int": "A whole number of 64 bits.",
    "float": "A number of 64 bits with a point.",
    "bool": "true or false.",
    "time": "An instant, to the microsecond.",
    "duration": "A length of time, such as 7d or 1h30min.",
    "bytes": "Bytes as they are, in JSON as text in base64.",
    "link": "The key of a record of one collection: `link<person>`.",
    "vector": "`vector(384)`, or `vector(auto) from title, body`: computed by the store.",
})  # fmt: skip

# What stands after the name of a type where one is picked.
TYPE_SNIPPETS: Mapping[str, str] = MappingProxyType({"link": "link<", "vector": "vector(auto) from "})

MOMENT_DOCS: Mapping[str, str] = MappingProxyType({
    "now": "The time at which the script began.",
    "today": "The beginning of today.",
    "tomorrow": "The beginning of tomorrow.",
    "yesterday": "The beginning of yesterday.",
})  # fmt: skip
