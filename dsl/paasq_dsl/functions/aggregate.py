"""Functions over a group of rows: for summarize, and for extend and select, where each row gets the value."""

from paasq_dsl.functions.signature import NULLS_IGNORED, Function, FunctionKind, parse_signatures


def _aggregate(
    name: str, takes: str, doc: str, example: str, *, nulls: str = NULLS_IGNORED, fixed: frozenset[int] = frozenset()
) -> Function:
    return Function(name, parse_signatures(takes), doc, example, FunctionKind.AGGREGATE, nulls, fixed)


_PAIRS = "Rows where one of the two is null are left out."

FUNCTIONS = (
    _aggregate("count", "-> int; any -> int", "How many rows, or how many values that are not null.", "count() == 3"),
    _aggregate("count_distinct", "any -> int", "How many different values.", "count_distinct(kind) == 2"),
    _aggregate("count_if", "bool -> int", "How many rows a condition is true of.", "count_if(n > 1) == 2"),
    _aggregate("any", "bool -> bool", "Is a condition true of one row or more?", "any(n > 2) == true", nulls="Null is false."),
    _aggregate("all", "bool -> bool", "Is a condition true of every row? True of no rows.", "all(n > 2) == false",
               nulls="Null is false."),
    _aggregate("sum", "int -> int; float -> float; duration -> duration",
               "The sum; 0 of no rows. Months and shorter times are added apart.", "sum(n) == 6"),
    _aggregate("sum_if", "int, bool -> int; float, bool -> float; duration, bool -> duration",
               "The sum where a condition is true.", "sum_if(n, n > 1) == 5", nulls=_PAIRS),
    _aggregate("avg", "float -> float; duration -> duration",
               "The mean; null of no rows. Of durations, a part of a month is that of a twelfth of 365.2425 days.",
               "avg(n) == 2.0"),
    _aggregate("avg_if", "float, bool -> float; duration, bool -> duration",
               "The mean where a condition is true; null where it is of no row.", "avg_if(n, n > 1) == 2.5", nulls=_PAIRS),
    _aggregate("median", "float -> float; time -> time; duration -> duration",
               "The value in the middle, or the mean of the two that are; null of no rows.", "median(n) == 2.0"),
    _aggregate("percentile", "float, number -> float; time, number -> time; duration, number -> duration",
               "The value below which so many per cent lie, interpolated between neighbours; null of no rows.",
               "percentile(n, 50) == 2.0", fixed=frozenset({1})),
    _aggregate("variance", "float -> float", "The variance of a sample, by n - 1; null of fewer than two rows.",
               "variance(n) == 1.0"),
    _aggregate("stddev", "float -> float", "The standard deviation of a sample, by n - 1; null of fewer than two rows.",
               "stddev(n) == 1.0"),
    _aggregate("correlation", "float, float -> float",
               "Pearson's correlation, -1 to 1; null of fewer than two rows, or where one of them is always the same.",
               "correlation(n, 2 * n) == 1.0", nulls=_PAIRS),
    _aggregate("slope", "float, float -> float",
               "How much the first grows as the second grows by 1, on the line of least squares; null where there is no line.",
               "slope(2 * n, n) == 2.0", nulls=_PAIRS),
    _aggregate("histogram", "float, int -> [int]",
               "How many values lie in each of so many (1 to 10,000) equally wide ranges from the smallest value to the largest; "
               "null of no rows.", "length(histogram(n, 2)) == 2", fixed=frozenset({1})),
    _aggregate("mode", "T -> T", "The most frequent value, of several the smallest; null of no rows.", 'mode(kind) == "a"'),
    _aggregate("min", "ordered -> ordered", "The smallest value; null of no rows.", "min(n) == 1"),
    _aggregate("max", "ordered -> ordered", "The largest value; null of no rows.", "max(n) == 3"),
    _aggregate("min_by", "T, ordered -> T", "The first value of the row where the second is smallest; the first of several.",
               'min_by(kind, n) == "a"', nulls=_PAIRS),
    _aggregate("max_by", "T, ordered -> T", "The first value of the row where the second is largest; the first of several.",
               'max_by(kind, n) == "a"', nulls=_PAIRS),
    _aggregate("first_value", "T -> T", "The value of the first row of the group, in the order of the rows.",
               "first_value(n) == 1"),
    _aggregate("last_value", "T -> T", "The value of the last row of the group, in the order of the rows.", "last_value(n) == 3"),
    _aggregate("collect", "T -> [T]", "The values as a list, in the order of the rows.", "length(collect(n)) == 3"),
    _aggregate("collect_distinct", "T -> [T]", "Each different value once, as a list in the order of the rows.",
               "length(collect_distinct(kind)) == 2"),
)  # fmt: skip
