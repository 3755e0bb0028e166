"""Values of one kind as another. What can't be converted is null."""

from paasq_dsl.functions.signature import function

FUNCTIONS = (
    function("int", "number -> int; string -> int; bool -> int", "As an int, cut towards zero; null where it is none.",
             'int("42") == 42'),
    function("float", "number -> float; string -> float; bool -> float", "As a float; null where it is none.",
             'float("1.5") == 1.5'),
    function("bool", "bool -> bool; number -> bool; string -> bool",
             "As a bool: a number other than 0 is true, the texts true, yes, 1 and false, no, 0 in any case; null of others.",
             'bool("yes") == true'),
    function("string", "any -> text", "As text, the way it is written in the language.", 'string(42) == "42"'),
    function("time", "string, zone? -> time",
             "An ISO 8601 date or time, one without an offset in the zone; null where it is none.",
             'time("2026-11-22") == @2026-11-22'),
    function("duration", "string -> duration", "A duration as the language writes it; null where it is none.",
             'duration("1h30min") == 90min'),
    function("key_of", "link -> keyword", "The key of the record that a link leads to.", 'key_of(person:ana) == "ana"'),
    function("collection_of", "link -> keyword", "The collection that a link leads to.", 'collection_of(person:ana) == "person"'),
)  # fmt: skip
