"""Choices between values, and what to do about null."""

from paasq_dsl.functions.signature import function

_CHOICE = "A condition that is null is false; what is chosen may be null."

FUNCTIONS = (
    function("if", "bool, T, T -> T", "The second argument where the first is true, else the third.",
             'if(2 > 1, "yes", "no") == "yes"', nulls=_CHOICE),
    function("case", "bool, T..., T? -> T",
             "Pairs of a condition and a value: the value after the first condition that is true. Where none is, the one "
             "argument left at the end, or null.", 'case(1 > 2, "a", 2 > 1, "b", "c") == "b"', nulls=_CHOICE),
    function("coalesce", "T, T... -> T", "The first of its arguments that is not null.", 'coalesce(null, "a") == "a"',
             nulls="Null where all arguments are null."),
    function("null_if", "T, T -> T", "The first argument; null where it equals the second.",
             'is_null(null_if("n/a", "n/a")) == true',
             nulls="Null where the first is null."),
    function("is_null", "any -> bool", "Is the value null? The same as == null.", "is_null(null) == true", nulls="True of null."),
    function("between", "T, T, T -> bool",
             "Is the first value not below the second and not above the third? Both ends count, where in a..b leaves b out.",
             "between(10, 1, 10) == true", nulls="False where an argument is null."),
    function("ranges", "ordered, ordered, ordered... -> keyword",
             "The half-open range between these bounds, ascending, that a value falls into, as text: ..0, 0..10, 10..",
             'ranges(7, 0, 10) == "0..10"', nulls="Null where the value is null."),
)  # fmt: skip
