"""Functions over times and durations. Calendar parts are read in the zone of the text, or in one that the call names."""

from paasq_dsl.functions.signature import function

_PART = "time, zone? -> int"

FUNCTIONS = (
    function("bucket", "time, duration, zone? -> time; number, number -> float",
             "Where the time bucket (or the range of numbers) begins that a value falls into. Weeks begin on Monday, days at "
             'midnight in the zone of the text or in one such as "Europe/Berlin", where a day may have 23 or 25 hours.',
             "bucket(@2026-11-22T09:30Z, 1mo) == @2026-11-01"),
    function("year", _PART, "The year.", "year(@2026-11-22) == 2026"),
    function("quarter", _PART, "The quarter of the year, 1 to 4.", "quarter(@2026-11-22) == 4"),
    function("month", _PART, "The month, 1 to 12.", "month(@2026-11-22) == 11"),
    function("week", _PART, "The week of ISO 8601, 1 to 53: week 1 has the year's first Thursday.", "week(@2026-11-22) == 47"),
    function("week_year", _PART, "The year that the week of ISO 8601 belongs to.", "week_year(@2027-01-01) == 2026"),
    function("day_of_year", _PART, "The day of the year, 1 to 366.", "day_of_year(@2026-02-01) == 32"),
    function("day", _PART, "The day of the month, 1 to 31.", "day(@2026-11-22) == 22"),
    function("weekday", _PART, "The day of the week, 1 (Monday) to 7.", "weekday(@2026-11-22) == 7"),
    function("is_weekend", "time, zone? -> bool", "Is it a Saturday or a Sunday?", "is_weekend(@2026-11-22) == true"),
    function("hour", _PART, "The hour, 0 to 23.", 'hour(@2026-07-01T09:30Z, "Europe/Berlin") == 11'),
    function("minute", _PART, "The minute, 0 to 59.", "minute(@2026-11-22T09:30Z) == 30"),
    function("second", _PART, "The second, 0 to 59.", "second(@2026-11-22T09:30:07Z) == 7"),
    function("date", "time, zone? -> time", "The beginning of the day.", "date(@2026-11-22T09:30Z) == @2026-11-22"),
    function("start_of", "time, string, zone? -> time",
             'The beginning of its "second", "minute", "hour", "day", "week" (Monday), "month", "quarter" or "year".',
             'start_of(@2026-11-22T09:30Z, "quarter") == @2026-10-01'),
    function("end_of", "time, string, zone? -> time",
             "Where its second, minute, hour, day, week, month, quarter or year ends: the first moment of the next.",
             'end_of(@2026-11-22T09:30Z, "month") == @2026-12-01'),
    function("days_between", "time, time, zone? -> int",
             "How many midnights lie between two times; below zero where the second is earlier.",
             "days_between(@2026-11-22T23:00Z, @2026-11-23T01:00Z) == 1"),
    function("months_between", "time, time, zone? -> int",
             "How many beginnings of a month lie between two times; below zero where the second is earlier.",
             "months_between(@2026-11-22, @2027-01-01) == 2"),
    function("time_from_parts", "int, int, int, int?, int?, float?, zone? -> time",
             "The time of a year, month, day, hour, minute, second and zone; null where there is no such day or hour.",
             "time_from_parts(2026, 11, 22, 9, 30) == @2026-11-22T09:30Z"),
    function("format_time", "time, string, zone? -> text",
             "The time by a format: %Y year, %m month, %d day, %H hour, %M minute, %S second, %f microseconds, %y two digits "
             "of the year, %I hour to 12, %p AM or PM, %a %A weekday, %b %B month in English, %j day of the year, %V week, %G "
             "its year, %u weekday, %z offset, %Z zone, %% a %.",
             'format_time(@2026-11-22T09:30Z, "%d %b %Y, %H:%M") == "22 Nov 2026, 09:30"'),
    function("parse_time", "string, string, zone? -> time",
             "The time that a text tells in a format (as format_time has them); null where it does not.",
             'parse_time("22/11/2026", "%d/%m/%Y") == @2026-11-22'),
    function("to_unix", "time -> float", "Seconds since 1970.", "to_unix(@1970-01-02) == 86400.0"),
    function("from_unix", "number -> time", "The time so many seconds after 1970 began.", "from_unix(86400) == @1970-01-02"),
    function("zone_offset", "time, zone -> duration", "How much a zone is ahead of UTC at that time.",
             'zone_offset(@2026-07-01, "Europe/Berlin") == 2h'),
    function("seconds", "duration -> float", "A duration in seconds.", "seconds(90min) == 5400.0"),
    function("age", "time -> duration", "From a time until @now.", "age(@now) == 0s", depends_on_run=True),
    function("recency", "time, duration -> float",
             "1 now, a half after the given duration, a quarter after twice of it: 2^(-age/half-life).",
             "recency(@now, 30d) == 1.0", nulls="0 where an argument is null.", depends_on_run=True),
)  # fmt: skip
