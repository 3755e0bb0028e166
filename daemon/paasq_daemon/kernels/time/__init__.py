"""Functions of times: parts of dates, calendars, zones, formats."""
