"""Functions over any value, lists and conversions."""

from paasq_dsl.functions.signature import function

FUNCTIONS = (
    function("if", "bool, T, T -> T", "The second argument where the first is true, else the third.",
             'if(2 > 1, "yes", "no") == "yes"'),
    function("coalesce", "T, T... -> T", "The first of its arguments that is not null.", 'coalesce(null, "a") == "a"'),
    function("is_null", "any -> bool", "Is the value null? The same as == null.", "is_null(null) == true"),
    function("int", "number -> int; string -> int; bool -> int", "As an int, cut towards zero; null where it is none.",
             'int("42") == 42'),
    function("float", "number -> float; string -> float; bool -> float", "As a float; null where it is none.",
             'float("1.5") == 1.5'),
    function("string", "any -> text", "As text, the way it is written in the language.", 'string(42) == "42"'),
    function("time", "string -> time", "An ISO 8601 date or time; null where it is none.",
             'time("2026-11-22") == @2026-11-22'),
    function("first", "[T] -> T", "The first item of a list; null of an empty one.", "first([1, 2]) == 1"),
    function("last", "[T] -> T", "The last item of a list; null of an empty one.", "last([1, 2]) == 2"),
    function("at", "[T], int -> T", "The item at a position, 0 first; null where there is none.", "at([1, 2], 1) == 2"),
    function("join", "[any], string -> text", "The items of a list as text, with a separator between them.",
             'join(["a", "b"], ", ") == "a, b"'),
    function("ranges", "ordered, ordered... -> keyword",
             "The half-open range between these bounds, ascending, that a value falls into, as text: ..0, 0..10, 10..",
             'ranges(7, 0, 10) == "0..10"'),
    function("similarity", "vector, vector -> float", "The cosine of the angle between two vectors.",
             "similarity($v, $v) > 0.999"),
)  # fmt: skip
