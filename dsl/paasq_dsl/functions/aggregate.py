"""Functions over a group of rows: for summarize. All leave nulls out."""

from paasq_dsl.functions.signature import FunctionKind, function

_A = FunctionKind.AGGREGATE

FUNCTIONS = (
    function("count", "-> int; any -> int", "How many rows, or how many values that are not null.", "count() == 3", _A),
    function("count_distinct", "any -> int", "How many different values.", "count_distinct(kind) == 2", _A),
    function("sum", "int -> int; float -> float", "The sum; 0 of no rows.", "sum(n) == 6", _A),
    function("avg", "float -> float", "The mean; null of no rows.", "avg(n) == 2.0", _A),
    function("min", "ordered -> ordered", "The smallest value; null of no rows.", "min(n) == 1", _A),
    function("max", "ordered -> ordered", "The largest value; null of no rows.", "max(n) == 3", _A),
    function("percentile", "float, number -> float",
             "The value below which so many per cent lie, interpolated between neighbours; null of no rows.",
             "percentile(n, 50) == 2.0", _A),
    function("first_value", "T -> T", "The value of the first row of the group, in the order of the rows.",
             "first_value(n) == 1", _A),
    function("last_value", "T -> T", "The value of the last row of the group, in the order of the rows.",
             "last_value(n) == 3", _A),
    function("collect", "T -> [T]", "The values as a list, in the order of the rows.", "length(collect(n)) == 3", _A),
)  # fmt: skip
