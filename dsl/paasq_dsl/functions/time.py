"""Functions over times and durations. Calendar parts are read in UTC."""

from paasq_dsl.functions.signature import function

FUNCTIONS = (
    function("bucket", "time, duration, string? -> time; number, number -> float",
             "Where the time bucket (or the range of numbers) begins that a value falls into. Weeks begin on Monday, days at "
             'midnight in UTC or in a zone such as "Europe/Berlin", where a day may have 23 or 25 hours.',
             "bucket(@2026-11-22T09:30Z, 1mo) == @2026-11-01"),
    function("year", "time -> int", "The year.", "year(@2026-11-22) == 2026"),
    function("month", "time -> int", "The month, 1 to 12.", "month(@2026-11-22) == 11"),
    function("day", "time -> int", "The day of the month, 1 to 31.", "day(@2026-11-22) == 22"),
    function("hour", "time -> int", "The hour, 0 to 23.", "hour(@2026-11-22T09:30Z) == 9"),
    function("minute", "time -> int", "The minute, 0 to 59.", "minute(@2026-11-22T09:30Z) == 30"),
    function("weekday", "time -> int", "The day of the week, 1 (Monday) to 7.", "weekday(@2026-11-22) == 7"),
    function("date", "time -> time", "The beginning of the day.", "date(@2026-11-22T09:30Z) == @2026-11-22"),
    function("seconds", "duration -> float", "A duration in seconds.", "seconds(90min) == 5400.0"),
    function("age", "time -> duration", "From a time until @now.", "age(@now) == 0s"),
    function("recency", "time, duration -> float",
             "1 now, a half after the given duration, a quarter after twice of it: 2^(-age/half-life). 0 where null.",
             "recency(@now, 30d) == 1.0"),
)  # fmt: skip
