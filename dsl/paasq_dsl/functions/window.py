"""Functions over the rows around each: for extend and select. Rows come in the order that they have at the stage."""

from paasq_dsl.functions.signature import Function, FunctionKind, parse_signatures

_OUTSIDE = "Null outside of the rows."
_CARRIED = "Nulls are left out: there the value of the row before goes on."
_WITHOUT = "Nulls are left out; null where there is nothing else."


def _window(name: str, takes: str, doc: str, example: str, *, nulls: str, fixed: tuple[int, ...] = ()) -> Function:
    return Function(name, parse_signatures(takes), doc, example, FunctionKind.WINDOW, nulls, frozenset(fixed))


def _running(what: str, takes: str, doc: str, example: str, nulls: str = _WITHOUT) -> Function:
    return _window(f"running_{what}", takes, f"{doc} up to this row.", example, nulls=nulls)


def _moving(what: str, takes: str, doc: str, example: str, nulls: str = _WITHOUT) -> Function:
    """`takes` without the window; both forms of it are added."""
    pairs = [part.split("->") for part in takes.split(";")]
    by_rows = [f"{value}, int -> {result}" for value, result in pairs]
    by_time = [f"{value}, duration, time, zone? -> {result}" for value, result in pairs]
    span = (
        "over this row and the n - 1 before it, or over the rows whose time lies in (time - duration, time]; days and months "
        'are those of the zone of the text, or of one such as "Europe/Berlin". Times must ascend, and a row without one has '
        "null."
    )
    return _window(f"moving_{what}", "; ".join(by_rows + by_time), f"{doc} {span}", example, nulls=nulls, fixed=(1, 3))


FUNCTIONS = (
    _window("row_number", "-> int", "1 in the first row of the group, 2 in the next.", "row_number() == 3", nulls=""),
    _window("lag", "T, int? -> T", "The value this many rows before, 1 by default.", "lag(n) == 2",
            nulls=_OUTSIDE, fixed=(1,)),
    _window("lead", "T, int? -> T", "The value this many rows later, 1 by default.", "lead(n) == null",
            nulls=_OUTSIDE, fixed=(1,)),
    _window("delta", "int -> int; float -> float; time -> duration; duration -> duration",
            "How much more it is than in the row before.", "delta(n) == 1",
            nulls="Null in the first row, and where one of the two is null."),
    _window("rate", "float, time, duration? -> float",
            "How much it grew since the row before, per second or per the given duration (a month is a twelfth of 365.2425 "
            "days).", "rate(n, @2026-11-22 + n * 2h, 1h) == 0.5",
            nulls="Null in the first row, where one of the two rows has a null, and where no time has passed.", fixed=(2,)),
    _running("sum", "int -> int; float -> float; duration -> duration", "The sum of the values", "running_sum(n) == 6",
             "Nulls are left out; 0 where there is nothing else."),
    _running("avg", "float -> float; duration -> duration", "The mean of the values", "running_avg(n) == 2.0"),
    _running("min", "ordered -> ordered", "The smallest value", "running_min(n) == 1"),
    _running("max", "ordered -> ordered", "The largest value", "running_max(n) == 3"),
    _running("count", "any -> int", "How many values that are not null there are", "running_count(n) == 3",
             "Nulls are left out."),
    _moving("sum", "int -> int; float -> float; duration -> duration", "The sum", "moving_sum(n, 2) == 5",
            "Nulls are left out; 0 where there is nothing else."),
    _moving("avg", "float -> float; duration -> duration", "The mean", "moving_avg(n, 2) == 2.5"),
    _moving("min", "ordered -> ordered", "The smallest value", "moving_min(n, 2) == 2"),
    _moving("max", "ordered -> ordered", "The largest value", "moving_max(n, 2) == 3"),
    _moving("median", "float -> float", "The value in the middle, or the mean of the two that are,",
            "moving_median(n, 3) == 2.0"),
    _moving("count", "any -> int", "How many values that are not null there are",
            "moving_count(n, 2h, @2026-11-22 + n * 1h) == 2", "Nulls are left out."),
    _window("ema", "float, number -> float",
            "The exponential moving average (Roberts 1959): the first value, then alpha times the value and 1 - alpha times "
            "the average of the row before. alpha is above 0 and at most 1.", "ema(n, 0.5) == 2.25", nulls=_CARRIED, fixed=(1,)),
    _window("fill_previous", "T -> T", "The value, or where it is null the last one before it.",
            "fill_previous(null_if(n, 3)) == 2", nulls="Null where there is none before."),
    _window("share", "float -> float", "The part that it is of the sum over the group; null where the sum is 0.",
            "share(n) == 0.5", nulls="Null where it is null."),
    _window("rank", "ordered -> int", "1 for the smallest value of the group; as many more as are smaller. Equal ones are "
            "alike: 1, 2, 2, 4. rank(-n) begins with the largest.", "rank(-n) == 1", nulls="Null where it is null."),
    _window("dense_rank", "ordered -> int", "As rank, without gaps: 1, 2, 2, 3.", "dense_rank(kind) == 1",
            nulls="Null where it is null."),
)  # fmt: skip
